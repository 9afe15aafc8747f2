"""Tags of models that other tools trained, in any scheme, read as IOB2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.values import Batch, Labels, Loss
from ftk.data.examples.tags import OUTSIDE, Tag, Units, iob2_labels, parse_tag, units_of
from ftk.data.rows.tags.tag_spelling import is_outside_word, spelling_of
from ftk.data.text.words import Words
from ftk.errors import ConfigError, ModelError
from ftk.tasks.shared.adopted_labels import adopted_labels, adopted_names

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_NO_TAGS = frozenset({"pad", "cls", "sep", "s", "/s", "x", "mask", "unk", "ignore", "start", "stop", "bos", "eos"})
"""Outputs that some tools give to tokens that are no words, or to further sub-words, without brackets and case."""
_LEFT_OUT = ""
_IMPOSSIBLE = -1e4
"""The log-probability of a tag that a model does not have."""
_LESS = np.float32(1e-4)
"""How much less likely it is that an entity begins with an inside tag than that one goes on."""
_MANY = 1000
_SCHEMES = (("ES", "BIOES"), ("B", "BIO"), ("I", "IO"))


@dataclass(frozen=True, slots=True)
class ModelTags:
    """How the outputs of a model give the scores of IOB2 tags.

    Attributes:
        labels: the IOB2 tags, in the order of ``iob2_labels``.
        outputs: for each tag the numbers of the outputs that mean it; none for a tag that the model does not have.
        begun: for each type, in the order of the labels, whether the model has a tag that begins its spans.
    """

    labels: tuple[str, ...]
    outputs: tuple[tuple[int, ...], ...]
    begun: tuple[bool, ...]

    @classmethod
    @lru_cache(maxsize=16)  # asked for once a batch
    def of(cls, tags: tuple[str, ...]) -> ModelTags:
        """The way from these outputs to IOB2.

        Where a type has no tag that begins it, as in IO, its inside tags do.

        Args:
            tags: the tag of each output in its usual spelling; empty for one that is left out.
        """
        parsed = [parse_tag(tag) or Tag("O", "") if tag else None for tag in tags]
        found: dict[tuple[str, str], list[int]] = {}
        for number, tag in enumerate(parsed):
            if tag is not None:
                place = "O" if tag.letter == "O" else "B" if tag.letter in ("B", "S") else "I"
                found.setdefault((place, tag.type), []).append(number)
        labels = iob2_labels(tag.type for tag in parsed if tag is not None and tag.letter != "O")
        outputs = []
        for label in labels:
            place, kind = label[0], label[2:]
            own = found.get((place, kind), found.get(("I", kind), []) if place == "B" else [])
            outputs.append(tuple(own))
        begun = tuple(("B", label[2:]) in found for label in labels if label[0] == "B")
        return cls(tuple(labels), tuple(outputs), begun)

    def scores(self, logits: Tensor) -> Tensor:
        """[words, labels] log-probabilities: that of a tag is the highest of the outputs that mean it.

        Args:
            logits: [words, outputs].
        """
        import torch

        own = logits.float().log_softmax(-1)
        own = torch.cat(
            [own, own.new_full((len(own), 1), _IMPOSSIBLE)], dim=-1
        )  # for tags that the model does not have
        width = max(map(len, self.outputs))
        places = [[*numbers, *[-1] * (width - len(numbers))] for numbers in self.outputs]
        return own[:, torch.tensor(places, device=own.device)].amax(-1)

    @staticmethod
    def loss(scores: Tensor, batch: Batch) -> Loss:
        """The summed negative log-probability of the right tags.

        Args:
            scores: [words, labels], from ``scores``.
            batch: has the labels of the words, -1 for those that the model does not know.
        """
        known = batch.targets["label"] >= 0
        each = -scores[known].gather(1, batch.targets["label"][known, None])[:, 0]
        weight = batch.targets.get("weight")
        return Loss((each if weight is None else each * weight[known]).sum(), batch.count)

    def decoded(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """[words, labels] the log-probabilities for decoding, in which an entity may begin with an inside tag.

        The scheme of a model is not known from its tags: in IOB1, and for tools that do not check the order of tags, an
        inside tag after O begins an entity. A word goes on with the entity before it rather than begin one of the same
        type, unless a tag of the model says so.

        Args:
            scores: [words, labels], from ``scores``.
        """
        found = scores.copy()
        begins = np.where(self.begun, scores[:, 1::2], np.float32(-np.inf))
        found[:, 1::2] = np.maximum(begins, scores[:, 2::2] - _LESS)
        return found


@dataclass(frozen=True, slots=True)
class AdoptedTags:
    """The tags of a model that another tool trained.

    Attributes:
        units: whether they mark spans.
        labels: IOB2 tags for spans, else the tags themselves.
        tags: the tag of each output in its usual spelling, for spans; else None.
    """

    units: Units
    labels: Labels
    tags: list[str] | None

    @classmethod
    def of(
        cls, head: SavedHead, units: Units, label_map: Any, label_names: Sequence[str] | None, notes: Notes
    ) -> AdoptedTags:
        """The tags of a head.

        Args:
            head: of the model.
            units: ``task.units``; auto lets the tags decide.
            label_map: ``task.label_map``.
            label_names: ``task.label_names``.
            notes: collects how the tags are read.

        Raises:
            ConfigError: the fields do not fit the outputs of the model.
            ModelError: the tags are no tags of spans, and ``units`` says that they are.
        """
        quiet = Notes()
        names = adopted_names(head, label_map, label_names, quiet, types=True, unused=_is_outside)
        usual = _usual(names)
        if units is Units.auto:
            units = units_of(dict.fromkeys((tag for tag in usual if tag), 1))
            units = Units.spans if units is Units.spans else Units.tokens
        if units is Units.tokens:
            return cls(units, adopted_labels(head, label_map, label_names, notes), None)
        _check_spans(head, names, usual)
        mapping = ModelTags.of(tuple(usual))
        _report(names, usual, mapping, notes)
        return cls(units, Labels(mapping.labels), usual)


def _usual(names: Sequence[str]) -> list[str]:
    """The tags in their usual spelling; empty for outputs that are no tags of words."""
    counts = {name: _MANY if name == OUTSIDE or is_outside_word(name) else 1 for name in names if not _is_no_tag(name)}
    written = spelling_of(counts, bare=True).written
    return [_LEFT_OUT if _is_no_tag(name) else written.get(name, name) for name in names]


def _is_outside(name: str) -> bool:
    return name == OUTSIDE or _is_no_tag(name)


def _is_no_tag(name: str) -> bool:
    return name.casefold().strip("[]<>(){}_ ") in _NO_TAGS


def _check_spans(head: SavedHead, names: Sequence[str], usual: Sequence[str]) -> None:
    """Refuse tags that are no tags of spans.

    Raises:
        ModelError: with what names them.
    """
    if all(name.isdigit() or name.startswith("LABEL_") for name in names):
        raise ModelError(
            f"task=ner (task.units=spans): the tags of the model ({len(names)}) have no names. "
            "'task.label_names=[O,B-PER,I-PER,…]' names them in the order of its outputs."
        )
    parsed = {tag: parse_tag(tag) for tag in usual if tag}
    lettered = any(one is not None and one.letter not in ("", "O") for one in parsed.values())
    bare = [tag for tag, one in parsed.items() if one is None or (lettered and not one.letter)]
    if OUTSIDE not in parsed:
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise ModelError(
            f"task=ner (task.units=spans): no tag of the model is O ({shown}). "
            f"task.label_map={pasted({names[0]: OUTSIDE})} says which one is outside of all spans; with "
            "task=token-classification task.units=tokens, each word has a tag of its own."
        )
    if bare:
        raise ConfigError(
            f"task.label_map=null: of the model's tags, {', '.join(bare[:5])} have no letter of a scheme, and others "
            f"have one. task.label_map={pasted({bare[0]: f'I-{bare[0]}'})} reads one as the type of a span, "
            f"{pasted({bare[0]: OUTSIDE})} as outside."
        )


def _report(names: Sequence[str], usual: Sequence[str], mapping: ModelTags, notes: Notes) -> None:
    types = [label[2:] for label in mapping.labels if label[0] == "B"]
    letters = {tag[0] for tag in usual if tag and tag != OUTSIDE and parse_tag(tag) != Tag("", tag)}
    letters = {"E" if letter in "EL" else "S" if letter in "SUW" else letter for letter in letters}
    scheme = next((name for signs, name in _SCHEMES if letters & set(signs)), "types without a letter")
    shown = ", ".join(types[:20]) + (", …" if len(types) > 20 else "")
    notes.add(kinds.MODEL_TAGS, outputs=len(names), types=shown, scheme=scheme)
    if left := [name for name, tag in zip(names, usual, strict=True) if not tag]:
        notes.add(kinds.TAGS_LEFT_OUT, tags=", ".join(left))


def adopt_tags(asked: Any, head: SavedHead, notes: Notes) -> tuple[Any, Labels]:
    """The task, reading text as it does after training on tokens, and the tags of the model as ``units`` says."""
    words = asked.words if asked.words is not Words.auto else Words.coarse
    found = AdoptedTags.of(head, asked.units, asked.label_map, asked.label_names, notes)
    return replace(asked, units=found.units, words=words, shared_subwords=True, model_tags=found.tags), found.labels
