"""The kinds of findings that single tasks make; ``ftk.contracts.finding_kinds`` lists all others."""

from ftk.contracts.finding_kinds.making import error, fact, info, notice, warning

# fmt: off

# Several labels, and numbers
TRUTH_VALUES = error("truth-values", "{row|rows} with true or false where names of labels are expected",
    "data.columns.label={columns} reads a column of truth values as one label, with the column's name.")
NOT_ZERO_OR_ONE = error("not-zero-or-one", "{row|rows} with something other than 0 or 1 in a column of a label",
    "With a list of columns, each says whether a row has one label: 0 or 1, false or true; an empty cell says neither.")
LABELS_IN_COLUMNS = error("labels-in-columns", "{column|columns} of 0 and 1, and none with the names of labels",
    "data.columns.label={listed} reads each of these columns as one label; leave out those that are none.")
NOT_ONE_LABEL = error("not-one-label", "{row|rows} with 1 in {found} of the columns of classes",
    "With a list of columns, a row has a 1 for its class, and 0 for the others; task=multi-label learns any number.")
PARTED_LABEL = error("parted-label", "{row|rows} with '{separator}' inside the brackets of a label",
    "Labels with this sign in them are a list in JSON: [\"a (b, c)\", \"d\"]. task.separator names another sign.")
VECTOR_WITHOUT_NAMES = error("vector-without-names", "{row|rows} with a vector of 0 and 1 in place of names of labels",
    "'task.label_names=[…]' names its {length} labels in their order; a file with one name per line does, too.")
OTHER_VECTOR = error("other-vector", "{row|rows} with a vector of {length} places, where task.label_names has {names}",
    "It names each place of the vector, in their order.")
NOT_A_VECTOR = error("not-a-vector", "{row|rows} without a vector of {length} places, where other rows have one",
    "A vector has a 0 or a 1 for each label: [0, 1, 1].")
NUMBERS_OF_LABELS = error("numbers-of-labels", "{row|rows} with numbers where names of labels are expected",
    "A row has its labels' names, or a 0 or a 1 for each of them; probabilities are not learned.")
OTHER_SEPARATOR = error("other-separator", "{row|rows} with '{sign}' between labels that other rows have by themselves",
    "'task.separator=\"{sign}\"' splits them; a name may have any sign in a list: [\"a\", \"b\"].")
DECIMAL_COMMA = fact("decimal-comma", "numbers have a comma before their fraction (task.decimal=comma).")
THOUSANDS = info("thousands", "{row|rows} with signs between the thousands of a number", "read as one number")
SIGN_IN_NUMBER = error("sign-in-number", "{row|rows} with a number whose comma or point can be read in two ways",
    "task.decimal=point reads 1,250 as 1250, and task.decimal=comma as 1.25; a split has one way for all its numbers.")
PERCENT = fact("percent", "numbers in '{column}' have a percent sign: read as the numbers before it.")
SOME_PERCENT = error("some-percent", "{row|rows} with a percent sign in '{column}', where others have none",
    "Write all numbers in one way: 50 % is read as 50.")
LIST_OF_NUMBERS = error("list-of-numbers", "{row|rows} with a list where a number is expected",
    "data.columns.label={names} names its items, and each is a target.")
LARGE_NUMBER = error("large-number", "{row|rows} with a number beyond {most:g}", "Targets are computed in fp32.")
MISSING_TARGET = error("missing-target", "{row|rows} of {part} without the target '{target}'", "The model has {known}.")

# Texts of labels
TEXT_OF_NO_LABEL = warning("text-of-no-label", "{label|labels} in task.label_texts that no training row has",
    "their texts are not used")
LABEL_WITHOUT_TEXT = info("label-without-text",
    "{label|labels} without a text in task.label_texts, whose {name is no word|names are no words}",
    "the head learns them from their rows alone")

# Entities and tags
UNSEEN_ENTITY = error("unseen-entity", "{label} {entity|entities} in {part}, a label without training examples",
    "The model knows {known}. data.unseen_labels=count scores them as missed.",
    count="counted as missed (data.unseen_labels=count)")
UNSEEN_TAG = error("unseen-tag", "{tag|tags} in {part} without training examples",
    "The model knows {known}. data.unseen_labels=count scores them as missed.",
    count="counted as missed (data.unseen_labels=count)")

PARTED_SUBWORD = warning("parted-subword", "{word|words} that {shares|share} a sub-word with a word of another label",
    "the sub-word is learned and found as a whole; task.words=characters gives each character sub-words of its own")

# Relations
NO_SUCH_RELATION = fact("no-such-relation",
    "no label is '{label}' (task.no_relation): all labels count in f1_semeval.")
UNKNOWN_SIGN = fact("unknown-sign", "the tokenizer has no entry for the sign {sign}: it reads {read}.")
ENTITY_CUT = warning("entity-cut", "{row|rows} with an entity that is too long for a window of {length} tokens",
    "only the beginning of the entity is read")
ENTITIES_APART = warning("entities-apart",
    "{row|rows} whose entities do not fit into one window of {length} tokens with the text between them",
    "the context of each is read, and the middle is left out")
TOKENS_LEFT_OUT = warning("tokens-left-out", "{token|tokens} of longer rows",
    "left out, because they are further from the entities")

# Questions and answers
VANISHED_CONTEXT = warning("vanished-context", "{row|rows} whose context is empty after tokenization",
    "no answer is found in it")
UNANSWERED = warning("unanswered", "{row|rows} without an answer", "one is predicted anyway (task.no_answer=false)")
VANISHED_ANSWER = warning("vanished-answer", "{row|rows} whose answer is empty after tokenization",
    "nothing is learned from them")
ANSWER_INSIDE_SUBWORD = warning("answer-inside-subword",
    "{row|rows} whose answer begins or ends inside a sub-word",
    "the whole sub-word is learned, and the answer is cut out of it where training answers tell by their characters")
LONG_ANSWER = warning("long-answer", "{row|rows} whose answer has more than {most} sub-words",
    "never found whole (task.max_answer_tokens)")
UNSHOWN_ANSWER = warning("unshown-answer", "{row|rows} whose answer is longer than what windows show of the context",
    "nothing is learned from them (data.max_length, data.stride)")

# Sources and targets
SCORED_BY_SCRIPT = fact("scored-by-script", "{score} splits words by the script of the targets: task.{field}={value}")
PREFIX_OF_MODEL = fact("prefix-of-model",
    "each source begins with '{prefix}', as in the training of the model (task.source_prefix='' leaves it out).")
PREFIX_OPEN = notice("prefix-open",
    "the model was trained with {choices} beginnings of sources ({prefixes}); the rows do not say which one is meant",
    "none is put before them; task.source_prefix='{first}' names one")
VANISHED_SOURCE = warning("vanished-source", "{row|rows} whose source is empty after tokenization",
    "nothing is learned from them, and an empty text is written")
LONG_SOURCE = error("long-source", "{row|rows} whose source is longer than {length} tokens",
    "task.long_sources=first reads the first window; see data.max_length.",
    first="the first window is read (task.long_sources=first)")
LONG_TARGET = error("long-target", "{row|rows} whose target is longer than {most} tokens",
    "task.long_targets=cut learns their beginning; see task.max_target_length.",
    cut="their beginning is learned, without an end (task.long_targets=cut)")

# Images beside texts
IMAGE_WITHOUT_TEXT = warning("image-without-text", "{row|rows} with an empty text",
    "kept, with the image as the only input")

# Queries and candidates
PAIRS_GROUPED = fact("pairs-grouped", "{pairs:,} labelled pairs are {queries:,} queries.")
OTHER_LABEL = warning("other-label", "{row|rows} with the query and the candidate of another row, and another label",
    "the higher label counts in training")
REPEATED_PAIR = warning("repeated-pair", "{row|rows} with the query, the candidate and the label of an earlier row",
    "the pair is learned once")
QUERY_WITHOUT_RIGHT = warning("query-without-right", "{query|queries} without a positive",
    "left out of training")
QUERY_WITHOUT_WRONG = warning("query-without-wrong",
    "{query|queries} without a negative that a step would use", "left out of training",
    right_alone="only their positives are learned")
UNSCORED_ROW = warning("unscored-row", "{row|rows} of {part} without a positive", "not scored")
LONG_CANDIDATE = warning("long-candidate", "{row|rows} with a text longer than {length} tokens", "",
    best="read in overlapping windows, and the best one counts",
    mean="read in overlapping windows, and the mean of their vectors counts")
ALIKE_CANDIDATES = warning("alike-candidates",
    "{candidate|candidates} that {differs|differ} from another one in case or blanks alone",
    "not one another's negatives")
CANDIDATES = fact("candidates", "candidates: {number_of_rows:,} of {file} (text is {columns})")
BLANK_CANDIDATE = warning("blank-candidate", "blank {line|lines}", "no candidates")
REPLACED_CANDIDATE_COLUMN = warning("replaced-candidate-column",
    "{candidate|candidates} with a '{column}' of their own", "predictions have {instead} instead")
REPEATED_TEXT = warning("repeated-text", "{candidate|candidates} with the text of an earlier one", "kept")
REPEATED_CANDIDATE_IN_FILE = error("repeated-id-in-file", "{candidate|candidates} with the id of an earlier one",
    "Give each its own id, or give none to any.")
CANDIDATE_WITHOUT_TEXT = error("candidate-without-text", "{candidate|candidates} without a text",
    "The column is called 'text'.{hint}")

# Raw text
DEMO_TEXTS = fact("demo-texts",
    "no data named: {what} on the texts of the built-in demo corpus (data.{key}=… for your own).")
BLOCKS = fact("blocks", "{blocks}")
DOCUMENTS_HELD_OUT = fact("documents-held-out", "no validation named: {held:,} of {total:,} documents held out, "
    "{percent:.1f} % of the tokens (data.validation_share={share}, data.validation_tokens={tokens}, "
    "data.split_seed={seed}).")
DOCUMENT_OF_TRAINING = warning("document-of-training",
    "{document|documents} of {part} that also {occurs|occur} in training", "kept; scores on them say little")
UNKNOWN_BLOCK = warning("unknown-block", "{block|blocks} without a word that the vocabulary knows",
    "left out; there is nothing to learn from {it|them}")
ONE_BLOCK = fact("one-block",
    "note: the training text fills no more than one block of data.max_length={length} tokens.")
NOTHING_TO_FILL = warning("nothing-to-fill", "{row|rows} without {mask}", "there is nothing to fill")

# What scores do not say
WITHOUT_ROWS = info("label-without-rows", "{label|labels} of the model without a row ({names})",
    "scores say nothing about {it|them}",
    averaged="scores say nothing about {it|them}; macro averages are over the {over:,} in rows or predictions")
ONE_LABEL_PREDICTED = notice("one-label-predicted",
    "one label for all {rows:,} {what}, {label}: the most frequent label alone gives accuracy {accuracy:.4f} and "
    "f1_macro {f1_macro:.4f}", "the model tells nothing apart")
NOTHING_PREDICTED = notice("nothing-predicted", "no {what} predicted in {rows:,} rows, which have {there:,}",
    "the model has not learned to find any")
ONE_ANSWER = notice("one-answer", "the same {what} for all {rows:,} rows ({value})", "the model tells no rows apart")
ALL_TIES = notice("all-ties", "one score for all candidates of a query, in each of {queries:,} queries",
    "the model tells no candidates apart")
WITHOUT_AREAS = notice("without-areas",
    "{scores:,} scores of labels, where areas under curves are computed of at most {most:,}",
    "{names} are null; a file with fewer rows has them")
UNTUNED_LABEL = info("untuned-label", "{label|labels} whose threshold is not tuned ({names})",
    "0.5, or the highest score",
    few_rows="0.5, or the highest score: validation has fewer than {least} rows of {it|each}",
    low_f1="0.5, or the highest score: the best F1 is below {least}, {it was|they were} not learned",
    lower_micro_f1="0.5, or the highest score: another threshold would lower f1_micro")

# Models of other tools
RAW_NUMBERS = fact("raw-numbers",
    "predicted numbers are the outputs of the model's head, on the scale of its training.")
# fmt: on
