"""Models that ftk saves are opened by other libraries, as docs/elsewhere.md says."""

import contextlib
import io
import json
import os
import random
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import run_ftk, write_jsonl
from image_models import FUSED

pytestmark = [pytest.mark.torch, pytest.mark.slow]

TOP = Path(__file__).resolve().parents[1]
PAGE = (TOP / "docs/elsewhere.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
ON_CPU = ("hardware=cpu", "hardware.threads=1", "hardware.precision=fp32")
SHORT = ("train.max_steps=2", "train.batch_size=8", "data.limit=24", *ON_CPU)
MODELS: dict[str, tuple[str, ...]] = {
    "topics": ("task=text-classification", "model=tiny"),
    "pairs": ("task=text-classification", "model=tiny", "data.train=pairs.jsonl"),
    "several": ("task=multi-label", "model=tiny"),
    "numbers": ("task=regression", "model=tiny"),
    "names": ("task=ner", "model=tiny"),
    "tags": ("task=token-classification", "model=tiny"),
    "answers": ("task=question-answering", "model=tiny"),
    "desk": ("task=ranking", "model=tiny", "task.pooling=first"),
    "cross": ("task=ranking", "model=tiny", "task.encoder=cross"),
    "news": ("task=summarization", "model=bart-tiny", "task.max_new_tokens=4"),
    "languages": ("task=translation", "model=marian-tiny", "task.max_new_tokens=4"),
    "shapes": ("task=image-classification", "model=resnet-tiny"),
    "relations": ("task=relation", "model=tiny"),
    "both": ("task=image-text-classification", *FUSED),
    "small": ("task=text-classification", "model=cnn"),
    "words": ("task=mlm", "model=tiny"),
}
TEXT = "Rita Kos sleeps in Oslo."


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model of every task in runs/<name>/best."""
    folder = tmp_path_factory.mktemp("elsewhere")
    before = Path.cwd()
    os.chdir(folder)
    write_jsonl("pairs.jsonl", ({"text": f"Is it {n}?", "pair": f"It is {n}.", "label": n % 2} for n in range(24)))
    for name, words in MODELS.items():
        command = "pretrain" if name == "words" else "finetune"
        own = [word for word in words if word != "task=mlm"]
        assert run_ftk(command, *own, *SHORT, f"run.dir=runs/{name}") == 0, name
    yield folder
    os.chdir(before)


@pytest.fixture
def here(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the models, which is the current one."""
    monkeypatch.chdir(saved)
    return saved


def test_each_block_of_the_page_runs(here: Path) -> None:
    from PIL import Image

    Image.new("RGB", (32, 32), (90, 20, 20)).save("disc.png")
    for code in BLOCKS:
        if "sentence_transformers" in code and find_spec("sentence_transformers") is None:
            continue
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "docs/elsewhere.md", "exec"), {"__name__": "page"})
        assert printed.getvalue().strip()


def test_the_table_names_what_opens_each_model(here: Path) -> None:
    import transformers

    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \| ([^|]*) \|", PAGE, flags=re.MULTILINE)
    tasks = {json.loads((path / "best/ftk.json").read_text())["task"]["name"] for path in Path("runs").iterdir()}
    named = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row[0].partition(", `encoder")[0])}
    assert {name.replace("-", "_") for name in named} - {"ner", "small"} == {name.replace("-", "_") for name in tasks}
    opens = {
        "topics": "AutoModelForSequenceClassification",
        "several": "AutoModelForSequenceClassification",
        "numbers": "AutoModelForSequenceClassification",
        "names": "AutoModelForTokenClassification",
        "tags": "AutoModelForTokenClassification",
        "answers": "AutoModelForQuestionAnswering",
        "desk": "AutoModel",
        "cross": "AutoModelForSequenceClassification",
        "news": "AutoModelForSeq2SeqLM",
        "languages": "AutoModelForSeq2SeqLM",
        "shapes": "AutoModelForImageClassification",
        "words": "AutoModelForMaskedLM",
        "relations": "AutoModel",
    }
    for name, kind in opens.items():
        model, info = getattr(transformers, kind).from_pretrained(f"runs/{name}/best", output_loading_info=True)
        missing = {key for key in info["missing_keys"] if "pooler" not in key}
        assert missing == set(), f"{name}: {missing}"
        own = json.loads(Path(f"runs/{name}/best/config.json").read_text())["architectures"]
        assert own == [type(model).__name__] or name == "relations"
    for name in ("question-answering", "summarization", "translation"):
        with pytest.raises(KeyError):
            transformers.pipeline(name, "runs/answers/best")


def test_scores_are_those_of_predict(here: Path) -> None:
    from transformers import pipeline

    import ftk

    pair = {"text": "Is it late?", "text_pair": "It is late."}
    for name, row, given in (
        ("topics", TEXT, TEXT),
        ("several", TEXT, TEXT),
        ("pairs", ("Is it late?", "It is late."), pair),
    ):
        ours = ftk.load(f"runs/{name}/best", precision="fp32").predict(row)["scores"]
        found = pipeline("text-classification", f"runs/{name}/best", top_k=None)(given)
        found = found[0] if isinstance(found[0], list) else found
        assert {one["label"]: one["score"] for one in found} == pytest.approx(ours, abs=1e-5)
    fields = json.loads(Path("runs/numbers/best/ftk.json").read_text())["task"]["fields"]
    [found] = pipeline("text-classification", "runs/numbers/best", function_to_apply="none")(TEXT)
    value = found["score"] * fields["deviation"][0] + fields["mean"][0]
    assert value == pytest.approx(ftk.load("runs/numbers/best", precision="fp32").predict(TEXT)["value"], abs=1e-4)


NAMES = ("Ada Lovelace", "Grigory Perelman", "Chen", "Dorothea Marchbanks", "Ebenezer Fontainebleau", "Noor")
PLACES = ("Oslo", "Reykjavik", "Novosibirsk", "Tegucigalpa", "Antananarivo", "Lima")
SENTENCES = ("{a} went to {b}.", "In {b} lives {a}, she said.", "{b} ({a})", "We met {a} in {b}.")


def marked() -> list[dict[str, Any]]:
    """Sentences with names and places, some of them beside marks."""
    rows = []
    for name in NAMES:
        for place in PLACES:
            for form in SENTENCES:
                text = form.format(a=name, b=place)
                spans = [(name, "PER"), (place, "LOC")]
                found = [
                    {"start": text.index(one), "end": text.index(one) + len(one), "label": kind} for one, kind in spans
                ]
                rows.append({"text": text, "spans": found})
    random.Random(0).shuffle(rows)
    return rows


_EQUAL = {
    ("wordpiece", "first"): {"first"},
    ("wordpiece", "all"): {"first", "simple"},
    ("bpe", "first"): set(),
    ("bpe", "all"): {"simple"},
    ("unigram", "first"): set(),
    ("unigram", "all"): {"simple"},
}
"""By vocabulary and ``task.label_subwords``, the strategies that give the entities of ``ftk predict``."""


@pytest.mark.filterwarnings("ignore:Tokenizer does not support real words")
@pytest.mark.parametrize(("vocabulary", "labelled"), _EQUAL)
def test_which_strategy_gives_the_entities_of_predict(vocabulary: str, labelled: str) -> None:
    """A vocabulary too small for the names: each is several sub-words."""
    from transformers import pipeline

    import ftk

    rows = marked()
    write_jsonl("t.jsonl", rows)
    size = 120 if vocabulary == "wordpiece" else 340
    learned = (f"model.tokenizer.train={vocabulary}", f"model.tokenizer.vocab_size={size}")
    length = ("train.max_steps=100", "train.epochs=100", "train.batch_size=24", "train.eval_every=100")
    data = ("data.train=t.jsonl", "data.validation=t.jsonl", f"task.label_subwords={labelled}")
    argv = ("task=ner", "model=tiny", "model.default_lr=3e-3", *learned, *length, *data, *ON_CPU, "run.dir=run")
    assert run_ftk("finetune", *argv) == 0
    texts = [row["text"] for row in rows[:48]]
    records = ftk.load("run/best", precision="fp32").predict(texts)
    ours = [{(one["label"], one["start"], one["end"]) for one in record["entities"]} for record in records]
    shares = {}
    for strategy in ("simple", "first"):
        found = pipeline("ner", "run/best", aggregation_strategy=strategy)(texts)
        theirs = [{(one["entity_group"], one["start"], one["end"]) for one in some} for some in found]
        same = sum(len(one & other) for one, other in zip(ours, theirs, strict=True))
        shares[strategy] = same / max(sum(map(len, ours)), sum(map(len, theirs)))
    assert {strategy for strategy, share in shares.items() if share > 0.9} == _EQUAL[vocabulary, labelled], shares
