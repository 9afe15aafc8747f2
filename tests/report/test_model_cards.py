"""The model card of a run: valid metadata, true numbers, and code that runs."""

import ast
import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from conftest import TINY, run_ftk
from ftk.contracts.text_prefix import TextPrefix
from ftk.report.cards.card import CARD, Measured, card, own_card, write_card
from ftk.report.cards.card import CardFacts as Facts
from ftk.report.cards.usage import usage

SHORT = (*TINY, "train.max_steps=2", "data.limit=24", "train.batch_size=8", "run.card=true", "run.dir=run")


def facts(**changes) -> Facts:
    values = {
        "name": "my run",
        "folder": "runs/my run/best",
        "task": "ner",
        "base": "folder x",
        "base_id": "sentence-transformers/all-MiniLM-L6-v2",
        "labels": ("a|b", "<script>"),
        "measured": [Measured("test", "f1", 0.5, (0.4, 0.6)), Measured("validation", "f1", 0.25)],
        "files": {"train": {"/home/me/a.conll": "0" * 64}, "test": {"b: c.conll": "1" * 64}},
        "rows": {"test": 1200},
        "command": "ftk finetune task=ner",
        "limits": ["3 rows of *this* <kind>"],
        "usage": usage("token_classification", {"units": "spans"}, "bert", "runs/my run/best"),
        "example": "ftk predict",
    }
    return Facts(**{**values, **changes})


def test_metadata_is_what_the_hub_reads():
    from huggingface_hub import ModelCard

    made = ModelCard(card(facts()))
    assert made.data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert made.data.pipeline_tag == "token-classification"
    results = {(one.dataset_split, one.metric_type): one.metric_value for one in made.data.eval_results}
    assert results == {("test", "f1"): 0.5, ("validation", "f1"): 0.25}
    assert "0.4000 to 0.6000" in made.text
    assert "/home/me" not in made.text
    bare = ModelCard(card(facts(measured=[], base_id="runs/earlier/best/x", files={}, labels=(), limits=())))
    assert bare.data.base_model is None
    assert bare.data.eval_results is None


def test_a_card_says_what_is_to_be_written_before_texts():
    found = usage("text_classification", {}, "bert", "best", prefix=TextPrefix(text="query: "))
    assert "'query: ' before each text" in found.lacks
    assert found.code == usage("text_classification", {}, "bert", "best").code


def test_a_card_of_the_user_stays(tmp_path):
    assert write_card(tmp_path, facts())
    assert write_card(tmp_path, facts(name="again"))
    assert own_card(tmp_path) == {}
    (tmp_path / CARD).write_text("# Mine\r\n", newline="")
    assert not write_card(tmp_path, facts())
    assert own_card(tmp_path) == {CARD: b"# Mine\r\n"}


@pytest.mark.torch
@pytest.mark.slow
def test_the_card_of_a_run_says_what_the_run_measured_and_stays_if_it_is_edited(ftk):
    from huggingface_hub import ModelCard

    assert ftk("finetune", "task=text-classification", "data=demo", *SHORT).code == 0
    made = ModelCard.load("run/best/README.md")
    metrics = json.loads(Path("run/metrics.json").read_text())
    results = {(one.dataset_split, one.metric_type): one.metric_value for one in made.data.eval_results}
    for split in ("validation", "test"):
        assert results[split, "accuracy"] == round(metrics[split]["accuracy"], 6)
    assert re.search(r"\| test \| \d+ \| accuracy \| [\d.]+ \| [\d.]+ to [\d.]+ \|", made.text)
    Path("in.txt").write_text("The lake is low.\n")
    assert ftk("predict", "checkpoint=run/best", "input=in.txt", "output=out.jsonl").code == 0
    Path("run/best/README.md").write_text("# Mine\n")
    more = [word for word in SHORT if not word.startswith("train.max_steps")]
    resumed = ("train.max_steps=4", "run.resume=force")
    assert ftk("finetune", "task=text-classification", "data=demo", *more, *resumed).code == 0
    assert Path("run/best/README.md").read_text() == "# Mine\n"


RUNS: dict[str, tuple[str, ...]] = {
    "text-classification": ("model=tiny",),
    "multi-label": ("model=tiny",),
    "regression": ("model=tiny",),
    "ner": ("model=tiny",),
    "token-classification": ("model=tiny",),
    "question-answering": ("model=tiny",),
    "ranking": ("model=tiny",),
    "ranking task.encoder=cross": ("model=tiny",),
    "summarization": ("model=bart-tiny", "task.max_new_tokens=4"),
    "image-classification": ("model=resnet-tiny",),
    "text-classification ": ("model=cnn",),
    "mlm": ("model=tiny",),
}


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", list(RUNS))
def test_the_code_of_a_card_runs(task):
    from PIL import Image

    Image.new("RGB", (16, 16)).save("picture.png")
    command = ["pretrain"] if task == "mlm" else ["finetune", f"task={task.split()[0]}", *task.split()[1:]]
    short = [word for word in SHORT if word not in TINY[:1]]
    assert run_ftk(*command, "data=demo", *short, *RUNS[task]) == 0
    text = Path("run/best/README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(code, "README.md", "exec"), {})
    assert shown.getvalue().strip()


@pytest.mark.parametrize("folder", ["it's mine/best", 'a "b"/best', "C:\\\\runs\\\\best"])
def test_the_code_of_a_card_names_any_folder(folder):
    code = usage("text_classification", {}, "bert", folder).code
    names = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    assert folder in names
