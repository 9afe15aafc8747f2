"""Findings about splits, models and windows."""

from ftk.contracts.finding_kinds.making import error, fact, info, refusal, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Splits
DEMO_CORPUS = fact("demo-corpus", "no data named: {what} the built-in demo corpus (data.{key}=… for your own).")
ROWS = fact("rows", "rows: {sizes}{labels}")
NO_VALIDATION = fact("no-validation",
    "no validation (data.validation_share=0): best/ is the model after the last validation point.")
NOTHING_TO_TUNE_ON = fact("nothing-to-tune-on", "no validation to tune on: {default}.")
VALIDATION_CUT = fact("validation-cut", "no validation named: {held:,} of {total:,} training rows held out{how} "
    "(data.validation_share={share}, data.split_seed={seed}).")
TEST_CUT = fact("test-cut", "no test named: {held:,} of {total:,} training rows held out for it{how} "
    "(data.test_share={share}, data.split_seed={seed}).")
SHARE_MISSED = warning("share-missed", "{row|rows} of {part}, where {wanted:,} would be its share",
    "rows that belong together were not parted; name a file (data.{part}) for a split of another size")
TIE_CUT = warning("tie-cut", "{row|rows} of {part} that {shares|share} a {what} with training rows",
    "kept; too many rows share one {what} to hold all of them out together")
MISSING_GROUP = error("missing-group", "{row|rows} without the column '{column}', which data.group names",
    "Name another column, or leave data.group out.{hint}")
WITHOUT_GROUP = info("without-group", "{row|rows} without a value in '{column}' (data.group)",
    "each a group by itself")
LIMITED = fact("limited", "{taken:,} of {total:,} rows of {part} (data.limit={limit}), drawn from the whole data{how} "
    "(data.split_seed={seed}).")
FIRST_ROWS = fact("first-rows", "only the first {taken:,} rows of {part} (data.limit={limit}, data.cut=simple).")
STORED_ROWS = fact("stored-rows", "{rows:,} rows are in temporary files under {folder}",
    asked="data.storage=disk", too_large="they do not fit into memory (data.storage=memory keeps them there)")
OTHER_READING = error("other-reading", "{row|rows} would be read with {there}, the rows before with {before}",
    "A corpus on disk is read part by part, and all parts alike: set {key}, or data.storage=memory.")
ONE_LABEL = warning("one-label", "{row|rows} of {part}, all with the label {label}",
    "the model knows {known} labels; scores say nothing about the others")
NOT_VALIDATED = warning("not-validated", "{label|labels} without a validation row ({names})",
    "the best model is chosen without {it|them} (data.validation names a file, data.validation_share holds more out)")
TOO_FEW_LABELS = refusal("too-few-labels",
    "the {rows:,} rows that are left to train on have one label, {label}: there is nothing to learn",
    "data.validation and data.test name files, or data.validation_share and data.test_share hold fewer rows out.")
NO_LABEL_LEFT = refusal("no-label-left",
    "the {rows:,} rows that are left to train on have no {what}: there is nothing to learn",
    "data.validation and data.test name files, or data.validation_share and data.test_share hold fewer rows out.")
REPEATED_ROW = warning("repeated-row", "{row|rows} with the {subject} of an earlier row",
    keep="kept (data.duplicates=keep)", drop="left out (data.duplicates=drop)",
    error="data.duplicates=keep or drop lets them pass.")
RELABELLED_ROW = warning("relabelled-row",
    "{row|rows} with the {subject} of an earlier row and another label or answer",
    keep="kept, though they contradict it (data.duplicates=keep)",
    drop="left out, the first one is learned (data.duplicates=drop)",
    error="Correct them; with data.duplicates=keep all are learned, with drop the first ones.")
MIRRORED_ROW = warning("mirrored-row", "{row|rows} with the two texts of an earlier row in the other order",
    "kept; when rows are held out, both stay on one side")
ROW_OF_TRAINING = warning("row-of-training", "{row|rows} of {part} that also {occurs|occur} in training",
    "kept; scores on them say little")
RELABELLED_ROW_OF_TRAINING = warning("relabelled-row-of-training",
    "{row|rows} of {part} that {occurs|occur} in training with another label or answer",
    "kept and scored; training teaches the model the other one")
MIRRORED_ROW_OF_TRAINING = warning("mirrored-row-of-training",
    "{row|rows} of {part} whose two texts {occurs|occur} in training in the other order",
    "kept; scores on them say little")
VARIANT_OF_TRAINING = warning("variant-of-training",
    "{row|rows} of {part} that {differs|differ} from one of training by case or blanks alone",
    "kept; scores on them say little")
GROUP_OF_TRAINING = warning("group-of-training",
    "{row|rows} of {part} with a value in '{column}' (data.group) that training has, too",
    "kept; scores on them may be too high")
UNLEARNED_LABEL = warning("unlearned-label", "{label|labels} that only held-out rows have",
    "never learned; name a file (data.validation), or hold nothing out (data.validation_share=0)")
ALIKE_LABELS = warning("alike-labels",
    "{group|groups} of labels that differ only by case, blanks or invisible characters",
    "kept apart; correct the data if they are meant to be one")
UNSEEN_LABEL = error("unseen-label", "{row|rows} of {part} with a label that does not occur in training",
    "The model knows {known}. data.unseen_labels=count scores them as missed.",
    count="counted as missed (data.unseen_labels=count)")

# Models
UNKNOWN_FOLDER = fact("unknown-folder",
    "{folder} was not written by ftk: it has no checksums to verify, and its task is the one given.")
NOTHING_TUNED = fact("nothing-tuned", "nothing was tuned in training: {default}.")
FIELDS_OF_TRAINING = fact("fields-of-training", "task, as in training: {fields} (task.<field>=… sets another value)")
REPLACED_COLUMN = warning("replaced-column", "{row|rows} with a column '{column}' of their own",
    "the prediction's column is written")

# Windows
WINDOW_LENGTHS = fact("window-lengths", "{sizes}")
LONG_ROW = info("long-row", "{row|rows} longer than {length} tokens", "read in overlapping windows",
    merged="read in overlapping windows and merged",
    first="read up to the end of the first window (task.pooling=first)",
    pooled="read in overlapping windows, and the {pooling} over them counts",
    around_entities="read in one window around the two entities")
WINDOWS = info("windows", "{window|windows}", "for the rows longer than one")
CUT_PAIR = warning("cut-pair", "{pair|pairs} of long texts with more than {most} windows",
    "read from the beginnings and the ends of both texts (data.max_windows)")
VANISHED_WORD = warning("vanished-word", "{word|words} that the tokenizer removes",
    "without a label of their own")
LONG_WORD = warning("long-word", "{word|words} longer than a window of {length} tokens",
    "read up to the end of the window")
# fmt: on
