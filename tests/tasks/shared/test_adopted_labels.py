"""Outputs of models of other tools that have one name: refused, and named by their numbers."""

import pytest

from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.errors import FtkError, ModelError
from ftk.tasks.shared.adopted_labels import adopted_labels
from ftk.tasks.token_classification.adopted_tags import AdoptedTags, Units


def head(*names: str) -> SavedHead:
    return SavedHead(architecture="X", auto_model="AutoModelForSequenceClassification", names=names)


@pytest.mark.parametrize(
    ("names", "label_map", "labels"),
    [
        (("a", "b"), None, ("a", "b")),
        (("a", "a"), None, None),
        (("a", "b", "a"), None, None),
        (("true", "True"), None, None),
        (("a", "a"), {0: "b"}, ("b", "a")),
        (("a", "a", "b"), {0: "x", 1: "y"}, ("x", "y", "b")),
        (("a", "a", "b"), {"b": "c"}, None),
        (("a", "a"), {"a": "b"}, None),
        (("a", "a"), {5: "b"}, None),
        (("a", "b"), {0: "c"}, None),
        (("1", "0", "0"), {1: "x"}, None),
        (("LABEL_0", "LABEL_1"), {0: "x"}, ("x", "1")),
        (("LABEL_0", "LABEL_0"), None, None),
    ],
)
def test_labels_of_one_name(
    names: tuple[str, ...], label_map: dict[int | str, str] | None, labels: tuple[str, ...] | None
) -> None:
    if labels is None:
        with pytest.raises(FtkError):
            adopted_labels(head(*names), label_map, None, Notes())
    else:
        assert adopted_labels(head(*names), label_map, None, Notes()).names == labels


def test_the_way_out_works() -> None:
    with pytest.raises(ModelError, match=r"task\.label_map=\{1: …, 2: …\}"):
        adopted_labels(head("O", "PER", "PER"), None, None, Notes())
    assert adopted_labels(head("O", "PER", "PER"), {1: "a", 2: "b"}, None, Notes()).names == ("O", "a", "b")


@pytest.mark.parametrize(
    ("names", "label_map", "refused"),
    [
        (("O", "B-PER", "B-PER"), None, True),
        (("O", "B-PER", "B-PER"), {2: "I-PER"}, False),
        (("O", "PER", "PER", "LOC"), None, True),
        (("O", "B-PER", "I-PER", "O"), None, False),
        (("O", "B-PER", "I-PER", "X", "X"), None, False),
        (("O", "B-PER", "I-PER", "[PAD]", "[PAD]"), None, False),
        (("O", "B-MISC", "I-MISC"), {"B-MISC": "O", "I-MISC": "O"}, None),
    ],
)
def test_tags_of_one_name(names: tuple[str, ...], label_map: dict[int | str, str] | None, refused: bool | None) -> None:
    if refused:
        with pytest.raises(ModelError, match="one name"):
            AdoptedTags.of(head(*names), Units.spans, label_map, None, Notes())
    else:
        found = AdoptedTags.of(head(*names), Units.spans, label_map, None, Notes())
        assert found.labels.names == (("O",) if refused is None else ("O", "B-PER", "I-PER"))
