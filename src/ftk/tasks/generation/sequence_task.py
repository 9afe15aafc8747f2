"""What tasks share that write a text from another one: reading, teacher forcing, generating where it is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ftk.config.schema import DataConfig, Unseen
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.row import Row
from ftk.contracts.values import Batch, Labels, Loss, Noise
from ftk.data.examples.sequences import SequenceExample, SequenceReader, Written
from ftk.tasks.shared.class_weights import drawn_by_weight
from ftk.tasks.shared.row_task import RowTask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.values import WindowPlan
    from ftk.data.batching.features import Features
    from ftk.tasks.generation.features import SequenceFeatures


_MOST_BEAMS = 1000


class LongSources(Enum):
    """What to do with a source that is longer than a window."""

    first = "first"
    error = "error"


class LongTargets(Enum):
    """What to do with a target that is longer than what is learned of one."""

    cut = "cut"
    error = "error"


@dataclass(frozen=True, slots=True)
class Said:
    """What an encoder-decoder says of a batch.

    Attributes:
        logits: [targets, vocabulary] of the tokens of targets; None where there are none.
        generated: generates; it is called for what is to be predicted, and never in training.
    """

    logits: Tensor | None
    generated: Callable[[], list[NDArray[np.int32]]]


@dataclass(kw_only=True)
class SequenceTask(RowTask):
    """A text for a text, from an encoder-decoder that learns it token by token with the tokens before it given."""

    roles: ClassVar[tuple[str, ...]] = ("source", "target", "weight")
    auto_model: ClassVar[str] = "AutoModelForSeq2SeqLM"
    rows_at_once: ClassVar[int] = 64

    source_prefix: str
    long_sources: LongSources
    max_target_length: int
    long_targets: LongTargets
    label_smoothing: float
    generate_every: int | None
    generate_rows: int | None
    num_beams: int | None
    max_new_tokens: int | None
    length_penalty: float | None
    no_repeat_ngram_size: int | None
    do_sample: bool

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not 0 <= self.label_smoothing < 1:
            yield f"task.label_smoothing={self.label_smoothing}: it is a share, from 0 up to, but not, 1."
        for name in ("max_target_length", "generate_every", "generate_rows", "num_beams", "max_new_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                yield f"task.{name}={value}: it is a number from 1 on."
        if self.num_beams is not None and self.num_beams > _MOST_BEAMS:
            yield f"task.num_beams={self.num_beams}: {_MOST_BEAMS:,} at the most; time and memory grow with them."
        if self.no_repeat_ngram_size is not None and self.no_repeat_ngram_size < 0:
            yield f"task.no_repeat_ngram_size={self.no_repeat_ngram_size}: it is a number from 0 on."
        if self.length_penalty is not None and not abs(self.length_penalty) < float("inf"):
            yield f"task.length_penalty={self.length_penalty}: it is a finite number."

    @property
    def settings(self) -> dict[str, Any]:
        """What of the fields goes to the generation config of a model."""
        names = ("num_beams", "max_new_tokens", "length_penalty", "no_repeat_ngram_size", "do_sample")
        return {name: getattr(self, name) for name in names}

    @abstractmethod
    def with_words(self, references: Iterable[str], notes: Notes) -> SequenceTask:
        """The task with the way settled in which its scores take words, by the script of the training targets."""

    @abstractmethod
    def check_scores(self) -> None:
        """See whether the scores can be computed.

        Raises:
            ConfigError: a package is not installed.
        """

    def training_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        self.check_scores()
        return super().training_corpus(data, notes)

    def test_corpus(self, data: DataConfig, labels: Labels | None, notes: Notes) -> Corpus:
        self.check_scores()
        return super().test_corpus(data, labels, notes)

    def settle(self, rows: Sequence[Row], *, columns: dict[str, Any], notes: Notes) -> SequenceTask:
        def references() -> Iterator[str]:
            for row in rows:  # faults are told when all is read
                for example in self.read([row], columns=columns, labelled=True, notes=Notes()):
                    yield from example.references

        return self.with_words(references(), notes)

    def read(
        self, rows: Iterable[Row], *, columns: dict[str, Any], labelled: bool, notes: Notes
    ) -> list[SequenceExample]:
        return SequenceReader(columns=columns, labelled=labelled, notes=notes).read(rows)

    def key(self, example: SequenceExample) -> str:
        return example.source.strip()

    def texts(self, example: SequenceExample) -> Iterable[str]:
        """The source and the target that is learned."""
        return (self.source_prefix + example.source, *(example.targets or ())[:1])

    def labels(self, examples: Sequence[SequenceExample]) -> None:
        return None

    def check_labels(
        self, examples: Sequence[SequenceExample], labels: Labels | None, *, split: str, policy: Unseen, notes: Notes
    ) -> None:
        return

    def features(
        self,
        examples: Sequence[SequenceExample],
        tokenizer: Any,
        labels: Labels | None,
        plan: WindowPlan,
        notes: Notes,
    ) -> SequenceFeatures:
        import numpy as np

        from ftk.data.batching.features import Ragged
        from ftk.tasks.generation.features import SequenceEncoder, SequenceFeatures

        encoder = SequenceEncoder(tokenizer, plan, prefix=self.source_prefix, longest=self.max_target_length)
        rows: list[int] = []
        ids: list[NDArray[np.int32]] = []
        for number, (source, is_long) in enumerate(encoder.sources([example.source for example in examples])):
            row = examples[number].row
            if source is None and examples[number].source.strip():
                what = "row|rows of whose source the tokenizer leaves nothing"
                notes.count(what, "nothing is learned of them, and an empty text is written", row.where)
            if is_long:
                self._note_long_source(row, plan, notes)
            if source is not None:
                rows.append(number)
                ids.append(source)
        columns = {"input_ids": Ragged.of(ids)}
        if examples and all(example.targets is not None for example in examples):
            columns["labels"] = Ragged.of(self._targets(encoder, [examples[number] for number in rows], notes))
        notes.raise_errors()
        index = np.array(rows, dtype=np.int64)
        weights = drawn_by_weight(examples)
        return SequenceFeatures(columns, index, None if weights is None else weights[index], tokenizer)

    def _note_long_source(self, row: Row, plan: WindowPlan, notes: Notes) -> None:
        what = f"row|rows whose source is longer than {plan.length} tokens"
        if self.long_sources is LongSources.error:
            notes.error(what, "task.long_sources=first reads the first window; see data.max_length.", row.where)
        else:
            notes.count(what, "the first window is read (task.long_sources=first)", row.where)

    def _targets(self, encoder: Any, examples: Sequence[SequenceExample], notes: Notes) -> list[NDArray[np.int32]]:
        found = []
        texts = [example.targets[0] if example.targets else "" for example in examples]
        for example, (ids, is_long) in zip(examples, encoder.targets(texts), strict=True):
            found.append(ids)
            what = f"row|rows whose target is longer than {self.max_target_length} tokens"
            if is_long and self.long_targets is LongTargets.error:
                advice = "task.long_targets=cut learns their beginning; see task.max_target_length."
                notes.error(what, advice, example.row.where)
            elif is_long:
                notes.count(what, "their beginning is learned, and no end (task.long_targets=cut)", example.row.where)
        return found

    def collate(self, features: Features, windows: Sequence[int], pad_id: int, noise: Noise | None) -> Batch:
        """``input_ids``, ``attention_mask``: [windows, time].

        The targets: ``labels``, [windows, length], -100 where there is padding; ``label`` and ``place``, [tokens], the
        tokens of all targets one after the other, and where they are in the flat ``labels``. What the decoder is given
        the model makes of ``labels``, for it knows what a text begins with.
        """
        import torch

        from ftk.data.batching.features import padded_inputs
        from ftk.models.forward.generation import IGNORED

        columns = features.columns
        inputs, tokens = padded_inputs([columns["input_ids"][window] for window in windows], pad_id)
        if "labels" not in columns:
            return Batch(inputs, {}, windows, count=0, tokens=tokens)
        padded, count = padded_inputs([columns["labels"][window] for window in windows], IGNORED)
        labels = padded["input_ids"]
        place = torch.flatten(labels != IGNORED).nonzero()[:, 0]
        targets = {"labels": labels, "place": place, "label": labels.flatten()[place]}
        positions = inputs["input_ids"].numel() + labels.numel()
        return Batch(inputs, targets, windows, count=count, tokens=tokens + count, positions=positions)

    def check_model(self, model: Any, features: Features) -> None:
        from ftk.models.forward.generation import check_generates

        longest = int(features.columns["labels"].lengths.max(initial=0)) if "labels" in features.columns else 0
        check_generates(model, targets=longest, settings=self.settings)

    def configure(self, model: Any) -> None:
        """Let the folder of the model say how texts are generated, for whoever opens it."""
        from ftk.models.forward.generation import generation_config

        model.generation_config = generation_config(model, self.settings)

    def forward(self, model: Any, batch: Batch) -> Said:
        """The logits of the targets' tokens, where there are targets, and a way to generate."""
        import torch

        from ftk.models.forward.generation import decoder_inputs, generate

        device = batch.inputs["input_ids"].device.type
        precision = torch.autocast(
            device, dtype=torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device)
        )

        def generated() -> list[NDArray[np.int32]]:
            with precision:
                return generate(model, batch.inputs, self.settings)

        if "labels" not in batch.targets:
            return Said(None, generated)
        given = decoder_inputs(model, batch.targets["labels"])
        said = model(**batch.inputs, decoder_input_ids=given, use_cache=False)
        return Said(said.logits.flatten(0, 1)[batch.targets["place"]], generated)

    def loss(self, outputs: Said, batch: Batch) -> Loss:
        """The cross entropy of the targets' tokens, each given those before it."""
        from ftk.kernels.cross_entropy import cross_entropy_sum
        from ftk.tasks.shared.losses import one_of_many

        assert outputs.logits is not None
        label = batch.targets["label"]
        if not self.label_smoothing:
            return Loss(cross_entropy_sum(outputs.logits, label), batch.count)
        logits = outputs.logits.float()
        return Loss(one_of_many(logits, label, weight=None, smoothing=self.label_smoothing, focal=0.0), batch.count)

    def outputs(self, outputs: Said, features: Features, batch: Batch) -> list[NDArray[Any]]:
        """[1 + length] for each window whether its text is as long as it may be, 1 or 0, and then the tokens of it."""
        return list(outputs.generated())

    def decode(
        self,
        examples: Sequence[SequenceExample],
        features: Features,
        first_row: int,
        outputs: dict[int, NDArray[Any]],
        labels: Labels | None,
    ) -> list[Written]:
        """What is generated for each row; an empty text where there is nothing to read."""
        assert hasattr(features, "tokenizer")
        decoded = []
        for row in range(first_row, first_row + len(examples)):
            windows = features.windows_of(row, row + 1)
            unfinished, *ids = outputs[windows[0]].tolist() if len(windows) else [0]
            text = str(features.tokenizer.decode(ids, skip_special_tokens=True)) if ids else ""
            decoded.append(Written(text.strip(), bool(unfinished)))
        return decoded

    def scored_rows(self, validation: int, *, last: bool) -> int | None:
        """None of the rows, or the first ``generate_rows``."""
        if self.generate_every is None or (validation % self.generate_every and not last):
            return 0
        return self.generate_rows

    def record(self, example: SequenceExample, prediction: Written) -> dict[str, Any]:
        """``source``, ``target``, which is generated, ``unfinished`` where it is; ``gold_target`` if there is one."""
        result: dict[str, Any] = {"source": example.source, "target": prediction.text}
        if prediction.unfinished:
            result["unfinished"] = True
        if example.gold is not None:
            result["gold_target"] = example.gold
        return {**{name: value for name, value in example.columns.items() if name not in result}, **result}
