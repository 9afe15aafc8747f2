"""Masks filled by ``ftk predict``, against transformers' own pipeline and a plain softmax."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, write_jsonl, write_lines
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds
from small_models import save_model_folder

pytestmark = pytest.mark.torch

PLAIN = ("checkpoint=model", "task=mlm", "hardware=cpu", "hardware.threads=1", "output=out.jsonl")


def softmax(text: str) -> list[list[tuple[str, float]]]:
    """For each mask of a text, in the tokenizer's own words, all tokens but special ones, the likeliest first."""
    import torch
    import transformers

    model = transformers.AutoModelForMaskedLM.from_pretrained("model").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained("model")
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        probabilities = model(input_ids=ids).logits[0].softmax(-1)
    found = []
    for place in (ids[0] == tokenizer.mask_token_id).nonzero().ravel():
        values, tokens = probabilities[place].sort(descending=True)
        named = zip(tokenizer.convert_ids_to_tokens(tokens.tolist()), values.tolist(), strict=True)
        found.append([(token, value) for token, value in named if token not in tokenizer.all_special_tokens])
    return found


def candidates(mask: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(item["token"], pytest.approx(item["probability"], abs=1e-5)) for item in mask["candidates"]]


@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlm-roberta", "modernbert", "deberta-v2", "mpnet"])
def test_probabilities_are_those_of_a_plain_softmax(ftk: Callable[..., Result], architecture: str) -> None:
    """``[MASK]`` is understood whatever the tokenizer calls its own mask."""
    import transformers

    save_model_folder(Path("model"), architecture, "AutoModelForMaskedLM", initializer_range=0.5)
    own = transformers.AutoTokenizer.from_pretrained("model").mask_token
    texts = ["Ada went to [MASK].", f"[MASK] Berg {own} to  {own}[MASK] by train.", f"({own})"]
    write_lines("in.txt", texts)
    result = ftk("predict", "--json", *PLAIN, "input=in.txt", "task.top_k=3")
    assert result.code == 0, result.err
    assert result.found(kinds.UNKNOWN_FOLDER).values == {"folder": "model"}
    for text, record in zip(texts, read_jsonl("out.jsonl"), strict=True):
        assert record["text"] == text
        assert all(text[mask["start"] : mask["end"]] in ("[MASK]", own) for mask in record["masks"])
        expected = softmax(text.replace("[MASK]", own))
        assert [candidates(mask) for mask in record["masks"]] == [best[:3] for best in expected]


def test_candidates_are_those_of_the_pipeline(ftk: Callable[..., Result]) -> None:
    import transformers

    save_model_folder(Path("model"), "roberta", "AutoModelForMaskedLM", initializer_range=0.5)
    write_lines("in.txt", ["Ada went <mask> Oslo."])
    assert ftk("predict", *PLAIN, "input=in.txt", "task.top_k=10").code == 0
    (record,) = read_jsonl("out.jsonl")
    fill = transformers.pipeline("fill-mask", model="model", tokenizer="model", device="cpu")
    expected = fill("Ada went <mask> Oslo.", top_k=10)
    found = record["masks"][0]["candidates"]
    assert [item["text"] for item in found] == [item["token_str"].strip() for item in expected]
    assert [item["probability"] for item in found] == [pytest.approx(item["score"], abs=2e-6) for item in expected]


def test_columns_order_and_number_of_rows_are_kept(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("model"), "bert", "AutoModelForMaskedLM")
    rows: list[dict[str, Any]] = [
        {"id": 1, "sentence": "Ada [MASK] to [MASK].", "masks": "old"},
        {"id": 2, "sentence": ""},
        {"id": 3, "sentence": "Ada went to Oslo."},
        {"id": 4, "sentence": "again " * 100 + "[MASK] world " + "slow " * 100 + "[MASK]"},
        {"id": 5, "sentence": "\u200b[MASK]"},
    ]
    write_jsonl("in.jsonl", rows)
    argv = ("input=in.jsonl", "data.columns.text=sentence", "hardware.eval_tokens=70")
    result = ftk("predict", "--json", *PLAIN, *argv)
    assert result.code == 0, result.err
    records = read_jsonl("out.jsonl")
    assert [record["id"] for record in records] == [1, 2, 3, 4, 5]
    assert [record["sentence"] for record in records] == [row["sentence"] for row in rows]
    assert [record["text"] for record in records] == [row["sentence"] for row in rows]
    assert [len(record["masks"]) for record in records] == [2, 0, 0, 2, 1]
    assert all(len(mask["candidates"]) == 5 for record in records for mask in record["masks"])
    unmasked = result.found(task_kinds.NOTHING_TO_FILL, mask="[MASK]")
    assert (unmasked.count, unmasked.places) == (2, ["in.jsonl:2", "in.jsonl:3"])
    long = result.found(kinds.LONG_ROW, length=64)
    assert (long.count, long.policy) == (1, None)


def test_masks_of_a_long_text_are_read_in_the_window_that_shows_most_around_them(ftk: Callable[..., Result]) -> None:
    """A window is a text by itself: with every word a token, it can be cut by hand."""
    save_model_folder(Path("model"), "bert", "AutoModelForMaskedLM", initializer_range=0.5)
    words = ["went", "to"] * 10
    words[1] = words[18] = "[MASK]"
    write_lines("in.txt", [" ".join(words)])
    result = ftk("predict", *PLAIN, "input=in.txt", "data.max_length=14", "data.stride=4", "task.top_k=4")
    assert result.code == 0, result.err
    first, second = read_jsonl("out.jsonl")[0]["masks"]
    assert candidates(first) == softmax(" ".join(words[:12]))[0][:4]
    assert candidates(second) == softmax(" ".join(words[8:]))[0][:4]


def test_every_row_of_a_long_file_is_answered(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("model"), "distilbert", "AutoModelForMaskedLM")
    write_lines("in.txt", (f"Ada [MASK] {'slow ' * (number % 7)}" for number in range(2500)))
    result = ftk("predict", *PLAIN, "input=in.txt", "task.top_k=1")
    assert result.code == 0, result.err
    records = read_jsonl("out.jsonl")
    assert [record["text"].count("slow") for record in records] == [number % 7 for number in range(2500)]
    answers: dict[str, Any] = {}
    for record in records:
        (candidate,) = record["masks"][0]["candidates"]
        before = answers.setdefault(record["text"], candidate)
        assert candidate["token"] == before["token"]
        assert candidate["probability"] == pytest.approx(before["probability"], abs=2e-6)


def test_more_candidates_than_entries_gives_all(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("model"), "bert", "AutoModelForMaskedLM")
    write_lines("in.txt", ["Ada [MASK]."])
    assert ftk("predict", *PLAIN, "input=in.txt", "task.top_k=100000").code == 0
    found = read_jsonl("out.jsonl")[0]["masks"][0]["candidates"]
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained("model")
    assert {item["token"] for item in found} == tokenizer.get_vocab().keys() - set(tokenizer.all_special_tokens)
    assert 0.5 < sum(item["probability"] for item in found) < 1  # special tokens have the rest


def test_a_row_without_text_is_refused(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("model"), "bert", "AutoModelForMaskedLM")
    write_jsonl("in.jsonl", [{"text": "Ada [MASK]."}, {"text": 5}])
    result = ftk("predict", *PLAIN, "input=in.jsonl")
    assert result.code == 1
    assert "in.jsonl:2: column 'text' holds int 5, not text" in result.err
    assert not Path("out.jsonl").exists()
