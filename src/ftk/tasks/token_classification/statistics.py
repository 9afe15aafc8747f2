"""What the scores of spans and of tags are made of, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ftk.data.examples.tags import strict_entities
from ftk.errors import DataError
from ftk.tasks.shared.statistics import label_counts as of
from ftk.tasks.shared.statistics.row_values import by_name, mean_of, values_of
from ftk.tasks.token_classification.entity_metric import lenient_entities

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics

Span = tuple[str, int, int]
_SPAN_SCORES = {"f1": of.f1_micro, "precision": of.precision_micro, "recall": of.recall_micro}
_TAG_SCORES = {"f1_macro": of.f1_macro, "f1_weighted": of.f1_weighted}


def span_and_tag_statistics(records: Records, fields: Mapping[str, Any]) -> Mapping[str, RowStatistics]:
    """``f1``, ``precision``, ``recall``, ``f1_conlleval`` of spans; of tags of tokens ``accuracy``, ``f1_macro``,
    ``f1_weighted``, ``sentence_accuracy``. Records of spans are those that have ``entities``, or whose gold standard
    has.

    Args:
        records: as ``TokenClassification.record`` makes them.
        fields: of the task; ``units`` decides where the records do not.
    """
    first = records[0] if records else {}
    if "entities" in first or "gold_entities" in first or fields.get("units") == "spans":
        return by_name(_span_statistics(records))
    return by_name(_tag_statistics(records))


def _span_statistics(records: Records) -> list[RowStatistics]:
    strict = [(gold_spans_of(record, line), found_spans_of(record, line)) for line, record in enumerate(records, 1)]
    lenient = [_lenient_spans(record, line) for line, record in enumerate(records, 1)]
    return [
        *of.counted_statistics([_counts(gold, found) for gold, found in strict], _SPAN_SCORES),
        *of.counted_statistics([_counts(gold, found) for gold, found in lenient], {"f1_conlleval": of.f1_micro}),
    ]


def gold_spans_of(record: Mapping[str, Any], line: int) -> set[Span]:
    """The gold spans of a record: label, begin and end, in characters or, of tags, in tokens.

    Args:
        record: with ``gold_entities`` or ``gold_tags``.
        line: its number, for messages.

    Raises:
        DataError: it has neither.
    """
    if "gold_entities" in record:
        return _placed(record["gold_entities"], "gold_entities", line)
    return set(strict_entities(_tags(record, "gold_tags", line)))


def found_spans_of(record: Mapping[str, Any], line: int) -> set[Span]:
    """The predicted spans of a record, in what ``gold_spans_of`` counts in."""
    if "gold_entities" in record:
        return _placed(record.get("entities"), "entities", line)
    return set(strict_entities(_tags(record, "tags", line)))


def _lenient_spans(record: Mapping[str, Any], line: int) -> tuple[set[Span], set[Span]]:
    """Gold and predicted spans as conlleval reads them."""
    if "gold_tags" not in record:
        raw = "raw_entities" if "raw_entities" in record else "entities"
        return gold_spans_of(record, line), _placed(record.get(raw), raw, line)
    raw = "raw_tags" if "raw_tags" in record else "tags"
    if "gold_entities" in record:  # spans that overlap, which tags cannot have
        return gold_spans_of(record, line), found_spans_of(record, line)
    return lenient_entities(_tags(record, "gold_tags", line)), lenient_entities(_tags(record, raw, line))


def _counts(gold: set[Span], found: set[Span]) -> of.RowCounts:
    return [one[0] for one in gold & found], [one[0] for one in found], [one[0] for one in gold]


def _placed(value: Any, name: str, line: int) -> set[Span]:
    try:
        return {(str(one["label"]), int(one["start"]), int(one["end"])) for one in value}
    except (TypeError, KeyError, ValueError):
        raise DataError(
            f"line {line}: '{name}' must be a list of objects with label, start and end; it is {value!r}."
        ) from None


def _tags(record: Mapping[str, Any], name: str, line: int) -> list[str]:
    value = record.get(name)
    if not isinstance(value, list) or not all(tag is None or isinstance(tag, str) for tag in value):
        raise DataError(f"line {line}: '{name}' must be a list of tags; it is {value!r}.")
    return [tag or "" for tag in value]


def _tag_statistics(records: Records) -> list[RowStatistics]:
    rows: list[of.RowCounts] = []
    accuracy, whole, counted = [], [], []
    for line, (gold, found) in enumerate(
        zip(values_of(records, "gold_tags"), values_of(records, "tags"), strict=True), 1
    ):
        if not isinstance(gold, list) or not all(isinstance(tag, str) for tag in gold):
            raise DataError(f"line {line}: 'gold_tags' must be a list of tags; it is {gold!r}.")
        found = [_tag_of(one) for one in found]
        if len(gold) != len(found):
            raise DataError(f"line {line}: there are {len(gold)} gold tags and {len(found)} predicted ones.")
        right = [one for one, other in zip(gold, found, strict=True) if one == other]
        rows.append((right, [one for one in found if one is not None], gold))
        accuracy.append((["token"] * len(right), (), ["token"] * len(gold)))
        whole.append(len(gold) > 0 and gold == found)
        counted.append(len(gold) > 0)
    [tokens] = of.counted_statistics(accuracy, {"accuracy": of.accuracy})
    return [tokens, *of.counted_statistics(rows, _TAG_SCORES), mean_of("sentence_accuracy", whole, counted)]


def _tag_of(found: Any) -> str | None:
    """A predicted tag: of rows of text they are objects with their places."""
    tag = found.get("tag") if isinstance(found, Mapping) else found
    return None if tag is None else str(tag)
