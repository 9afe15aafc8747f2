"""How the tags of words are explained: each span that was found, or each token with a given tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ftk.contracts.explanations import Part, ReadText, Wanted
from ftk.data.examples.tags import OUTSIDE, Units
from ftk.data.rows.label_names import in_order
from ftk.data.text.word_windows import SubwordEncoder, words_of_subwords
from ftk.tasks.shared.explained_texts import leads
from ftk.tasks.token_classification.spacing import Spacing
from ftk.tasks.token_classification.subwords import EncodedText

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.contexts import Encoding
    from ftk.contracts.values import Labels
    from ftk.data.text.words import Words


@dataclass(frozen=True, slots=True)
class TagExplains:
    """Explains the spans of words, or single tags.

    Attributes:
        spans: whether tags mark spans.
        splitting: how texts are split into words.
        spacing: of the tokens in the training rows.
        shared: whether words may share a sub-word.
    """

    spans: bool
    splitting: Words
    spacing: Spacing | None
    shared: bool

    @classmethod
    def of(cls, task: Any) -> TagExplains:
        """What explains the predictions of a task."""
        spacing = Spacing.of_field(task.spacing)
        return cls(task.units is Units.spans, task.words, spacing, bool(task.shared_subwords))

    @property
    def needs_label(self) -> bool:
        """Each token has a tag."""
        return not self.spans

    def texts(self, example: Any) -> list[ReadText]:
        """The text with the words that have tags."""
        return [ReadText("text", example.text, example.starts, example.ends)]

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window, [tokens] the word of each token."""
        encoder = SubwordEncoder(encoding.processor, encoding.windows)
        if self.shared:
            texts = [EncodedText.of(example, self.splitting, self.spacing) for example in examples]
        else:
            texts = [EncodedText(example.text, example.starts, example.ends) for example in examples]
        rows = encoder.encode(
            [text.text for text in texts],
            [(text.starts, text.ends) for text in texts],
            shared=self.shared,
            cuts=[text.cuts for text in texts],
        )
        found = []
        for text, row in zip(texts, rows, strict=True):
            word = words_of_subwords(text.text, row.spans, text.starts, text.ends)
            for window in row.windows:
                number = np.arange(len(window.input_ids)) + window.offset
                inside = (number >= max(0, window.offset + len(encoder.prefix))) & (
                    number < window.offset + len(window.input_ids) - len(encoder.suffix)
                )
                found.append(np.where(inside, word[np.clip(number, 0, max(0, len(word) - 1))], -1))
        return found

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """The types of spans, or the tags."""
        assert labels is not None
        if not self.spans:
            return labels.names
        return tuple(in_order({name[2:] for name in labels.names if name != OUTSIDE}))

    def wanted(
        self,
        example: Any,
        record: dict[str, Any],
        windows: range,
        features: Any,
        labels: Labels | None,
        only: str | None,
    ) -> list[Wanted]:
        """Each span of the record, or each token with the tag that was asked for."""
        assert labels is not None
        starts, ends = np.asarray(example.starts), np.asarray(example.ends)
        if not self.spans:
            tags = record["tags"]
            chosen = [([word], [only], only) for word, tag in enumerate(tags) if tag == only]
        else:
            chosen = []
            for entity in record["entities"]:
                if only is not None and entity["label"] != only:
                    continue
                inside = np.flatnonzero((starts >= entity["start"]) & (ends <= entity["end"])).tolist()
                if not inside:  # of no word that has a tag
                    continue
                tags = [f"{'I' if place else 'B'}-{entity['label']}" for place in range(len(inside))]
                chosen.append((inside, tags, entity["label"]))
        found = []
        for words, tags, name in chosen:
            start, end = int(starts[words[0]]), int(ends[words[-1]])
            about = {"label": name, "start": start, "end": end, "text": example.text[start:end]}
            ids = {word: labels.ids[tag] for word, tag in zip(words, tags, strict=True) if tag in labels.ids}
            found.append(Wanted(about, tuple(_parts(ids, windows, features))))
        return found

    def values(self, outputs: Tensor, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] the mean lead of the tags of a span over the other tags of its words."""
        import torch

        sizes = [len(features.columns["word"][part.window]) for part in parts]
        begins = np.cumsum([0, *sizes[:-1]])
        rows = [begin + place for begin, part in zip(begins, parts, strict=True) for place, _ in part.key]
        tags = [tag for part in parts for _, tag in part.key]
        owner = [number for number, part in enumerate(parts) for _ in part.key]
        device = outputs.device
        each = leads(outputs[torch.tensor(rows, device=device)], torch.tensor(tags, device=device))
        sums = torch.zeros(len(parts), device=device).index_add(0, torch.tensor(owner, device=device), each)
        return sums / torch.tensor([len(part.key) for part in parts], device=device)


def _parts(ids: dict[int, int], windows: range, features: Any) -> list[Part]:
    """The places in the outputs of each window that decide about some words.

    Args:
        ids: the label of each word.
        windows: of the row.
        features: of all rows.
    """
    places: dict[int, list[tuple[int, int]]] = {}
    seen: set[int] = set()
    for window in windows:
        for place, word in enumerate(features.columns["word"][window].tolist()):
            if word in ids and word not in seen:  # the first sub-word of a word decides
                seen.add(word)
                places.setdefault(window, []).append((place, ids[word]))
    return [Part(window, tuple(key), len(key) / len(seen)) for window, key in places.items()]
