"""Findings about a run that goes on, or that ends before its time."""

from ftk.contracts.finding_kinds.making import notice, refusal, warning

# fmt: off

# What cannot go on
TASK_CHANGED = refusal("task-changed", "the run trains for {before}, and the command asks for {now}",
    "The model of a resumed run keeps its task. To train its best model for another one:\n{way_out}")
OTHER_HEAD = refusal("other-head", "the model of the run has another head ({fields})",
    "To train its best model with a new head:\n{way_out}")
NEW_LABELS = refusal("new-labels", "labels that the run has not learned: {names}",
    "The model of a resumed run has outputs for {known}. To train its best model with a new head:\n{way_out}")
RENAMED_NUMBERS = refusal("renamed-numbers",
    "numbers of labels that have another name than the run has learned: {changes}",
    "Give task.label_names in the order of the run: {names}.")
FITTED_ONCE = refusal("fitted-once", "the model of the run is fitted at once, to all rows, and {what} changed",
    "run.overwrite=true fits it anew.")

# What goes on
LOST_LABELS = warning("lost-labels", "{label|labels} of the run without a training row now ({names})",
    "kept; the model goes on with an output for each of its labels")
KEPT_STATISTICS = notice("kept-statistics", "{fields} of the run",
    "kept, because its model has learned from them; those of the present rows are others")
OTHER_FIELD = notice("other-field", "task.{field}: was {before}, is now {now}", "by the present rows")
KEPT_VOCABULARY = notice("kept-vocabulary", "the vocabulary is that of the run, learned from its first training texts")
OTHER_SIZE = notice("other-size", "the number of rows of {part}: {before:,} before, {now:,} now")
OTHER_EPOCH = notice("other-epoch", "step {step:,} is epoch {now:.2f} of the present rows; it was {before:.2f}")
RATE_JUMPS = notice("rate-jumps", "the learning rate jumps after step {step:,}: {before:.3g} before, {now:.3g} now")
BEST_SCORE_RESET = notice("best-score-reset",
    "the validation rows are others: the best score is reset. best/ (step {step:,}) has {score} {now} on them, after "
    "{before} on those before")
BEST_OF_OTHER_FIELDS = notice("best-of-other-fields", "best/ (step {step:,}) was saved with {fields}",
    "scored with these, because they are in its ftk.json")
NOTHING_LEFT = notice("nothing-left",
    "nothing is left to train: {done:,} steps are done, and the run is to have {asked}",
    "the best model is scored")

# What ends early
PATIENCE_ENDED = notice("patience-ended",
    "training ended early at step {step:,}{of}: {times:,} validations in a row were not better than {score} {best} of "
    "step {best_step:,} (train.patience={patience})")
# fmt: on
