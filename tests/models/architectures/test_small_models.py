"""Small neural models: computation, learning, model folders."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, toy_sentences, write_conll, write_jsonl

pytestmark = pytest.mark.torch

MODELS = ("cnn", "bilstm", "cnn-lstm", "fasttext-bag")
SIZES: dict[str, dict[str, Any]] = {
    "cnn": {"widths": [1, 2, 5], "filters": 6},
    "bilstm": {"hidden_size": 10, "num_hidden_layers": 2},
    "cnn-lstm": {"width": 4, "filters": 6, "hidden_size": 8},
    "fasttext-bag": {"buckets": 50},
}
TEXTS = [
    ("The striker missed from two yards out.", "sport"),
    ("Rain held up the second half for an hour.", "sport"),
    ("A new keeper signed until next summer.", "sport"),
    ("The probe sends its first pictures home.", "science"),
    ("Old ice holds the air of another age, layer upon layer, and it is read like a book.", "science"),
    ("Bees find the way by the sun.", "science"),
    ("The night train stops at every halt.", "travel"),
    ("Take the early ferry, and a coat.", "travel"),
]
CPU = ("hardware=cpu", "hardware.threads=1")
BY_HEART = (*CPU, "debug=overfit", "train.max_steps=60", "train.eval_every=30", "model.default_lr=1e-2")
"""Settings that overfit eight rows."""


def built(name: str, **values: Any) -> Any:
    """A classifier with five labels, random weights and no dropout."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from ftk.models.architectures.small import register_small_models

    register_small_models()
    torch.manual_seed(0)
    sizes = {"vocab_size": 40, "embedding_size": 8, "num_labels": 5, "dropout": 0.0, **SIZES[name], **values}
    return AutoModelForSequenceClassification.from_config(AutoConfig.for_model(f"ftk-{name}", **sizes)).eval()


def rows_of(*lengths: int) -> list[list[int]]:
    """Random token ids of texts of these lengths."""
    import torch

    generator = torch.Generator().manual_seed(1)
    return [torch.randint(1, 40, (length,), generator=generator).tolist() for length in lengths]


def padded(rows: list[list[int]], pad: int = 0) -> dict[str, Any]:
    """``input_ids`` and ``attention_mask``."""
    import torch

    longest = max(map(len, rows))
    ids = [row + [pad] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


@pytest.fixture
def eight(tmp_path: Path) -> str:
    rows = [
        {"text": text, "label": label, "score": float(len(text)), "labels": [label, *(["long"] * (len(text) > 38))]}
        for text, label in TEXTS
    ]
    return write_jsonl(tmp_path / "eight.jsonl", rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_it_overfits_eight_rows_and_its_folder_predicts_the_same(
    ftk: Callable[..., Result], eight: str, name: str
) -> None:
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    from ftk.models.architectures.small import register_small_models

    argv = ("task=text-classification", f"model={name}", *BY_HEART, "model.dropout=0")
    result = ftk("finetune", *argv, f"data.train={eight}", f"data.validation={eight}", "run.dir=run")
    assert result.code == 0, result.err
    assert json.loads(Path("run/metrics.json").read_text())["validation"]["accuracy"] == 1.0

    register_small_models()
    register_small_models()  # a second time does no harm
    tokenizer = AutoTokenizer.from_pretrained("run/best")
    model = AutoModelForSequenceClassification.from_pretrained("run/best")
    encoder = AutoModel.from_pretrained("run/best")
    for record in read_jsonl("run/predictions/validation.jsonl"):
        inputs = tokenizer(record["text"], return_tensors="pt")
        with torch.inference_mode():
            found = model(**inputs).logits.softmax(-1)[0]
            encoded, inside = encoder(**inputs), model.encoder(**inputs)
        expected = [record["scores"][model.config.id2label[number]] for number in range(3)]
        assert found.tolist() == pytest.approx(expected, abs=1e-4)
        assert encoded.last_hidden_state.shape == (*inputs["input_ids"].shape, encoder.config.hidden_size)
        assert torch.equal(encoded.pooler_output, inside.pooler_output)


@pytest.mark.slow
@pytest.mark.parametrize(("task", "name"), [("multi-label", "cnn-lstm"), ("regression", "fasttext-bag")])
def test_several_labels_and_numbers_are_learned(ftk: Callable[..., Result], eight: str, task: str, name: str) -> None:
    column = "labels" if task == "multi-label" else "score"
    files = (f"data.train={eight}", f"data.validation={eight}", f"data.columns.label={column}")
    argv = (f"task={task}", f"model={name}", *BY_HEART, "train.max_steps=120", "model.dropout=0")
    assert ftk("finetune", *argv, *files, "run.dir=run").code == 0
    scores = json.loads(Path("run/metrics.json").read_text())["validation"]
    assert scores["f1_micro"] == 1.0 if task == "multi-label" else scores["rmse"] < 1


def test_a_bilstm_tags_tokens(ftk: Callable[..., Result], tmp_path: Path) -> None:
    data = write_conll(tmp_path / "eight.conll", toy_sentences(8))
    files = (f"data.train={data}", f"data.validation={data}")
    result = ftk("finetune", "task=ner", "model=bilstm", *BY_HEART, "model.dropout=0", *files, "run.dir=run")
    assert result.code == 0, result.err
    assert json.loads(Path("run/metrics.json").read_text())["validation"]["f1"] == 1.0
    assert ftk("predict", "checkpoint=run/best", f"input={data}", "output=out.jsonl", *CPU).code == 0
    assert [row["tags"] for row in read_jsonl("out.jsonl")] == [[tag for _, tag in row] for row in toy_sentences(8)]


@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_nothing(name: str) -> None:
    import torch

    model = built(name)
    rows = rows_of(9, 1, 4, 7, 2)
    with torch.inference_mode():
        together = model(**padded(rows)).logits
        other = model(**padded(rows, pad=17)).logits
        alone = torch.cat([model(**padded([row])).logits for row in rows])
        bare = torch.cat([model(input_ids=torch.tensor([row])).logits for row in rows])
        states = model.encoder(**padded(rows)).last_hidden_state[3, :7]
        [states_alone] = model.encoder(**padded([rows[3]])).last_hidden_state
    for found in (together, other, bare):
        torch.testing.assert_close(found, alone, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(states, states_alone, atol=1e-6, rtol=1e-5)
    assert not torch.allclose(alone[0], alone[3], atol=1e-3)


def test_a_bilstm_equals_torchs_own_over_packed_sequences() -> None:
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    model, rows = built("bilstm"), rows_of(3, 9, 5)
    inputs = padded(rows)
    reference = nn.LSTM(8, 5, num_layers=2, batch_first=True, bidirectional=True)
    weights = {}
    for number, layer in enumerate(model.encoder.layers):
        for lstm, ending in ((layer.forwards, ""), (layer.backwards, "_reverse")):
            for key, tensor in lstm.state_dict().items():
                weights[key.replace("_l0", f"_l{number}") + ending] = tensor
    reference.load_state_dict(weights)
    with torch.inference_mode():
        packed = pack_padded_sequence(
            model.encoder.embeddings(inputs["input_ids"]), [3, 9, 5], batch_first=True, enforce_sorted=False
        )
        expected, _ = pad_packed_sequence(reference(packed)[0], batch_first=True)
        found = model.encoder(**inputs).last_hidden_state
    real = inputs["attention_mask"].bool()
    torch.testing.assert_close(found[real], expected[real], atol=1e-6, rtol=1e-5)
    largest = torch.stack([expected[row, :length].max(0).values for row, length in enumerate([3, 9, 5])])
    torch.testing.assert_close(model.encoder(**inputs).pooler_output, largest, atol=1e-6, rtol=1e-5)


def test_a_cnn_equals_torchs_own_convolutions() -> None:
    import torch
    from torch.nn import functional

    model, [row] = built("cnn"), rows_of(6)
    inputs = padded([row])
    with torch.inference_mode():
        embedded = model.encoder.embeddings(inputs["input_ids"]).transpose(1, 2)
        parts = []
        for convolution, before in zip(model.encoder.convolutions, (0, 0, 2), strict=True):
            width = convolution.width
            kernel = convolution.linear.weight.view(6, width, 8).transpose(1, 2)
            signal = functional.pad(embedded, (before, width - 1 - before))
            parts.append(functional.conv1d(signal, kernel, convolution.linear.bias).relu())
        expected = torch.cat(parts, 1).transpose(1, 2)
        found = model.encoder(**inputs)
    torch.testing.assert_close(found.last_hidden_state, expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(found.pooler_output, expected.amax(1), atol=1e-6, rtol=1e-5)


def test_a_bag_is_the_mean_over_tokens_and_pairs() -> None:
    import torch

    model, [row] = built("fasttext-bag"), rows_of(6)
    tokens, pairs = model.encoder.embeddings.weight, model.encoder.pairs.weight
    used = {(one * 116_049_371 + two) % 50 for one, two in pairwise(row)}
    assert len(used) > 3
    all_of_them = [tokens[token] for token in row]
    all_of_them += [pairs[(one * 116_049_371 + two) % 50] for one, two in pairwise(row)]
    found = model.encoder(**padded([row])).pooler_output[0]
    torch.testing.assert_close(found, torch.stack(all_of_them).mean(0), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_gets_a_gradient_in_either_precision(name: str) -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    model = built(name, dropout=0.3)
    install(model, training_ways(), Verdict().allows)
    inputs = padded(rows_of(9, 3, 12, 7))
    with torch.inference_mode():
        exact = model(**inputs).logits
    for precise in (True, False):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=not precise):
            logits = model.train()(**inputs).logits.float()
            with torch.no_grad():
                close = model.eval()(**inputs).logits.float()
        logits.logsumexp(-1).sum().backward()
        assert [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()] == []
        torch.testing.assert_close(close, exact, atol=0.02, rtol=0.05)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("model=bilstm", "model.config.hidden_size=255"), "hidden_size=255 must be even"),
        (("model=cnn", "model.config.filters=0"), "filters=0 must be a whole number above 0"),
        (("model=cnn", "model.config.widths=[]"), "widths is empty"),
        (("model=cnn-lstm", "model.config.dropout=1.5"), "dropout=1.5 must be at least 0 and below 1"),
        (("model=fasttext-bag", "+model.config.filters=3"), "the config of ftk-fasttext-bag has no key 'filters'"),
        (("model=cnn", "task=ner"), "model.config.model_type=ftk-cnn\n      It supports text-classification"),
        (
            ("model=tfidf-linear", "task=ner"),
            "model.config.model_type=ftk-tfidf-linear\n      It supports text-classification",
        ),
    ],
)
def test_invalid_sizes_and_tasks_are_refused(
    ftk: Callable[..., Result], eight: str, argv: tuple[str, ...], message: str
) -> None:
    data = [] if "task=ner" in argv else ["task=text-classification", f"data.train={eight}"]
    result = ftk("finetune", *argv, *data, *CPU)
    assert result.code == 1
    assert message in result.err
    assert not Path("runs").exists()
