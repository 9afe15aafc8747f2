"""Builds a training run: hardware, model, features, weights, optimizer, plan."""

from typing import Any

import torch

from ftk.config.schema import TrainingConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.contracts.task import Task
from ftk.contracts.values import Prepared, WindowPlan
from ftk.core.hardware import Hardware, choose
from ftk.core.non_finite import note_broken_weights
from ftk.core.saving.publisher import SameWeights
from ftk.core.state import TrainState
from ftk.core.world import SingleProcess
from ftk.data.row_corpus import RowCorpus
from ftk.data.text.coverage import note_coverage
from ftk.inference.manifest import saved_layout
from ftk.kernels.embedding import CountsTokens, SeenRows, seen_embedding, train_only_seen_embeddings
from ftk.models.forward.padding_probe import layout_of, note_layout
from ftk.models.loading.head_of_folder import head_in
from ftk.models.loading.load import Loaded, check_head, load_weights
from ftk.models.loading.source import Source, reopen_model, resolve_model, window_length
from ftk.models.tuning.freezing import freeze
from ftk.models.tuning.learning_rates import lr_scales
from ftk.objectives.building import build_objective
from ftk.optim.groups import build_optimizer
from ftk.report.console import Console
from ftk.report.run_folder import RunFolder
from ftk.system.signals import Stop
from ftk.training.fast_ways import FastWays, on_device
from ftk.training.learned import go_on_as_learned
from ftk.training.planning import plan_of
from ftk.training.resuming import check_resumable, tuned_fields, tuned_task
from ftk.training.run import Run

_LEARNED = "; a learned vocabulary also has the pieces that it merged into longer tokens"


class RunBuilder:
    """Builds a run from a config and a corpus, part by part.

    Args:
        config: of the run.
        folder: of the run.
        corpus: read and checked.
        console: receives what was chosen and found.
        stop: whether someone asked the run to stop.
    """

    def __init__(self, config: TrainingConfig, folder: RunFolder, corpus: Corpus, console: Console, stop: Stop) -> None:
        self.config = config
        self.folder = folder
        self.corpus = corpus
        self.console = console
        self.stop = stop

    def build(self, fingerprints: dict[str, dict[str, str]]) -> Run:
        """Build the run. A run that resumes locks its folder here, and takes model and tuned fields from ``last/``.

        Args:
            fingerprints: the SHA-256 of the data files, by split.

        Raises:
            FtkError: the parts do not fit together, or the run cannot resume.
        """
        config, task, saved = self.config, self.corpus.task, None
        tuned = tuned_fields(task)
        hardware = choose(config.hardware)
        if self.folder.resume:
            self.folder.lock(self.console.warn)
            saved = check_resumable(self.folder, fingerprints, hardware.facts(), self.console.warn)
            notes = Notes()
            go_on_as_learned(self.corpus, saved, self.folder, notes)
            task = tuned_task(self.corpus.task, tuned, saved, self.folder)
            if config.model.tokenizer.train is not None and "train" in self.folder.changed_splits:
                notes.add(kinds.KEPT_VOCABULARY)
            self.console.report(notes.drain())
        self.console.say(hardware.why)
        source = self._source(task)
        task = self.corpus.task = self._settled(task, source)
        self.console.report(source.notes.drain())
        check_head(source, task.spec.auto_model)
        windows = self._windows(source, task)
        prepared = self._prepared(source, windows)
        windows = self._fitted_windows(source, windows, prepared)
        loaded = load_weights(source, task.spec.auto_model, seed=config.run.seed)
        self._note_weights(loaded.model)
        layout = self._layout(loaded, source, task, saved)
        features = prepared["train"].features
        hardware, fast_ways = self._ready(loaded, task, hardware, features, saved)
        state = self._state(loaded.model, hardware, features)
        order = features.order(config.train, config.run.seed)
        return Run(
            config=config,
            folder=self.folder,
            console=self.console,
            task=task,
            tuned=tuned,
            hardware=hardware,
            source=source,
            windows=windows,
            prepared=prepared,
            state=state,
            order=order,
            plan=plan_of(config, order, task.spec),
            objective=build_objective(config.objective),
            publisher=SameWeights(),
            world=SingleProcess(),
            stop=self.stop,
            columns=self.corpus.columns if isinstance(self.corpus, RowCorpus) else {},
            layout=layout,
            fast_ways=fast_ways,
        )

    def _source(self, task: Task) -> Source:
        if self.folder.resume:
            return reopen_model(self.folder.last, self.corpus.labels, task.spec.modalities)
        tokenizer = self.config.model.tokenizer
        if tokenizer.train is not None:
            kept = self.corpus.vocabulary_file(tokenizer)
            again = kept is not None and kept.is_file()
            how = f"from the cache, {kept}" if again else "trained on the training texts"
            self.console.say(f"vocabulary: {tokenizer.train.value}, {how}")
        notes = Notes()
        source = resolve_model(self.config.model, self.corpus, task.spec.modalities, notes)
        self.console.report(notes.drain())
        return source

    def _settled(self, task: Task, source: Source) -> Task:
        """The task with the fields that the files of the model decide; a run that resumes has said so before."""
        if task.spec.settle is None:
            return task
        notes = Notes()
        settled: Task = task.spec.settle(task, None if source.folder is None else head_in(source.folder), notes)
        if not self.folder.resume:
            self.console.report(notes.drain())
        return settled

    def _windows(self, source: Source, task: Task) -> WindowPlan:
        data = self.config.data
        length = self._length(source)
        texts = "text" in task.spec.modalities
        if texts and data.max_length is None and length == source.trained_length and not self.folder.resume:
            self.console.say(f"windows of {length} tokens, as in the model's training (data.max_length=… for others)")
        return WindowPlan.of(length, data.stride, data.max_windows)

    def _length(self, source: Source) -> int:
        """The window length; one that only a config of ftk gives is at most what the model takes."""
        asked, names = self.config.data.max_length, self.folder.invocation.names("data")
        if asked is not None and asked > source.limit and names is not None and "max_length" not in names:
            self.console.say(f"windows of {source.limit} tokens, the most that the model takes")
            return source.limit
        return window_length(source, asked)

    def _prepared(self, source: Source, windows: WindowPlan) -> dict[str, Prepared]:
        notes = Notes()
        encoding = Encoding(source.processor, source.labels, windows, notes)
        notes.extend(source.notes.drain())
        self._note_coverage(encoding)
        prepared = self.corpus.prepare(encoding, self.console)
        self.console.report(notes.drain())
        return prepared

    def _note_coverage(self, encoding: Encoding) -> None:
        """Report the words of the training texts that the tokenizer does not know.

        Raises:
            DataError: it knows none.
        """
        if "text" not in self.corpus.task.spec.modalities:
            return
        tokenizer = getattr(encoding.processor, "tokenizer", encoding.processor)
        note_coverage(tokenizer, self.corpus.texts(), encoding.notes)

    def _fitted_windows(self, source: Source, windows: WindowPlan, prepared: dict[str, Prepared]) -> WindowPlan:
        """Windows no longer than the data needs, if the weights learn their positions from the data."""
        longest = max(part.features.longest for part in prepared.values())
        if not source.learns_positions or self.config.data.max_length is not None:
            return windows
        if not 0 < longest < windows.length:
            return windows
        self.console.say(f"windows of {longest} tokens, the longest row (data.max_length=… for others)")
        return WindowPlan.of(longest, None, windows.max_windows)

    def _layout(self, loaded: Loaded, source: Source, task: Task, saved: dict[str, Any] | None) -> Layout:
        """How texts of different lengths share a batch; a run that resumes goes on as it began."""
        if saved is not None:
            return saved_layout(saved, self.folder.last) or USUAL
        notes = source.notes
        layout = layout_of(loaded.model, source.tokenizer, task.spec.auto_model, source.limit)
        note_layout(layout, loaded.model, notes)
        self.console.report(notes.drain())
        return layout

    def _note_weights(self, model: torch.nn.Module) -> None:
        """Report weights that are NaN or infinite: training never mends those that its rows do not reach."""
        notes = Notes()
        note_broken_weights(model, notes)
        self.console.report(notes.drain())

    def _ready(
        self, loaded: Loaded, task: Task, hardware: Hardware, features: Any, saved: dict[str, Any] | None
    ) -> tuple[Hardware, FastWays | None]:
        """Make the model ready for its device; a run that resumes goes on with the fast ways that it began with."""
        config, model = self.config, loaded.model
        for fact in loaded.facts:
            self.console.say(fact)
        task.prepare_model(model, features, new_head=loaded.new_head)
        if frozen := freeze(model, config.model.freeze):
            self.console.say(f"frozen: {', '.join(config.model.freeze)}, {frozen:,} parameters")
        hardware, fast_ways = on_device(model, hardware, config, self.console, saved)
        task.check_model(model, features)
        return hardware, fast_ways

    def _state(self, model: torch.nn.Module, hardware: Hardware, features: Any) -> TrainState:
        if isinstance(features, CountsTokens):
            self._freeze_unseen(model, torch.from_numpy(features.tokens_in_use()))
        optimizer = build_optimizer(model, self.config.optimizer, lr_scales(self.config.model))
        state = TrainState(model, optimizer, hardware.scaler())
        if (table := seen_embedding(model)) is not None:
            state.parts["embeddings"] = SeenRows(table, optimizer)
        return state

    def _freeze_unseen(self, model: torch.nn.Module, tokens: torch.Tensor) -> None:
        if not len(tokens):
            return
        if frozen := train_only_seen_embeddings(model, tokens):
            self.console.say(
                f"embeddings: {frozen:,} of {frozen + len(tokens):,} rows are frozen (no training window has their "
                f"tokens{_LEARNED if self.config.model.tokenizer.train is not None else ''})"
            )
