"""What an explanation is asked for, checked before any weight is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ftk.config.choices import Method
from ftk.config.spelling.writing import as_word
from ftk.errors import ConfigError
from ftk.system.spelling import did_you_mean
from ftk.tasks import called

if TYPE_CHECKING:
    from ftk.contracts.explanations import Explains
    from ftk.inference.manifest import Trained

_SHOWN = 20
"""Labels that a message names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How predictions are to be explained.

    Attributes:
        explains: knows the words and the outputs of the task.
        method: how scores of words are found.
        label: the label to explain; None: what was predicted.
    """

    explains: Explains
    method: Method
    label: str | None

    @classmethod
    def of(cls, trained: Trained, method: Method, label: str | None) -> Asked:
        """What is asked for, if the model can answer it.

        Raises:
            ConfigError: the predictions of its task are not explained, or it has no such label.
        """
        task = trained.task
        if task.spec.explains is None:
            raise ConfigError(
                f"the predictions of {called(task)} are not explained: an explanation is of a label, a span, a number "
                "or an answer, and of the words of a text. 'ftk predict' gives the predictions."
            )
        explains = task.spec.explains(task)
        names = explains.names(trained.labels)
        if label is not None and label not in names:
            if not names:
                raise ConfigError(f"label={as_word(label)}: the answers of this task have no labels; leave it out.")
            known = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            raise ConfigError(
                f"label={as_word(label)}: the model has no such label; it has {known}.{did_you_mean(label, names)}"
            )
        if label is None and explains.needs_label:
            raise ConfigError(
                f"label=null: each token has a label here; name the one to explain: label={as_word(names[0])}."
            )
        return cls(explains, method, label)

    def to_json(self) -> dict[str, Any]:
        """What records depend on."""
        return {"method": self.method.value, "label": self.label}
