"""Tokens that are no words are reported."""

import pytest

from data_helpers import of_kind, sentences
from ftk.contracts import finding_kinds as kinds


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("Ri ##ta sleeps in O ##s ##lo .", "subwords"),
        ("\u2581Ri ta \u2581sleeps \u2581in \u2581Os lo .", "subwords"),
        ("\u0120Ri ta \u0120sleeps \u0120in \u0120Oslo .", "subwords"),
        ("Ri ta</w> sleeps</w> in</w> Os lo</w>", "subwords"),
        ("Ri@@ ta sleeps in Os@@ lo", "subwords"),
        ("\u79d10 \u62801 \u65b00 \u95fb1 \u65b90 \u660e1", "numbered"),
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_sub_words_and_numbered_characters(text: str, policy: str, labelled: bool) -> None:
    tokens = text.split()
    rows = [{"tokens": tokens, "tags": ["B-X", *["O"] * (len(tokens) - 1)]}] * 4
    found = of_kind(sentences(rows, labelled=labelled)[1], kinds.ODD_TOKENS)
    assert found.policy == policy


@pytest.mark.parametrize(
    "text",
    [
        "# # ## heading ## two ### three",
        "@user @@ a@b.de said ##",
        "Rita sleeps \u2581 in Oslo",
        "\u79d1 \u6280 \u65b0 1 2 3",
        "A1 B2 C3 D4 E5",
    ],
)
def test_other_tokens_are_words(text: str) -> None:
    rows = [{"tokens": text.split(), "tags": ["B-X", *["O"] * (len(text.split()) - 1)]}] * 9
    assert kinds.ODD_TOKENS not in [finding.kind for finding in sentences(rows)[1]]


@pytest.mark.parametrize("token", ["", " ", "\u00a0", "\u3000"])
def test_tokens_without_a_character_are_counted(token: str) -> None:
    rows = [{"tokens": ["Rita", token, "x"], "tags": ["B-X", "O", "O"]}, {"tokens": ["Oslo"], "tags": ["O"]}]
    found = of_kind(sentences(rows)[1], kinds.ODD_TOKENS)
    assert (found.policy, found.count, found.places) == ("empty", 1, ["rows.jsonl:1"])


def test_a_single_sub_word_is_no_reason() -> None:
    rows = [{"tokens": ["Rita", "##x", *["waits"] * 60], "tags": ["B-X", *["O"] * 61]}]
    assert kinds.ODD_TOKENS not in [finding.kind for finding in sentences(rows)[1]]
