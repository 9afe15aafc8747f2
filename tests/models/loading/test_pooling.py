"""``model.pooling``: how the tokens of a text become the vector that a head reads."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Result, assert_refused, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from small_models import save_model_folder

pytestmark = pytest.mark.torch

Ftk = Callable[..., Result]
WORDS = ("apple", "pear", "plum", "iron", "copper", "zinc")
SHORT = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1", "train.max_steps=2", "train.batch_size=8")
SIZES = ("train.max_steps=3", "data.max_length=48")
PAGE = (Path(__file__).resolve().parents[3] / "docs/pooling.md").read_text(encoding="utf-8")
TEXTS = "task=text-classification"


def rows(number: int = 24) -> list[dict[str, Any]]:
    """Texts of one to six words, with a label, several, a number and a second text."""
    found = []
    for n in range(number):
        text = " ".join(WORDS[(n + at) % 6] for at in range(1 + n % 6))
        found.append({"id": n, "text": text, "label": f"class {n % 3}"})
    return found


@pytest.fixture
def data() -> str:
    return f"data.train={write_jsonl('rows.jsonl', rows())}"


def encoder(kind: str = "bert", **values: Any) -> Any:
    """A small model of ftk with its pooled head and random weights."""
    import torch
    from transformers import AutoConfig

    from ftk.models.architectures.heads import AutoModelForPooledText

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, vocab_size=90, num_labels=3, **sizes, **values)
    return AutoModelForPooledText.from_config(config).eval()


@pytest.mark.parametrize("way", ["mean", "first", "last"])
def test_scores_are_those_of_the_encoder_and_numpy_wherever_the_padding_stands(way: str) -> None:
    import torch

    model = encoder(ftk_pooling=way)
    weight, bias = (tensor.detach().numpy() for tensor in model.pooled_text.output.parameters())
    lengths = (7, 1, 4)
    for side in ("right", "left"):
        ids, mask = torch.zeros(3, 7, dtype=torch.long), torch.zeros(3, 7, dtype=torch.long)
        for row, length in enumerate(lengths):
            inside = slice(0, length) if side == "right" else slice(7 - length, 7)
            ids[row, inside], mask[row, inside] = torch.arange(5, 5 + length), 1
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=mask).logits.numpy()
            states = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
        for row in range(3):
            own = states[row][mask[row].numpy() == 1]
            vector = {"mean": own.mean(0), "first": own[0], "last": own[-1]}[way]
            np.testing.assert_allclose(logits[row], weight @ vector + bias, atol=1e-5)
            if side == "right":
                with torch.no_grad():
                    alone = model(input_ids=ids[row : row + 1, : lengths[row]]).logits.numpy()
                np.testing.assert_allclose(logits[row], alone[0], atol=1e-5)


def test_two_texts_are_compared_by_the_means_of_each() -> None:
    import torch

    separator, lengths = 4, ((3, 2), (1, 4), (2, 2))
    model = encoder(ftk_pooling="mean", ftk_separator=separator)
    weight, bias = (tensor.detach().numpy() for tensor in model.pooled_text.output.parameters())
    for side in ("right", "left"):
        ids, mask = torch.zeros(3, 9, dtype=torch.long), torch.zeros(3, 9, dtype=torch.long)
        for row, (one, two) in enumerate(lengths):
            tokens = [*range(5, 5 + one), separator, *range(20, 20 + two), separator]
            inside = slice(0, len(tokens)) if side == "right" else slice(9 - len(tokens), 9)
            ids[row, inside], mask[row, inside] = torch.tensor(tokens), 1
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=mask).logits.numpy()
            states = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
        for row, (one, _) in enumerate(lengths):
            own = states[row][mask[row].numpy() == 1]
            first, second = own[: one + 1].mean(0), own[one + 1 :].mean(0)
            vector = np.concatenate([own.mean(0), np.abs(first - second), first * second])
            np.testing.assert_allclose(logits[row], weight @ vector + bias, atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "gpt2"])
def test_transformers_refuses_to_put_a_head_of_its_own_on_the_encoder(tmp_path: Path, kind: str) -> None:
    from transformers import AutoModel, AutoModelForSequenceClassification

    model = encoder(kind, ftk_pooling="mean")
    model.save_pretrained(tmp_path)
    with pytest.raises(RuntimeError, match="ignore_mismatched_sizes"):
        AutoModelForSequenceClassification.from_pretrained(tmp_path)
    opened, report = AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert all("pooler" in name for name in report["missing_keys"])
    kept = opened.state_dict()
    inner = getattr(model, model.base_model_prefix).state_dict()
    assert all(np.array_equal(kept[name].numpy(), tensor.numpy()) for name, tensor in inner.items())


def test_presets_say_how_their_models_were_trained_and_ask_for_nothing() -> None:
    """What a preset asked for would be refused by tasks that make no vector of a text."""
    from ftk.config.paths import shipped_files, values_of

    presets = [name for name in shipped_files() if name.startswith("model/")]
    assert {values_of(name)["pooling"] for name in presets if "pooling" in values_of(name)} == {"auto"}
    assert values_of("model/minilm")["default_pooling"] == "mean"


def policy(result: Result) -> str | None:
    assert result.code == 0, result.err
    found = [one.policy for one in result.findings if one.kind == kinds.POOLED]
    return found[0] if found else None


def config_of(run: str = "run") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(run, "best/config.json").read_text())
    return found


def trained_as(folder: Path, said: str) -> Path:
    """The files by which sentence-transformers says how an encoder pools."""
    (folder / "1_Pooling").mkdir()
    modules = [{"type": "st.models.Transformer", "path": ""}, {"type": "st.models.Pooling", "path": "1_Pooling"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode": said}))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "words", "why", "way"),
    [
        ("mean", (), "files", "mean"),
        ("cls", (), "files", "first"),  # and not what the pooler makes of it
        ("cls", ("model.pooling=first",), "asked", None),  # the class of transformers, which pipelines open
        ("max", (), None, None),
        ("max", ("model.default_pooling=mean",), "preset", "mean"),
        ("mean", ("model.pooling=pooler",), "asked", None),
        ("mean", ("model.pooling=last",), "asked", "last"),
        (None, (), None, None),
        (None, ("model.default_pooling=mean",), "preset", "mean"),
    ],
)
def test_the_way_is_that_of_the_training(
    ftk: Ftk, tmp_path: Path, data: str, said: str | None, words: tuple[str, ...], why: str | None, way: str | None
) -> None:
    folder = save_model_folder(tmp_path / "encoder", "bert")
    if said is not None:
        trained_as(folder, said)
    argv = ("finetune", "--json", TEXTS, "model=auto", f"model.name={folder}", *words, data, *SHORT, "run.dir=run")
    result = ftk(*argv)
    assert policy(result) == why
    assert config_of().get("ftk_pooling") == way
    assert result.count(kinds.UNKNOWN_POOLING) == (said == "max")
    assert result.count(kinds.HEAD_OF_FTK) == (way is not None)


@pytest.mark.slow
def test_an_encoder_without_a_pooler_in_its_weights_takes_the_mean(ftk: Ftk, tmp_path: Path, data: str) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_model_folder(tmp_path / "encoder", "bert")
    weights = {name: one for name, one in load_file(folder / "model.safetensors").items() if "pooler" not in name}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    argv = ("finetune", "--json", "model=auto", f"model.name={folder}", *SHORT)
    assert policy(ftk(*argv, TEXTS, data, "run.dir=run")) == "untrained"
    assert config_of()["ftk_pooling"] == "mean"
    again = ftk(*argv, TEXTS, data, "run.dir=other", "model.name=run/best")
    assert again.count(kinds.KEPT_HEAD) == 1
    assert config_of("other")["ftk_pooling"] == "mean"
    named = ftk(*argv, TEXTS, data, "run.dir=third", "model.name=run/best", "model.pooling=first")
    assert named.found(kinds.NEW_HEAD).policy == "pooling"
    assert "ftk_pooling" not in config_of("third")


@pytest.mark.slow
@pytest.mark.parametrize("task", ["text-classification", "multi-label", "regression", "pairs"])
def test_a_saved_model_is_used_by_ftk_and_by_the_lines_of_its_card(
    ftk: Ftk, capfd: pytest.CaptureFixture[str], task: str
) -> None:
    second = {"pair": "a second text"} if task == "pairs" else {}
    column = {"multi-label": "labels", "regression": "price"}.get(task, "label")
    labels = {"multi-label": lambda n: [f"l{n % 2}", f"l{n % 3}"], "regression": lambda n: n % 5 + 0.5}
    made = [
        {"text": one["text"], **second, column: labels.get(task, lambda n: f"c{n % 3}")(one["id"])} for one in rows()
    ]
    name = "text-classification" if task == "pairs" else task
    words = (f"task={name}", f"data.columns.label={column}", "model.pooling=mean", *TINY, *SIZES)
    write_jsonl("rows.jsonl", made)
    trained = ftk(
        "finetune", *words, "data.train=rows.jsonl", "run.dir=runs/pooled", "run.card=true", "hardware.precision=fp32"
    )
    assert trained.code == 0, trained.err
    given = {"text": "Is it late?", "pair": "It is late."} if second else {"text": "The lake is low."}
    write_jsonl("one.jsonl", [given])
    use = ("checkpoint=runs/pooled/best", "input=one.jsonl", "hardware=cpu", "hardware.precision=fp32")
    assert ftk("predict", *use, "output=out.jsonl").code == 0
    [record] = read_jsonl("out.jsonl")
    codes = [Path("runs/pooled/best/README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]]
    shown = {"text-classification": 1, "pairs": 2}.get(task)
    codes += [] if shown is None else [PAGE.split("```python\n")[shown].split("```")[0]]
    expected = [record["value"]] if task == "regression" else record["scores"]
    assert ("ftk_separator" in config_of("runs/pooled")) == (task == "pairs")
    if task == "pairs":  # a head that compares two texts is no head for one
        write_jsonl("texts.jsonl", [{"text": one["text"], "label": one["label"]} for one in made])
        again = ("model=auto", "model.name=runs/pooled/best", *SHORT, "data.train=texts.jsonl", "run.dir=again")
        assert ftk("finetune", "--json", TEXTS, *again).found(kinds.NEW_HEAD).policy == "pooling"
        assert "ftk_separator" not in config_of("again")
    for code in codes:
        capfd.readouterr()
        exec(compile(code, "README.md", "exec"), {"__name__": "card"})
        printed = ast.literal_eval(capfd.readouterr().out.strip().splitlines()[-1])
        assert printed == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("task=ner", "model=tiny", "model.pooling=mean"), "model.pooling=mean"),
        ((TEXTS, "model=cnn", "model.pooling=mean"), "ftk-cnn"),
        (("task=relation", "model=tiny", "model.pooling=mean"), "task.head=r_bert"),
        (("task=ranking", "model=tiny", "model.pooling=last"), "mean, first"),
        (("task=ranking", "model=tiny", "model.pooling=mean", "task.pooling=first"), "task.pooling=first"),
        ((TEXTS, "model=modernbert-small", "model.pooling=pooler"), "has no pooler"),
    ],
)
def test_what_cannot_pool_so_is_refused(ftk: Ftk, words: tuple[str, ...], reason: str) -> None:
    assert_refused(ftk("finetune", "--json", *words, "data.format=demo", *SHORT, "run.dir=run"), reason)
    assert not Path("run/best").exists()


@pytest.mark.slow
def test_the_whole_text_of_a_relation_is_pooled_and_the_model_opens_so(ftk: Ftk) -> None:
    words = ("task=relation", "task.head=r_bert", *TINY, "model.pooling=mean", "train.max_steps=2", "run.dir=run")
    assert policy(ftk("finetune", "--json", *words)) == "asked"
    assert config_of()["ftk_pooling"] == "mean"
    again = ("finetune", "--json", *words[:2], "model=auto", "model.name=run/best", *SHORT, "run.dir=again")
    kept = ftk(*again)
    assert kept.code == 0, kept.err
    assert kept.count(kinds.KEPT_HEAD) == 1
    assert config_of("again")["ftk_pooling"] == "mean"
    other = ftk(*again[:-1], "run.dir=other", "model.pooling=first")
    assert other.found(kinds.NEW_HEAD).policy == "pooling"
    assert "ftk_pooling" not in config_of("other")
