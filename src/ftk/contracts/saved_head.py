"""What a model folder says about the head of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.errors import numbered

WITHOUT_LABELS = (
    "AutoModel",
    "AutoModelForMaskedLM",
    "AutoModelForPreTraining",
    "AutoModelForCausalLM",
    "AutoModelForSeq2SeqLM",
    "AutoModelForTextVector",
)
"""Auto classes of models whose outputs are no labels of a task."""
ANOTHER = "another"
"""The auto class of an architecture with a head that no task of ftk has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SentenceEncoder:
    """What the files of sentence-transformers say about an encoder; nothing for other models.

    Attributes:
        pooling: how it makes a vector of a text, ``mean``, ``first`` or the name of another way; None if it is not
            said.
        source: who says so, for messages.
        further: the modules behind its pooling.
        prompts: the names and texts of what stands before some texts.
        prefix: what stands before texts by their role, as far as the names of the prompts say that.
        similarity: by which vectors are compared, if it is not the cosine.
        lowercases: whether texts are lower-cased before the tokenizer reads them.
    """

    pooling: str | None = None
    source: str = "the files of the model say"
    further: tuple[str, ...] = ()
    prompts: tuple[tuple[str, str], ...] = ()
    prefix: TextPrefix = NO_PREFIX
    similarity: str | None = None
    lowercases: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedHead:
    """The head of a saved model, by its config.json.

    Attributes:
        architecture: the class that wrote the model, such as BertForTokenClassification; None if it is not said.
        auto_model: the auto class that the architecture belongs to; None if the architecture is not said.
        names: the names of its outputs, in their order.
        problem_type: what transformers calls the problem that the head solves; None if it is not said.
        scores_pairs: whether a tool wrote it that trains cross-encoders.
        model_type: the architecture, such as bert; None if it is not said.
        sentences: what the folder says if it is a sentence encoder.
        task_params: what is said about single tasks, by their names: what stands before a source, how texts are
            generated (``task_specific_params``).
    """

    architecture: str | None
    auto_model: str | None
    names: tuple[str, ...]
    problem_type: str | None = None
    scores_pairs: bool = False
    model_type: str | None = None
    sentences: SentenceEncoder = field(default_factory=SentenceEncoder)
    task_params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_labels(self) -> bool:
        """Whether there is, or may be, a head for the labels of a task."""
        return self.auto_model not in WITHOUT_LABELS

    @property
    def is_unnamed(self) -> bool:
        """Whether its outputs have the names that transformers gives to those without one: LABEL_0, LABEL_1."""
        return all(name == f"LABEL_{number}" for number, name in enumerate(self.names))

    @property
    def problem(self) -> str | None:
        """The problem that the head solves, as transformers takes it: one output is a number, several are classes."""
        if self.problem_type is not None:
            return self.problem_type
        return "regression" if len(self.names) == 1 else "single_label_classification"

    @property
    def described(self) -> str:
        """The architecture and the first of its labels, for messages."""
        listed = ", ".join(self.names[:4]) + (", …" if len(self.names) > 4 else "")
        return f"{self.architecture or 'no architecture named'}; {numbered(len(self.names), 'output')}: {listed}"
