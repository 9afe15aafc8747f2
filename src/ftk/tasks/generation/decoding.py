"""The outputs of an encoder-decoder: the loss of given targets, and generated texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ftk.contracts.contexts import RowOutputs
from ftk.contracts.spec import Scoring, TaskSpec
from ftk.contracts.values import Batch, Loss
from ftk.data.batching.features import Features
from ftk.data.examples.sequences import GeneratedText, SequenceExample
from ftk.tasks.generation.of_model import entry_of, settle_prefix

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ftk.contracts.notes import Notes
    from ftk.contracts.outcomes import Statistics
    from ftk.contracts.saved_head import SavedHead

_MOST_BEAMS = 1000


@dataclass(frozen=True, slots=True)
class Seq2SeqOutput:
    """The outputs of an encoder-decoder for a batch.

    Attributes:
        logits: [targets, vocabulary] for the tokens of the targets; None without targets.
        generated: generates a text for each window; it is called for predictions, and never in training.
    """

    logits: Tensor | None
    generated: Callable[[], list[NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Generating:
    """How texts are generated; the attributes are fields of the task, and settings of transformers, with these names.

    None takes the model's own setting, by ``own_settings`` or its generation config, and else that of ftk.

    Attributes:
        kind: ``summarization`` or ``translation``.
        prefix: what is put before each source.
    """

    kind: str
    prefix: str
    num_beams: int | None
    max_new_tokens: int | None
    length_penalty: float | None
    no_repeat_ngram_size: int | None
    do_sample: bool

    def validate(self) -> Iterator[str]:
        """Yield the mistakes in the values."""
        for name in ("num_beams", "max_new_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                yield f"task.{name}={value}: it must be at least 1."
        if self.num_beams is not None and self.num_beams > _MOST_BEAMS:
            yield f"task.num_beams={self.num_beams}: {_MOST_BEAMS:,} at the most; time and memory grow with them."
        if self.no_repeat_ngram_size is not None and self.no_repeat_ngram_size < 0:
            yield f"task.no_repeat_ngram_size={self.no_repeat_ngram_size}: it must be at least 0."
        if self.length_penalty is not None and not abs(self.length_penalty) < float("inf"):
            yield f"task.length_penalty={self.length_penalty}: it must be a finite number."

    def check_model(self, model: Any, features: Features) -> None:
        """Refuse a model that cannot generate so, or whose decoder is too short for the targets.

        Raises:
            ConfigError: a setting does not suit the model.
            ModelError: the model cannot.
        """
        from ftk.models.forward.generation import check_generates

        longest = int(features.columns["labels"].lengths.max(initial=0)) if "labels" in features.columns else 0
        check_generates(model, targets=longest, settings=self.settings, own=self._own(model))

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the task, by their names."""
        return {name: value for name, value in asdict(self).items() if name not in ("kind", "prefix")}

    def _own(self, model: Any) -> dict[str, Any]:
        """What the model's config says about generating for this kind of task, itself."""
        return entry_of(self.kind, self.prefix, getattr(model.config, "task_specific_params", None) or {})

    def write_model_config(self, model: Any) -> None:
        """Write these settings to the model's generation config, so that they are saved with it."""
        from ftk.models.forward.generation import generation_config

        own = self._own(model)
        model.generation_config = config = generation_config(model, self.settings, own)
        for name in own:  # what two files of a folder say must be the same
            if hasattr(config, name):
                own[name] = getattr(config, name)

    def forward(self, model: Any, batch: Batch) -> Seq2SeqOutput:
        """The logits of the targets' tokens, if there are targets, and a way to generate."""
        import torch

        from ftk.models.forward.generation import decoder_inputs, generate

        device = batch.inputs["input_ids"].device.type
        precision = torch.autocast(
            device, dtype=torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device)
        )

        def generated() -> list[NDArray[Any]]:
            with precision:
                return generate(model, batch.inputs, self.settings, self._own(model))

        if "labels" not in batch.targets:
            return Seq2SeqOutput(None, generated)
        given = decoder_inputs(model, batch.targets["labels"])
        outputs = model(**batch.inputs, decoder_input_ids=given, use_cache=False)
        return Seq2SeqOutput(outputs.logits.flatten(0, 1)[batch.targets["place"]], generated)


def sequence_spec(*, score: str, kind: str, scoring: Scoring, statistics: Statistics) -> TaskSpec:
    """The spec of a task that writes texts, and whose name, ``kind``, is that of its demo corpus."""
    return TaskSpec(
        columns=("source", "target", "weight"),
        score=score,
        demo=kind,
        statistics=statistics,
        auto_model="AutoModelForSeq2SeqLM",
        rows_at_once=64,
        scoring=scoring,
        settle=partial(settle_prefix, kind),
        adopt=partial(_adopt, kind),
    )


def _adopt(kind: str, task: Any, head: SavedHead, notes: Notes) -> tuple[Any, None]:
    """The task with the prefix that the model was trained with."""
    return settle_prefix(kind, task, head, notes), None


def scoring_mistakes(scoring: Scoring) -> Iterator[str]:
    """Yield the mistakes in the fields ``generate_every`` and ``generate_rows``."""
    for name, value in (("generate_every", scoring.every), ("generate_rows", scoring.rows)):
        if value is not None and value < 1:
            yield f"task.{name}={value}: it must be at least 1."


def smoothing_mistakes(label_smoothing: float) -> Iterator[str]:
    """Yield a mistake in the field ``label_smoothing``."""
    if not 0 <= label_smoothing < 1:
        yield f"task.label_smoothing={label_smoothing}: it must be at least 0 and below 1."


def sequence_loss(outputs: Seq2SeqOutput, batch: Batch, *, smoothing: float) -> Loss:
    """The summed cross entropy of the targets' tokens, each given the tokens before it."""
    from ftk.kernels.cross_entropy import cross_entropy_sum
    from ftk.tasks.shared.losses import single_label_loss

    assert outputs.logits is not None
    label = batch.targets["label"]
    if not smoothing:
        return Loss(cross_entropy_sum(outputs.logits, label), batch.count)
    logits = outputs.logits.float()
    return Loss(single_label_loss(logits, label, weight=None, smoothing=smoothing, focal=0.0), batch.count)


def generated_texts(examples: Sequence[SequenceExample], outputs: RowOutputs) -> list[GeneratedText]:
    """The text that is generated for each row; an empty text if there is nothing to read."""
    tokenizer = outputs.features.tokenizer
    decoded = []
    for row in range(len(examples)):
        unfinished, *ids = next((window.tolist() for window in outputs.of(row)), [0])
        text = str(tokenizer.decode(ids, skip_special_tokens=True)) if ids else ""
        decoded.append(GeneratedText(text.strip(), bool(unfinished)))
    return decoded
