"""How the score of a query and a candidate is explained, by a model that reads both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.contexts import Encoding, SampleSeed
from ftk.contracts.explanations import Over, Part, ReadText, Wanted
from ftk.contracts.values import Batch, Labels
from ftk.data.batching.features import Features, Ragged
from ftk.data.examples.texts import TextExample
from ftk.tasks.ranking.policies import ROLES
from ftk.tasks.shared.explained_texts import Outputs, TextExplains, read_text
from ftk.tasks.shared.text_input import Pooling, TextInput, logits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.data.examples.rankings import RankingExample


@dataclass(slots=True)
class PairExample(TextExample):
    """A query with the candidate whose score is explained.

    Attributes:
        index: of the candidate in its row; None if it is the only one.
    """

    index: int | None = None


class _NoTargets:
    """Pairs from which nothing is learned."""

    @staticmethod
    def sampling_weights(examples: Sequence[Any]) -> None:
        return None

    @staticmethod
    def columns(examples: Sequence[Any], labels: Labels | None) -> dict[str, Ragged]:
        return {}

    @staticmethod
    def tensors(features: Features, windows: Sequence[int]) -> dict[str, Tensor]:
        return {}

    @staticmethod
    def count(targets: Mapping[str, Tensor], windows: Sequence[int]) -> int:
        return len(windows)


class Pairs:
    """Runs a cross-encoder over single pairs."""

    _texts: ClassVar[TextInput] = TextInput(Pooling.max, True, (), ROLES)

    def features(self, examples: Sequence[Any], encoding: Encoding) -> Features:
        """The windows of some pairs."""
        return self._texts.features(examples, encoding, _NoTargets())

    def collate(self, features: Features, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``input_ids``, ``attention_mask``, ``token_type_ids``: [windows, time]."""
        return self._texts.collate(features, windows, _NoTargets())

    def forward(self, model: Any, batch: Batch) -> Tensor:
        """[windows, 1] scores."""
        return logits_of(model, batch)


@dataclass(frozen=True, slots=True)
class PairExplains:
    """Explains the score of the best candidate, or of the only one."""

    needs_label: ClassVar[bool] = False
    runs: ClassVar[Pairs] = Pairs()
    _as_texts: ClassVar[TextExplains] = TextExplains(Pooling.max, Outputs.numbers, roles=ROLES)

    def example(self, example: RankingExample, record: dict[str, Any]) -> PairExample:
        """The query with this candidate."""
        best = record["candidates"][0] if "candidates" in record else {"text": record["candidate"], "index": None}
        return PairExample(
            text=example.query,
            pair=best["text"],
            target=None,
            gold=None,
            weight=1.0,
            row=example.row,
            columns={},
            index=best["index"],
        )

    def texts(self, example: PairExample) -> list[ReadText]:
        """The query and the candidate."""
        return [read_text("query", example.text), read_text("candidate", example.pair or "")]

    def words(self, examples: Sequence[Any], encoding: Encoding) -> list[NDArray[Any]]:
        """For each window, [tokens] the word of each token."""
        return self._as_texts.words(examples, encoding)

    def names(self, labels: Labels | None) -> tuple[str, ...]:
        """None: a score has no label."""
        return ()

    def wanted(
        self,
        example: PairExample,
        record: dict[str, Any],
        windows: range,
        features: Any,
        labels: Labels | None,
        only: str | None,
    ) -> list[Wanted]:
        """The score of the candidate."""
        about = {"index": example.index, "text": example.pair}
        return [Wanted(about, tuple(Part(window, 0) for window in windows), Over.max)]

    def values(self, outputs: Tensor, features: Any, parts: Sequence[Part]) -> Tensor:
        """[parts] the scores."""
        return outputs[:, 0]
