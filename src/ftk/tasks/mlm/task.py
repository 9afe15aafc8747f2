"""Masked language modelling: words are hidden, and the model learns to say what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.contracts.protocols import Corpus, Predictor
from ftk.contracts.task import Task
from ftk.contracts.values import Batch, Labels, Loss, Noise
from ftk.errors import ModelError
from ftk.tasks.mlm.metric import BlockScore, MaskedMetric
from ftk.tasks.mlm.policies import Packing, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.config.schema import DataConfig
    from ftk.contracts.notes import Notes
    from ftk.tasks.mlm.blocks import Blocks
    from ftk.tasks.mlm.masking import Masking


@dataclass(slots=True)
class MaskedOutputs:
    """What the model says of a batch.

    Attributes:
        logits: [masked tokens, vocabulary].
        pairs: [blocks, 2] for next-sentence prediction: the second text follows, or does not.
    """

    logits: Tensor
    pairs: Tensor | None


@dataclass(kw_only=True)
class MaskedLanguageModel(Task):
    """Pretraining by masking (Devlin et al. 2019). The fields are described in ``configs/task/mlm.yaml``."""

    command: ClassVar[str] = "pretrain"
    roles: ClassVar[tuple[str, ...]] = ("text", "tokens")
    demo: ClassVar[str | None] = "ner"
    score: ClassVar[str] = "loss"
    higher_is_better: ClassVar[bool] = False
    writes_records: ClassVar[bool] = False

    mask_share: float
    mask_token_share: float
    random_token_share: float
    mask_unit: Unit
    span_mean: float
    span_longest: int
    packing: Packing
    next_sentence: bool
    top_k: int

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not 0 < self.mask_share < 1:
            yield f"task.mask_share={self.mask_share}: it is a share, above 0 and below 1."
        for name in ("mask_token_share", "random_token_share"):
            if not 0 <= getattr(self, name) <= 1:
                yield f"task.{name}={getattr(self, name)}: it is a share, between 0 and 1."
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
    def auto_model(self) -> str:  # type: ignore[override]
        return "AutoModelForPreTraining" if self.next_sentence else "AutoModelForMaskedLM"

    def training_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        from ftk.tasks.mlm.corpus import TextCorpus

        return TextCorpus.open(self, data, ("train", "validation", "test"), notes)

    def test_corpus(self, data: DataConfig, labels: Labels | None, notes: Notes) -> Corpus:
        from ftk.tasks.mlm.corpus import TextCorpus

        return TextCorpus.open(self, data, ("test",), notes)

    def predictor(self) -> Predictor:
        from ftk.tasks.mlm.fill_mask import FillMask

        return FillMask(top_k=self.top_k)

    @property
    def needs_words(self) -> bool:
        """Whether masking has to know where words begin."""
        return self.mask_unit is not Unit.token

    def blocks(self, store: Any, documents: NDArray[Any], length: int, frame: Any) -> Blocks:
        """The blocks of some documents, packed as the fields say."""
        from ftk.tasks.mlm.blocks import DocumentBlocks, PairBlocks, StreamBlocks

        kind: type[Blocks] = StreamBlocks if self.packing is Packing.stream else DocumentBlocks
        return (PairBlocks if self.next_sentence else kind)(store, documents, length, frame)

    def check_model(self, model: Any, features: Blocks) -> None:
        """Try on a short batch whether the architecture can do it: architectures are not known by name."""
        import numpy as np
        import torch

        from ftk.models.forward.masked_positions import keeps_documents_apart, outputs_at

        known = len(features.frame.is_special)
        entries = getattr(model.config, "vocab_size", known)
        if known > entries:
            raise ModelError(
                f"the tokenizer has {known:,} entries and {type(model).__name__} embeds {entries:,}: they do not "
                "belong together, see model.tokenizer.name."
            )
        device = next(model.parameters()).device
        half = features.length // 2
        ids = np.resize(features.frame.ordinary, 2 * half)
        packed = torch.from_numpy(ids.astype(np.int64))[None].to(device)
        if self.packing is Packing.documents:
            document = torch.arange(2 * half, device=device)[None] // half
            alone = [{"input_ids": part} for part in packed.split(half, dim=1)]
            inputs = {"input_ids": packed, **_apart(model, document)}
            if not keeps_documents_apart(model, inputs, alone):
                raise ModelError(
                    f"task.packing=documents: {type(model).__name__} does not keep packed documents apart (it reads "
                    "them otherwise than each alone). Use task.packing=stream."
                )
        with torch.inference_mode():
            outputs = outputs_at(model, {"input_ids": packed}, torch.zeros(1, dtype=torch.int64, device=device))
        if self.next_sentence and "seq_relationship_logits" not in outputs:
            raise ModelError(
                f"task.next_sentence=true: transformers has no next-sentence head for this architecture "
                f"({type(model).__name__}); BERT has one."
            )

    def collate(self, features: Blocks, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``: [blocks, time], the chosen tokens hidden; ``position``: [masked] in
        blocks * time; ``label``: [masked] what stood there. For packed documents ``document``: [blocks, time], for
        pairs ``token_type_ids``: [blocks, time], ``follows`` and ``pair_weight``: [blocks]."""
        import numpy as np
        import torch

        from ftk.data.batching.features import padded_inputs
        from ftk.data.batching.random_draws import CounterRandom
        from ftk.tasks.mlm.blocks import PairBlocks

        rows = np.asarray(windows, dtype=np.int64)
        # Validation hides the same tokens every time, whatever the seed of the run.
        seed, epoch = (noise.seed, noise.epoch) if noise is not None else (0, np.full(len(rows), -1))
        draws = CounterRandom(seed, epoch, rows)
        pairs = None
        if isinstance(features, PairBlocks):
            pairs = [features.pair(int(row), draws.generator(place)) for place, row in enumerate(rows)]
            blocks = [pair.block for pair in pairs]
        else:
            blocks = [features.block(int(row)) for row in rows]
        inputs, tokens = padded_inputs([block.input_ids for block in blocks], pad_id)
        ids = inputs["input_ids"].numpy()
        real = inputs["attention_mask"].numpy() > 0
        begins = None
        if self.needs_words:
            begins = np.ones(ids.shape, dtype=np.bool_)
            begins[real] = np.concatenate([block.words for block in blocks if block.words is not None])
        text = real & ~features.frame.is_special[ids]
        hidden, chosen = self._masking(ids, text, begins, draws, features.frame.mask_id, features.frame.ordinary)
        inputs["input_ids"] = torch.from_numpy(hidden)
        position = np.flatnonzero(chosen)
        targets = {"position": torch.from_numpy(position), "label": torch.from_numpy(ids.ravel()[position])}
        if self.packing is Packing.documents:
            document = np.full(ids.shape, -1, dtype=np.int64)
            document[real] = np.concatenate([block.document for block in blocks if block.document is not None])
            targets["document"] = torch.from_numpy(document)
        if pairs is not None:
            segment = np.zeros(ids.shape, dtype=np.int64)
            segment[real] = np.concatenate([pair.segment for pair in pairs])
            inputs["token_type_ids"] = torch.from_numpy(segment)
            targets["follows"] = torch.tensor([0 if pair.follows else 1 for pair in pairs])
            # The paper adds two means. So does this sum, over blocks that hide equally many tokens, as full ones do; it
            # is additive, so that it does not depend on how a batch is cut.
            targets["pair_weight"] = torch.from_numpy(chosen.sum(axis=1).astype(np.float32))
        return Batch(inputs, targets, windows, len(position), tokens)

    @property
    def _masking(self) -> Masking:
        from ftk.tasks.mlm.masking import Masking

        return Masking(
            share=self.mask_share,
            mask_token=self.mask_token_share,
            random_token=self.random_token_share,
            unit=self.mask_unit,
            span_mean=self.span_mean,
            span_longest=self.span_longest,
        )

    def forward(self, model: Any, batch: Batch) -> MaskedOutputs:
        from ftk.models.forward.masked_positions import outputs_at

        inputs = batch.inputs
        if "document" in batch.targets:
            inputs = {"input_ids": inputs["input_ids"], **_apart(model, batch.targets["document"])}
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

    def outputs(self, outputs: MaskedOutputs, features: Blocks, batch: Batch) -> list[NDArray[Any]]:
        """[5] for each block: the loss, how many were right and how many were masked; loss and rightness of the
        pair."""
        import torch
        from torch.nn.functional import cross_entropy

        blocks, time = batch.inputs["input_ids"].shape
        label = batch.targets["label"]
        row = batch.targets["position"] // time
        scores = torch.zeros(blocks, 5, dtype=torch.float64, device=label.device)
        scores[:, 0].index_add_(0, row, cross_entropy(outputs.logits.float(), label, reduction="none").double())
        scores[:, 1].index_add_(0, row, (outputs.logits.argmax(-1) == label).double())
        scores[:, 2].index_add_(0, row, torch.ones_like(row, dtype=torch.float64))
        if outputs.pairs is not None:
            follows = batch.targets["follows"]
            scores[:, 3] = cross_entropy(outputs.pairs, follows, reduction="none").double()
            scores[:, 4] = (outputs.pairs.argmax(-1) == follows).double()
        return list(scores.cpu().numpy())

    def decode(
        self,
        examples: Sequence[int],
        features: Blocks,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[BlockScore]:
        scores = (outputs[number] for number in range(first_row, first_row + len(examples)))
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


def _apart(model: Any, document: Tensor) -> dict[str, Any]:
    """Inputs that let each token attend to its own document only, whose positions count from its begin.

    Args:
        model: tells where its positions begin, and what its attention takes.
        document: [blocks, time]; -1 for padding, which then attends to itself and to nothing else.
    """
    import torch

    from ftk.kernels import attention
    from ftk.models.loading.model_config import first_position

    same = (document[:, :, None] == document[:, None, :])[:, None]
    place = torch.arange(document.shape[1], device=document.device).expand_as(document)
    new = torch.ones_like(document, dtype=torch.bool)
    new[:, 1:] = document[:, 1:] != document[:, :-1]
    start = torch.where(new, place, 0).cummax(dim=1).values
    config = model.config
    masks = {"full_attention": same}
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()):
        near = (place[:, :, None] - place[:, None, :]).abs() <= config.sliding_window
        masks["sliding_attention"] = same & near[:, None]
    added = not (model._supports_sdpa and config._attn_implementation in ("sdpa", attention.NAME))
    if added:  # to the scores, by any other attention
        lowest = torch.finfo(torch.float32).min
        masks = {name: torch.where(mask, 0.0, lowest) for name, mask in masks.items()}
    mask = masks if len(masks) > 1 else masks["full_attention"]
    return {"attention_mask": mask, "position_ids": place - start + first_position(model)}
