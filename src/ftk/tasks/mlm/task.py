"""Masked language modelling: words are hidden, and the model learns to predict them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ftk.contracts.contexts import RowOutputs, SampleSeed
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus, Predictor
from ftk.contracts.spec import TaskSpec, adopt_as_it_is
from ftk.contracts.task import Task
from ftk.contracts.values import Batch, Labels, Loss
from ftk.data.documents.token_store import TokenStore
from ftk.data.text.block_frame import BlockFrame
from ftk.tasks.mlm.batches import masked_batch
from ftk.tasks.mlm.blocks import Blocks, DocumentBlocks, StreamBlocks
from ftk.tasks.mlm.corpus import TextCorpus
from ftk.tasks.mlm.fill_mask import FillMask
from ftk.tasks.mlm.masking import Masking
from ftk.tasks.mlm.metric import BlockScore, MaskedMetric
from ftk.tasks.mlm.pair_blocks import PairBlocks
from ftk.tasks.mlm.policies import Packing, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.config.schema import DataConfig

_DEMO = "ner"


@dataclass(slots=True)
class MaskedOutputs:
    """The outputs of the model for a batch.

    Attributes:
        logits: [masked tokens, vocabulary].
        pairs: [blocks, 2] for next-sentence prediction: the second text follows, or does not.
    """

    logits: Tensor
    pairs: Tensor | None


@dataclass(kw_only=True)
class MaskedLanguageModel(Task):
    """Pretraining by masking (Devlin et al. 2019). The fields are described in ``configs/task/mlm.yaml``."""

    mask_share: float
    mask_token_share: float
    random_token_share: float
    mask_unit: Unit
    span_mean: float
    span_longest: int
    packing: Packing
    next_sentence: bool
    top_k: int

    @property
    def spec(self) -> TaskSpec:
        return TaskSpec(
            adopt=adopt_as_it_is,
            command="pretrain",
            columns=("text", "tokens"),
            score="loss",
            higher_is_better=False,
            lower_is_better=frozenset({"loss", "perplexity", "mlm_loss", "next_sentence_loss"}),
            writes_records=False,
            demo=_DEMO,
            auto_model="AutoModelForPreTraining" if self.next_sentence else "AutoModelForMaskedLM",
        )

    def validate(self, labels: Labels | None = None) -> Iterator[str]:
        if not 0 < self.mask_share < 1:
            yield f"task.mask_share={self.mask_share}: it must be above 0 and below 1."
        for name in ("mask_token_share", "random_token_share"):
            if not 0 <= getattr(self, name) <= 1:
                yield f"task.{name}={getattr(self, name)}: it must be between 0 and 1."
        if self.mask_token_share + self.random_token_share > 1:
            yield (
                f"task.random_token_share={self.random_token_share}: it is more than 1 together with "
                f"task.mask_token_share={self.mask_token_share}."
            )
        if self.span_mean < 1:
            yield f"task.span_mean={self.span_mean}: a span has at least one word."
        for name in ("span_longest", "top_k"):
            if getattr(self, name) < 1:
                yield f"task.{name}={getattr(self, name)}: it must be 1 or more."
        if self.next_sentence and self.packing is Packing.documents:
            yield (
                "task.packing=documents: with task.next_sentence=true each block is one pair, and nothing is packed."
            )

    @property
    def _masking(self) -> Masking:
        return Masking(
            share=self.mask_share,
            mask_token=self.mask_token_share,
            random_token=self.random_token_share,
            unit=self.mask_unit,
            span_mean=self.span_mean,
            span_longest=self.span_longest,
        )

    def open_corpus(
        self, data: DataConfig, notes: Notes, *, labels: Labels | None = None, test_only: bool = False
    ) -> Corpus:
        names = ("test",) if test_only else ("train", "validation", "test")
        words = self._masking.needs_words
        corpus = TextCorpus.open(data, names, notes, demo=_DEMO, words=words, blocks=self._blocks)
        corpus.task = self
        return corpus

    def _blocks(self, store: TokenStore, documents: NDArray[Any], length: int, frame: BlockFrame) -> Blocks:
        """The blocks of some documents, packed as the fields say."""
        if self.next_sentence:
            return PairBlocks(store, documents, length, frame)
        kind = StreamBlocks if self.packing is Packing.stream else DocumentBlocks
        return kind(store, documents, length, frame)

    def predictor(self) -> Predictor:
        return FillMask(top_k=self.top_k)

    def check_model(self, model: Any, features: Blocks) -> None:
        from ftk.tasks.mlm.model_inputs import check_architecture

        documents = self.packing is Packing.documents
        check_architecture(model, features, documents=documents, next_sentence=self.next_sentence)

    def collate(self, features: Blocks, windows: Sequence[int], seed: SampleSeed | None) -> Batch:
        """``masked_batch``."""
        return masked_batch(features, windows, seed, self._masking)

    def forward(self, model: Any, batch: Batch) -> MaskedOutputs:
        from ftk.models.forward.masked_positions import outputs_at
        from ftk.tasks.mlm.model_inputs import separate_documents

        inputs = batch.inputs
        if "document" in batch.targets:
            inputs = {"input_ids": inputs["input_ids"], **separate_documents(model, batch.targets["document"])}
        outputs = outputs_at(model, inputs, batch.targets["position"])
        pairs = outputs["seq_relationship_logits"].float() if self.next_sentence else None
        return MaskedOutputs(outputs["logits"][0], pairs)

    def loss(self, outputs: MaskedOutputs, batch: Batch) -> Loss:
        from torch.nn.functional import cross_entropy

        from ftk.kernels.cross_entropy import cross_entropy_sum

        total = cross_entropy_sum(outputs.logits, batch.targets["label"])
        if outputs.pairs is not None:
            pairs = cross_entropy(outputs.pairs, batch.targets["follows"], reduction="none")
            total = total + (batch.targets["pair_weight"] * pairs).sum()
        return Loss(total, batch.count)

    def to_numpy(self, outputs: MaskedOutputs, features: Blocks, batch: Batch) -> list[NDArray[Any]]:
        """[5] for each block: the loss, the number of right tokens and of masked tokens; the loss of the pair, and
        whether it is right."""
        import torch
        from torch.nn.functional import cross_entropy

        blocks, time = batch.inputs["input_ids"].shape
        label = batch.targets["label"]
        row = batch.targets["position"] // time
        exact = torch.float64 if label.device.type != "mps" else torch.float32  # MPS has no fp64
        scores = torch.zeros(blocks, 5, dtype=exact, device=label.device)
        scores[:, 0].index_add_(0, row, cross_entropy(outputs.logits.float(), label, reduction="none").to(exact))
        scores[:, 1].index_add_(0, row, (outputs.logits.argmax(-1) == label).to(exact))
        scores[:, 2].index_add_(0, row, torch.ones_like(row, dtype=exact))
        if outputs.pairs is not None:
            follows = batch.targets["follows"]
            scores[:, 3] = cross_entropy(outputs.pairs, follows, reduction="none").to(exact)
            scores[:, 4] = (outputs.pairs.argmax(-1) == follows).to(exact)
        return list(scores.cpu().numpy())

    def decode(self, examples: Sequence[int], outputs: RowOutputs, labels: Labels | None) -> list[BlockScore]:
        """The scores of each block."""
        scores = (outputs.of(row)[0] for row in range(len(examples)))
        return [
            BlockScore(float(loss), int(right), int(masked), float(pair_loss), int(pair_right))
            for loss, right, masked, pair_loss, pair_right in scores
        ]

    def metric(self, labels: Labels | None) -> MaskedMetric:
        return MaskedMetric(pairs=self.next_sentence)

    def record(self, example: int, prediction: BlockScore) -> dict[str, Any]:
        """The scores of one block."""
        return {
            "block": example,
            "loss": prediction.loss / max(1, prediction.masked),
            "accuracy": prediction.right / max(1, prediction.masked),
            "masked_tokens": prediction.masked,
        }
