"""Builds a training run: hardware, model, features, weights, optimizer, plan."""

import dataclasses
from typing import Any

import torch

from ftk.config.choices import Grouping, Init
from ftk.config.schema import TrainingConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.layout import USUAL, Layout
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus, Order
from ftk.contracts.spec import local_file_fields
from ftk.contracts.task import Task
from ftk.contracts.text_prefix import TextPrefix
from ftk.contracts.values import Prepared, WindowPlan
from ftk.core.evaluate import Runner
from ftk.core.hardware import Hardware, choose
from ftk.core.non_finite import note_broken_weights
from ftk.core.saving.publisher import SameWeights
from ftk.core.world import SingleProcess
from ftk.data.row_corpus import RowCorpus
from ftk.data.text.coverage import note_coverage
from ftk.inference.manifest import saved_layout
from ftk.models.forward.padding_probe import layout_of, note_layout
from ftk.models.loading.load import Loaded, check_head, load_weights
from ftk.models.loading.pooling import head_to_settle
from ftk.models.loading.source import Source, reopen_model, resolve_model, window_length
from ftk.models.loading.text_prefix import chosen_prefix, saved_prefix
from ftk.models.tuning.freezing import freeze
from ftk.models.tuning.reinit import reinit_layers
from ftk.objectives.building import build_objective
from ftk.optim.recipe import Sizes
from ftk.report.console import Console
from ftk.report.run_folder import RunFolder
from ftk.report.saved_run import saved_environment
from ftk.system.signals import Stop
from ftk.training.building.choosing import Recipe, chosen_recipe
from ftk.training.building.first_state import first_state
from ftk.training.building.grouping import grouping_before_loading, settled_grouping
from ftk.training.building.learned import go_on_as_learned
from ftk.training.building.planning import plan_of
from ftk.training.fast_ways import FastWays, on_device
from ftk.training.probing.beginning import begin_head
from ftk.training.resuming import check_resumable, tuned_fields, tuned_task
from ftk.training.run import Run


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
        windows = self._windows(source, task, saved)
        prepared = self._prepared(source, windows)
        windows = self._fitted_windows(source, windows, prepared)
        loaded = load_weights(source, task.spec.auto_model, seed=config.run.seed)
        if config.model.reinit_layers and not self.folder.resume:
            reinit_layers(loaded.model, config.model.reinit_layers, config.run.seed, source.notes)
        self._note_weights(loaded.model)
        layout = self._layout(loaded, source, task, saved)
        features = prepared["train"].features
        grouping = grouping_before_loading(config, source, layout, saved)
        mixed = grouping is Grouping.none
        hardware, fast_ways = self._ready(loaded, task, hardware, features, saved, mixed_lengths=mixed)
        grouping = settled_grouping(grouping, config, loaded.model, self.console, resumed=saved is not None)
        order = features.order(dataclasses.replace(config.train, grouping=grouping), config.run.seed)
        recipe = self._recipe(source, task, prepared, order)
        config = recipe.config
        task = self._begun(task, loaded, source, hardware, layout, features, windows)
        state = first_state(loaded.model, config, hardware, features, self.console)
        return Run(
            config=config,
            chosen=recipe.chosen,
            finds_rate=recipe.finds_rate,
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
            grouping=grouping,
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
        settled: Task = task.spec.settle(task, head_to_settle(source.folder, self.config.model), notes)
        if not self.folder.resume:
            self.console.report(notes.drain())
        return settled

    def _windows(self, source: Source, task: Task, saved: dict[str, Any] | None) -> WindowPlan:
        data = self.config.data
        length = self._length(source)
        texts = "text" in task.spec.modalities
        if texts and data.max_length is None and length == source.trained_length and not self.folder.resume:
            self.console.say(f"windows of {length} tokens, as in the model's training (data.max_length=… for others)")
        return WindowPlan.of(length, data.stride, data.max_windows, self._prefix(source, task, saved))

    def _prefix(self, source: Source, task: Task, saved: dict[str, Any] | None) -> TextPrefix:
        """What stands before texts; a run that resumes goes on as it began, unless the user changes that."""
        if saved is not None and not any(key.startswith("model.text_prefix") for key in self.folder.changed):
            return saved_prefix(saved.get("text_prefix", {}), self.folder.last)
        notes, texts = Notes(), source.towers.get("text", source)
        folder = None if saved is not None else texts.folder  # last/ says what is no longer meant
        prefix = chosen_prefix(self.config.model, folder, task.spec, notes)
        self.console.report(notes.drain())
        return prefix

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
        return WindowPlan.of(longest, None, windows.max_windows, windows.prefix)

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
        self,
        loaded: Loaded,
        task: Task,
        hardware: Hardware,
        features: Any,
        saved: dict[str, Any] | None,
        *,
        mixed_lengths: bool,
    ) -> tuple[Hardware, FastWays | None]:
        """Make the model ready for its device; a run that resumes goes on with the fast ways that it began with."""
        config, model = self.config, loaded.model
        for fact in loaded.facts:
            self.console.say(fact)
        task.prepare_model(model, features, new_head=loaded.new_head)
        if frozen := freeze(model, config.model.freeze):
            self.console.say(f"frozen: {', '.join(config.model.freeze)}, {frozen:,} parameters")
        hardware, fast_ways = on_device(model, hardware, config, self.console, saved, mixed_lengths=mixed_lengths)
        task.check_model(model, features)
        return hardware, fast_ways

    def _begun(
        self,
        task: Task,
        loaded: Loaded,
        source: Source,
        hardware: Hardware,
        layout: Layout,
        features: Any,
        windows: WindowPlan,
    ) -> Task:
        """Fit the head of a run that begins. The task then names no files of the user: nothing else reads them."""
        if not self.folder.resume:
            runner = Runner(
                model=loaded.model,
                runnable=task,
                labels=source.labels,
                hardware=hardware,
                batch_tokens=self.config.hardware.eval_tokens,
                poll=self.stop.check,
                layout=layout,
            )
            encoding = Encoding(source.processor, source.labels, windows, Notes())
            begin_head(self.config.model.head_init, loaded, source, runner, features, encoding, self.config.run.seed)
            self.console.report(encoding.notes.drain())
        return dataclasses.replace(task, **dict.fromkeys(local_file_fields(task)))

    def _recipe(self, source: Source, task: Task, prepared: dict[str, Prepared], order: Order) -> Recipe:
        """How long and how fast the run is; one that resumes goes on as it began."""
        notes, validation = Notes(), prepared.get("validation")
        sizes = Sizes.of(
            task.spec,
            order,
            pretrained=self.config.model.init is Init.pretrained,
            rows=len(prepared["train"].features),
            scored=0 if validation is None else len(validation.features),
        )
        kept = saved_environment(self.folder.path).get("chosen", {}) if self.folder.resume else None
        found = chosen_recipe(self.config, self.folder.invocation, source, sizes, order, kept, notes)
        self.console.report(notes.drain())
        return found
