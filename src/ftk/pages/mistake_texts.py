"""A wrong record as the page shows it: its kinds, its answers, and the texts that the model read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.pages.marking import Parts, cut, marked
from ftk.pages.numbers import score
from ftk.pages.predictions import Form
from ftk.pages.ranks import rank_of
from ftk.pages.record_values import numbers_of, pairs_of
from ftk.pages.spans import RIGHT, text_of

_READ = ("text", "pair", "sentence", "source", "query", "candidate", "image")
"""The keys of a record that say what the model read, in their order."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row whose answer is wrong.

    Attributes:
        kinds: by which the list can be filtered.
        facts: names and values, shown above the texts.
        texts: names and parts.
    """

    kinds: Sequence[str]
    facts: Sequence[tuple[str, str]]
    texts: Sequence[tuple[str, Parts]]


def written(record: Mapping[str, Any], form: Form, *, texts: bool) -> Mistake:
    """A wrong record as the page shows it."""
    if form is Form.spans:
        return _spans(record, texts=texts)
    if form is Form.answers:
        return _answers(record, texts=texts)
    read = [(name, marked(str(record[name]))) for name in _READ if isinstance(record.get(name), str)] if texts else []
    read = [("" if name == "text" else name, parts) for name, parts in read]
    if form is Form.label:
        return _label(record, read, texts=texts)
    if form is Form.labels:
        return _labels(record, read)
    if form is Form.numbers:
        return Mistake([], _number_facts(record), read)
    if form is Form.ranking:
        return _ranking(record, read, texts=texts)
    if form is Form.tags:
        return _tags(record, texts=texts)
    right = record.get("gold_target")
    best = " / ".join(map(str, right)) if isinstance(right, list) else str(right)
    own = [("gold", marked(best)), ("given", marked(str(record.get("target"))))] if texts else []
    return Mistake(["unfinished"] if record.get("unfinished") else [], [], [*read, *own])


def _label(record: Mapping[str, Any], read: Sequence[tuple[str, Parts]], *, texts: bool) -> Mistake:
    gold, label = str(record["gold_label"]), str(record.get("label"))
    facts = [("gold", gold), ("given", label)]
    if isinstance(record.get("score"), (int, float)):
        facts.append(("score", score(record["score"])))
    if isinstance(scores := record.get("scores"), dict) and isinstance(scores.get(gold), (int, float)):
        facts.append(("score of gold", score(scores[gold])))
    if texts and isinstance(record.get("head"), dict) and isinstance(record.get("tail"), dict):
        ends = [(record[role]["start"], record[role]["end"], "other", role) for role in ("head", "tail")]
        read = [("", marked(text_of(record), ends))]
    return Mistake([f"{gold} → {label}"], facts, read)


def _labels(record: Mapping[str, Any], read: Sequence[tuple[str, Parts]]) -> Mistake:
    gold, given = set(map(str, record["gold_labels"])), set(map(str, record.get("labels") or ()))
    kinds = [*(f"missed {name}" for name in sorted(gold - given)), *(f"not {name}" for name in sorted(given - gold))]
    facts = [("gold", ", ".join(sorted(gold)) or "none"), ("given", ", ".join(sorted(given)) or "none")]
    return Mistake(kinds, facts, read)


def _number_facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    gold, given = numbers_of(record, "gold_value"), numbers_of(record, "value")
    facts = []
    for name in gold:
        if name in given:
            named = f" {name}" if name else ""
            facts += [(f"gold{named}", score(gold[name])), (f"given{named}", score(given[name]))]
            facts.append((f"distance{named}", score(given[name] - gold[name])))
    return facts


def _spans(record: Mapping[str, Any], *, texts: bool) -> Mistake:
    pairs = pairs_of(record) or []
    kinds = list(dict.fromkeys(one.cause for one in pairs if one.cause != RIGHT))
    facts = [(cause, str(sum(1 for one in pairs if one.cause == cause))) for cause in kinds]
    marks = []
    for one in pairs:
        if one.cause == RIGHT and one.gold is not None:
            marks.append((one.gold.start, one.gold.end, "right", one.gold.label))
            continue
        if one.gold is not None:
            marks.append((one.gold.start, one.gold.end, "missed", f"gold {one.gold.label}"))
        if one.given is not None:
            sure = "" if one.given.score is None else f" {one.given.score:.2f}"
            marks.append((one.given.start, one.given.end, "spurious", f"given {one.given.label}{sure}"))
    return Mistake(kinds, facts, [("", marked(text_of(record), marks))] if texts else [])


def _tags(record: Mapping[str, Any], *, texts: bool) -> Mistake:
    tokens, gold, given = (record.get(name) or () for name in ("tokens", "gold_tags", "tags"))
    parts: Parts = []
    kinds = []
    for token, right, tag in zip(tokens, gold, given, strict=False):
        if right is None or right == tag:
            parts.append(f"{cut(str(token), 80)} ")
        else:
            kinds.append(f"{right} → {tag}")
            parts += [[cut(str(token), 80), "spurious", f"gold {right}, given {tag}"], " "]
    wrong = f"{len(kinds)} of {len(gold)}"
    return Mistake(list(dict.fromkeys(kinds)), [("wrong tags", wrong)], [("", parts)] if texts else [])


def _answers(record: Mapping[str, Any], *, texts: bool) -> Mistake:
    answer, gold = record.get("answer"), record.get("gold_answers") or []
    given = "" if not isinstance(answer, dict) else str(answer.get("text", ""))
    right = list(dict.fromkeys(str(one.get("text", "")) if isinstance(one, dict) else str(one) for one in gold))
    kind = "no answer given" if not given else "answer where there is none" if not right else "wrong answer"
    if not texts:
        return Mistake([kind], [("kind", kind)], [])
    facts = [("gold", cut(" / ".join(right), 200) or "no answer"), ("given", cut(given, 200) or "no answer")]
    context = str(record.get("context", ""))
    marks = []
    for one in gold:
        if isinstance(one, dict) and isinstance(one.get("start"), int):
            marks.append((one["start"], one["start"] + len(str(one.get("text", ""))), "missed", "gold"))
    if isinstance(answer, dict) and isinstance(answer.get("start"), int):
        marks.append((answer["start"], answer["end"], "spurious", "given"))
    question = marked(str(record.get("question", "")))
    return Mistake([kind], facts, [("question", question), ("context", marked(context, sorted(set(marks)), 600))])


def _ranking(record: Mapping[str, Any], read: Sequence[tuple[str, Parts]], *, texts: bool) -> Mistake:
    rank = rank_of(record)
    facts = [("rank of the right one", str(rank))]
    candidates = record.get("candidates")
    if texts and isinstance(candidates, list) and candidates:
        gold = record.get("gold_labels") or []
        right = [one for one in candidates if _grade(gold, one.get("index")) > 0]
        own = [("ranked first", marked(str(candidates[0].get("text", "")), (), 400))]
        own += [("right", marked(str(one.get("text", "")), (), 400)) for one in right[:2]]
        return Mistake([], facts, [*read, *own])
    return Mistake([], facts, read)


def _grade(gold: Any, index: Any) -> float:
    value = gold[index] if isinstance(gold, list) and isinstance(index, int) and index < len(gold) else 0
    return float(value) if isinstance(value, (int, float)) else 0.0
