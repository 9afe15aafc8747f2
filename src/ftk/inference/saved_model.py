"""A model folder whose weights have not been read: its task, its labels, and the rows that it is scored on.

Nothing here imports torch but ``SavedModel.checkpoint``, so a folder or a file that cannot be used is reported at once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftk.config.schema import DataConfig, ModelConfig
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import SettledByRows
from ftk.contracts.spec import of_others_fields
from ftk.errors import DataError
from ftk.inference.manifest import Trained, manifest_of, task_of
from ftk.inference.trained_columns import first_rows, with_trained_columns
from ftk.models.loading.sentence_encoder import VECTORS
from ftk.models.loading.text_prefix import chosen_prefix
from ftk.models.tokenizers.tokenizer_files import check_saved_tokenizer

if TYPE_CHECKING:
    from ftk.calibration.kept import Kept
    from ftk.contracts.protocols import Corpus
    from ftk.inference.checkpoint import Checkpoint

_RENAMING = "'task.label_map={…: …}' gives labels of the model the names that they have in the data."


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A verified model folder, whose weights have not been read.

    Attributes:
        folder: the model folder.
        manifest: what its ``ftk.json`` says; empty for a folder that ftk did not write.
        trained: the task, labels and windows that the model was trained with.
    """

    folder: Path
    manifest: dict[str, Any]
    trained: Trained

    @classmethod
    def open(
        cls, folder: Path, node: Any, named: frozenset[str] | None, notes: Notes, *, model: ModelConfig | None = None
    ) -> SavedModel:
        """Verify a model folder by its checksums and read what it was trained for.

        Args:
            folder: the model folder.
            node: the ``task`` section of the config; None for the task that the folder names.
            named: the fields of ``node`` that the user gave; see ``task_of``.
            notes: collect what the user should know.
            model: the ``model`` section of the config, if it names the folder.

        Raises:
            ModelError: the folder is damaged, or was trained for another task; or another tool wrote it, and its model
                has no head for the task.
        """
        manifest = manifest_of(folder, notes)
        trained = task_of(manifest, node, named, str(folder), notes)
        spec = trained.task.spec
        if model is not None or not trained.adopted or spec.auto_model == VECTORS:  # others have no prompts
            trained = dataclasses.replace(trained, prefix=chosen_prefix(model, folder, spec, notes))
        if "text" in trained.task.spec.modalities:
            check_saved_tokenizer(folder)
        return cls(folder, manifest, trained)

    def with_columns(self, data: DataConfig, spec: Any, notes: Notes, *, labelled: bool) -> DataConfig:
        """The data section with the columns of training, where files have them; see ``with_trained_columns``."""
        return with_trained_columns(data, self.trained.columns, spec, notes, labelled=labelled)

    def for_scoring(self, data: DataConfig, notes: Notes) -> tuple[SavedModel, DataConfig]:
        """The model as it scores labelled rows, and the data section with the columns of training.

        Fields of the task that training settles by its rows are open for a model of another tool; the first rows that
        it is scored on settle them.

        Args:
            data: the data section of the config.
            notes: collect what was decided.
        """
        data = self.with_columns(data, data.test, notes, labelled=True)
        task = self.trained.task
        if not self.trained.adopted or not isinstance(task, SettledByRows):
            return self, data
        reading = Reading(data.columns, labelled=True, notes=notes, offsets=data.offsets.value)
        rows = [] if data.test is None else first_rows(data, data.test, labelled=True)
        settled = task.resolve_auto(rows, reading)
        return dataclasses.replace(self, trained=dataclasses.replace(self.trained, task=settled)), data

    def open_corpus(self, data: DataConfig, notes: Notes) -> Corpus:
        """Read and check the rows that the model is scored on.

        Raises:
            DataError: rows cannot be read, or have labels that the model does not know.
        """
        try:
            return self.trained.task.open_corpus(data, notes, labels=self.trained.labels, test_only=True)
        except DataError as error:
            unseen = any(found.kind.id.startswith("unseen-") for found in error.findings)
            if not (self.trained.adopted and unseen and of_others_fields(self.trained.task)):
                raise
            raise DataError(f"{error}\n{_RENAMING}", findings=error.findings) from error

    def checkpoint(self, data: DataConfig) -> Checkpoint:
        """Read all of the folder but its weights. This imports torch.

        Raises:
            ModelError: the files of the folder do not belong together.
        """
        from ftk.inference.checkpoint import Checkpoint

        return Checkpoint.open(self.folder, self.trained, data, self.kept())

    def kept(self) -> Kept | None:
        """The calibration of the model; None if it has none.

        Raises:
            ModelError: it is not what ftk writes.
        """
        from ftk.calibration.kept import Kept

        return Kept.read(self.folder, self.manifest)
