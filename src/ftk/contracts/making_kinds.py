"""All kinds of findings about files, rows and examples, with their texts in English.

Those that a single task makes are in ``ftk.tasks.finding_kinds``. ``FindingKind`` says how the texts are read: ``text``
is what was found, then comes what was done about it, or for an error what the user can do.
"""

from __future__ import annotations

from typing import Any

from ftk.contracts.findings import FindingKind


def fact(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind for what the user should know; it is not counted."""
    return FindingKind(id, "info", text, default, policies, counted=False)


def info(id: str, text: str, default: str, **policies: str) -> FindingKind:
    """A kind that is counted, and changes nothing that is learned or predicted."""
    return FindingKind(id, "info", text, default, policies)


def warning(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that is counted, and that the user may want to correct."""
    return FindingKind(id, "warning", text, default, policies)


def error(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that stops the run, unless a policy lets it pass."""
    return FindingKind(id, "error", text, default, policies)


def kinds_in(module: Any) -> dict[str, FindingKind]:
    """The kinds that a module lists, by id."""
    return {kind.id: kind for kind in vars(module).values() if isinstance(kind, FindingKind)}


_RANKING_ROW = (
    'A row is {{"query", "positive"}}, with or without "negatives"; {{"query", "candidate", "label"}}; or {{"query", '
    '"candidates", "labels"}}.'
)
_QUOTES = 'A text stands in quotes in JSON, "…", an empty one as "".'
_TARGET = "A target is a text, or a list of texts."

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Files
FOLDER_OF_CLASSES = fact("folder-of-classes",
    "{key}={folder}: {files:,} {kind_of_file}s in {classes} folders, one per class.")
ENTRIES_NOT_READ = fact("entries-not-read", "{key}={folder}: {left_out} of {entries} entries not read ({names}).")
CONLL_COLUMNS = fact("conll-columns",
    "{file}: {columns} columns; tokens in '{tokens}' ({tokens_by}), tags in '{tags}' ({tags_by}).")
CONLL_WITHOUT_TAGS = fact("conll-without-tags",
    "{file}: {columns} columns; tokens in '{tokens}' ({tokens_by}), no tags.")
DOCUMENT_MARK = info("document-mark", "document {mark|marks}", "skipped")
COMMENT_LINE = info("comment-line", "comment {line|lines}", "skipped")
CLASS_WITHOUT_FILES = warning("class-without-files", "{folder|folders} without {kind_of_file}", "no rows of that class")
CLASS_OTHER_FILE = warning("class-other-file", "{file|files} that {is|are} not {kind_of_file}", "not read")
CLASS_LINK = warning("class-link", "{link|links} to a folder that is read already or that holds the class",
    "not followed")
REPEATED_ID = warning("repeated-id", "{question|questions} with the id of an earlier one",
    "kept; only their order distinguishes them")
UNNAMED_COLUMN = warning("unnamed-column", "{row|rows} with cells in columns without a name",
    "these cells are not read")

# Documents
FILE_WITHOUT_TEXT = warning("file-without-text", "{file|files} without any text", "skipped")
ROW_WITHOUT_TEXT = warning("row-without-text", "{row|rows} without any text", "left out")
REPEATED_LINE = warning("repeated-line", "{line|lines} that occurred before",
    drop="left out (data.duplicate_lines=drop)", error="data.duplicate_lines=keep or drop lets them pass.")
REPEATED_DOCUMENT = warning("repeated-document", "{document|documents} that occurred before",
    drop="left out (data.duplicates=drop)", error="data.duplicates=keep or drop lets them pass.")

# Columns and their values
COLUMNS_FOUND = fact("columns-found", "columns found by name: {columns}.")
MISSING_COLUMN = error("missing-column", "{row|rows} without the column '{column}'",
    "data.columns.{role} names it.{hint}")
MISSING = error("missing", "{row|rows} without {what}", "Name its column: data.columns.{role}={example}.{hint}")
MISSING_TEXT_OR_TOKENS = error("missing-text-or-tokens", "{row|rows} with neither text nor tokens",
    "Name the column: data.columns.text=… or data.columns.tokens=….{hint}")
MISSING_SECOND_TEXT = error("missing-second-text", "{row|rows} without a second text",
    "Rows are pairs of texts here (task.pairs=true); data.columns.pair=… names the column.{hint}")
MISSING_QA_TEXT = error("missing-qa-text", "{row|rows} without a {role}", "Name its column: data.columns.{role}=…. "
    "A file of SQuAD has its articles in a list 'data' (data=squad).{hint}")
MISSING_ANSWERS = error("missing-answers", "{row|rows} without answers",
    "Name their column: data.columns.answers=…; a question without an answer has an empty list.{hint}")
MISSING_CANDIDATE = error("missing-candidate", "{row|rows} without a candidate", "Name its column: "
    "data.columns.candidate=…. Candidates for all rows are in a file: task=ranking task.candidates=….{hint}")
MISSING_CANDIDATE_LABELS = error("missing-candidate-labels", "{row|rows} whose candidates have no labels",
    _RANKING_ROW + "{hint}")
MISSING_ENTITIES = error("missing-entities", "{row|rows} without a head and a tail",
    "Mark them in the text, <{head}>Ada</{head}> … <{tail}>Oslo</{tail}>, or name the columns of their spans: "
    "data.columns.head=… data.columns.tail=….{hint}")
SAME_COLUMN = error("same-column", "{row|rows} whose {first} and {second} are one column",
    "data.columns.{first} and data.columns.{second} name two columns.")
NOT_A_STRING = error("not-a-string", "{row|rows} whose {role} is not a string", _QUOTES)
NOT_A_LIST = error("not-a-list", "{row|rows} whose {role} are not a list",
    'A list is ["…", "…"] in JSON; in a cell it may also be words with spaces between them.')
NOT_STRINGS = error("not-strings", "{row|rows} with {role} that are not strings",
    "Each is a text in quotes; numbers of classes need the names of the classes.")
NOT_AN_OBJECT_PART = error("not-an-object-part", "{row|rows} whose {role} is an object",
    "Name the part that is meant: data.columns.{role}={example}.")
NOT_A_NUMBER = error("not-a-number", "{row|rows} with something other than a finite number",
    "A number is written as 3, 3.5 or -1e-2, with a point.")
NEGATIVE_WEIGHT = error("negative-weight", "{row|rows} with a negative weight", "A weight is 0 or more.")
NOT_A_LABEL = error("not-a-label", "{row|rows} with something other than a label",
    "A label is a text, a whole number, or true or false.")
EMPTY_LABEL = error("empty-label", "{row|rows} with an empty label", "'{column}' holds the label.")
UNNAMED_LABEL = error("unnamed-label", "{row|rows} with a label that task.label_names does not name",
    "It names {names} labels, which are numbered from 0.")

# Rows of any kind
EMPTY_ROW = warning("empty-row", "empty {row|rows}", nothing_found="kept; nothing can be found in them",
    left_out="left out of training", predicted="predicted like any other row, from an empty text",
    empty_text="an empty text is written", unlabelled="kept, without a label")
EMPTY_PART = error("empty-part", "{row|rows} with an empty {role}", "There is nothing to read in it.", kept="kept",
    ranked="ranked like any other", candidates_ranked="its candidates are ranked like any others")

# Spans and tags
LABEL_UNITS = fact("label-units", "labels mark {units} (task.units=auto)",
    configured="task.tag_scheme or data.columns.spans is set", character_spans="rows have character spans",
    lettered="tags have O, or the letters of a scheme", plain="there is no O, and no span scheme")
TAG_SCHEME = fact("tag-scheme", "tags are {scheme} ({found_by})", converted="converted to IOB2")
SPANS_NOT_A_LIST = error("spans-not-a-list", "{row|rows} whose spans are not a list",
    'Spans are a list such as [{{"start": 0, "end": 5, "label": "PER"}}].')
SPAN_UNREADABLE = error("span-unreadable", "{row|rows} with a span that cannot be read",
    'A span is {{"start": 0, "end": 5, "label": "PER"}} or [0, 5, "PER"].')
SPAN_OUTSIDE = error("span-outside-text", "{row|rows} with a span outside the text",
    "Offsets count {unit}s from 0; end is one past the last.")
SPAN_WITHOUT_WORD = error("span-without-word", "{span|spans} without a word",
    "task.misaligned_spans=drop leaves them out.", drop="left out (task.misaligned_spans=drop)")
SPAN_INSIDE_WORD = error("span-inside-word", "{span|spans} that {begins|begin} or {ends|end} inside a word",
    "task.misaligned_spans=expand widens them to whole words, drop leaves them out.",
    expand="widened to whole words (task.misaligned_spans=expand)", drop="left out (task.misaligned_spans=drop)")
SPANS_OVERLAP = error("spans-overlap", "{span|spans} that {shares|share} a word with another",
    "task.overlapping_spans=longest keeps the longest.", longest="left out (task.overlapping_spans=longest)")
UNEQUAL_TAGS = error("unequal-tags", "{row|rows} with tokens and tags of unequal length", "Each token needs one tag.")
UNTAGGED_TOKEN = error("untagged-token", "{row|rows} with a token without a tag",
    "'_' means no tag in CoNLL-U: leave out its lines of multiword tokens (1-2) and empty nodes (1.1).")
UNTAGGABLE_TEXT = error("untaggable-text", "{row|rows} of text, which cannot have a tag for each token",
    "task.units=tokens learns from data.columns.tokens and data.columns.tags; task.units=spans from text with spans.")
UNKNOWN_TAG = error("unknown-tag", "{tag|tags} of no known scheme",
    "Tags are O, B-TYPE and I-TYPE (or BIOES), or bare types.")
DISGUISED_TAG = error("disguised-tag", "{tag|tags} of no known scheme",
    "B- and I- are upper case and come first; task.tag_scheme=bare takes types as they are.")
DISGUISED_TAGS = error("disguised-tags", "{kind|kinds} of tags of no known scheme",
    "In span tags, B- and I- are upper case and come first; task.units=tokens takes tags as they are.")
LETTERLESS_TAG = error("letterless-tag", "{tag|tags} without B- or I- among tags that have it",
    "Correct the file, or set task.tag_scheme=bare if no tag has a letter.")
BROKEN_TAG = error("broken-tag", "{tag|tags} that {scheme} does not allow at their place",
    "task.broken_tags=repair reads them as conlleval does.", repair="read as conlleval does (task.broken_tags=repair)")

# Texts and pairs of texts
UNEXPECTED_PAIR = error("unexpected-pair", "{row|rows} with a second text in column '{column}'",
    "Rows are single texts here (task.pairs=false); leave out data.columns.pair.",
    ignored="not read: rows are single texts here (task.pairs=false)")
SEVERAL_TARGETS = info("several-targets", "{row|rows} with several targets", "the first is learned, all are references")
HALF_A_PAIR = error("half-a-pair", "{row|rows} with a {there} and an empty {empty}",
    "Complete the row, or leave it out.")
SOURCE_IS_NULL = error("source-is-null", "{row|rows} whose source is null", "'{column}' holds the source.")
NOT_A_TARGET = error("not-a-target", "{row|rows} whose target is not a text", _TARGET)
NO_TARGETS = error("no-targets", "{row|rows} with an empty list of targets", "A list has at least one target.")
EMPTY_TARGET_IN_LIST = error("empty-target-in-list", "{row|rows} with an empty target among others",
    "Leave it out of the list.")

# Questions and answers
IMPOSSIBLE_ANSWERED = error("impossible-answered", "{row|rows} with answers to a question that is marked as impossible",
    "Empty the answers, or set is_impossible to false.")
UNMARKED_IMPOSSIBLE = warning("unmarked-impossible",
    "{row|rows} without an answer that {is|are} not marked as impossible", "read as questions without an answer")
NO_ANSWER_LEFT = warning("no-answer-left", "{row|rows} none of whose answers is left", "nothing is learned from them")
MISPLACED_ANSWER = error("misplaced-answer",
    "{answer|answers} that {is|are} not at the place in the context that the row names",
    "Offsets count characters from 0. task.misplaced_answers=search takes the nearest place where the answer is, drop "
    "learns nothing from it.", drop="not learned (task.misplaced_answers=drop)",
    search="found at the nearest place (task.misplaced_answers=search)")
ABSENT_ANSWER = error("absent-answer", "{answer|answers} that {does|do} not occur in the context",
    "task.misplaced_answers=drop learns nothing from them.")
ABSENT_TEXT_ANSWER = error("absent-text-answer", "{answer|answers} that {does|do} not occur in the context",
    "An answer without an offset has to occur in the context, letter for letter.")
REPEATED_ANSWER = warning("repeated-answer",
    "{answer|answers} without an offset that {occurs|occur} in the context more than once", "the first place is taken")
EMPTY_ANSWER = error("empty-answer", "{row|rows} with an empty answer beside others", "Leave it out.")
UNREADABLE_ANSWERS = error("unreadable-answers", "{row|rows} with answers that cannot be read",
    'Answers are [{{"text": "Oslo", "start": 17}}], {{"text": ["Oslo"], "answer_start": [17]}}, or one text that '
    "occurs in the context; none is [], null or an empty text.")

# Entities and relations
ENTITIES_OVERLAP = error("entities-overlap", "{row|rows} whose head and tail overlap",
    "Head and tail are two passages that do not overlap.")
TEXT_AND_TOKENS = error("text-and-tokens", "{row|rows} with both a text and tokens",
    "Head and tail count in characters of the one or in tokens of the other: name the one that they count in, "
    "data.columns.text=… or data.columns.tokens=….")
REPEATED_MARK = error("repeated-mark", "{row|rows} with a mark that occurs twice",
    "A row is about one pair of entities: for another pair, repeat the sentence in another row.")
UNOPENED_MARK = error("unopened-mark", "{row|rows} with an end mark without a beginning",
    "An entity is marked as <{mark}>…</{mark}>.")
MISSING_MARK = error("missing-mark", "{row|rows} with a missing mark", "The head and the tail are each marked, once.")
UNREADABLE_ENTITY = error("unreadable-entity", "{row|rows} whose {role} cannot be read",
    'It is a span, {{"start": 0, "end": 5}} or [0, 5], in {unit}s; data.columns.{role} names its column.')
EMPTY_ENTITY = error("empty-entity", "{row|rows} with an empty entity",
    "An entity has at least one character that is not white space.")
EMPTY_RELATION = error("empty-relation", "{row|rows} with an empty text", "A row is a text with a head and a tail.")

# Queries and candidates
MIXED_FORMS = error("mixed-forms", "{row|rows} with {form}",
    "The first one has {first_form} ({first}). All rows must have the same form.")
TWO_FORMS = error("two-forms", "{row|rows} with a {form}, and negatives", _RANKING_ROW)
OWN_COLUMN = warning("own-column", "{row|rows} whose candidates have their own '{column}'",
    "predictions have the model's instead")
AMBIGUOUS_COLUMN = error("ambiguous-column", "{row|rows} with more than one column for the {role}",
    "Name one: data.columns.{role}=….")
NO_CANDIDATES = error("no-candidates", "{row|rows} with an empty list of candidates", "There is nothing to rank.")
UNEQUAL_LABELS = error("unequal-labels", "{row|rows} with different numbers of labels and candidates",
    "Each candidate has one label, in the same order.")
REPEATED_CANDIDATE_ID = error("repeated-candidate-id", "{row|rows} with two candidates of one id",
    "Give each its own id, or give none to any.")
CONTRADICTING_CANDIDATE = error("contradicting-candidate",
    "{row|rows} with a candidate that is both positive and negative", "It occurs twice, with two labels.")
REPEATED_CANDIDATE = warning("repeated-candidate", "{row|rows} with a candidate twice", "kept")
NOT_A_QUERY = error("not-a-query", "{row|rows} whose query holds something other than texts",
    "A query is a text, or a list of texts that are read one after the other.")
NOT_A_CANDIDATE = error("not-a-candidate", "{row|rows} whose {column} hold something other than texts",
    'A candidate is a text, or an object with one: {{"text": "…"}}.')
NOT_A_GRADE = error("not-a-grade", "{row|rows} with something other than a label",
    "A label is 0 for a negative, 1 or more for a positive.")

# Images
EMPTY_IMAGE_PATH = error("empty-image-path", "{row|rows} with an empty path of an image", "'{column}' holds the path.")
IMAGE_CHANGED = error("image-changed", "{image|images} that {has|have} changed")
IMAGE_MISSING = error("image-missing", "{image|images} that {does|do} not exist",
    "A path is relative to the file that names it.")
IMAGE_NOT_A_FILE = error("image-not-a-file", "{image|images} that {is|are} not a regular file",
    "A path names one image.")
IMAGE_OF_MANY_BYTES = error("image-of-many-bytes", "{image|images} of too many bytes", "At most {most:,} are read.")
IMAGE_OF_MANY_PIXELS = error("image-of-many-pixels", "{image|images} of too many pixels",
    "At most {most:,} are decoded.")
IMAGE_UNREADABLE = error("image-unreadable", "{image|images} that cannot be read")
NOT_AN_IMAGE = error("not-an-image", "{file|files} without an image in {it|them}",
    "Images are PNG, JPEG, GIF, BMP, WebP, TIFF or PPM.")
IMAGE_DAMAGED = error("image-damaged", "{image|images} that {is|are} damaged", "Decoding stops before the end.")
IMAGE_WITHOUT_RANGE = error("image-without-range", "{image|images} whose pixel values have no fixed range",
    "Save them with 8 or 16 bits per channel.")

# Splits
DEMO_CORPUS = fact("demo-corpus", "no data named: {what} the built-in demo corpus (data.{key}=… for your own).")
ROWS = fact("rows", "rows: {sizes}{labels}")
NO_VALIDATION = fact("no-validation",
    "no validation (data.validation_share=0): best/ is the model after the last validation point.")
NOTHING_TO_TUNE_ON = fact("nothing-to-tune-on", "no validation to tune on: {default}.")
VALIDATION_CUT = fact("validation-cut", "no validation named: {held:,} of {total:,} training rows held out "
    "(data.validation_share={share}, data.split_seed={seed}).")
REPEATED_ROW = warning("repeated-row", "{row|rows} with the {subject} of an earlier row",
    keep="kept (data.duplicates=keep)", drop="left out (data.duplicates=drop)",
    error="data.duplicates=keep or drop lets them pass.")
ROW_OF_TRAINING = warning("row-of-training", "{row|rows} of {part} that also {occurs|occur} in training",
    "kept; scores on them say little")
UNLEARNED_LABEL = warning("unlearned-label", "{label|labels} that only held-out rows have",
    "never learned; name a file (data.validation), or try another data.split_seed")
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
VANISHED_WORD = warning("vanished-word", "{word|words} that the tokenizer removes",
    "without a label of their own")
LONG_WORD = warning("long-word", "{word|words} longer than a window of {length} tokens",
    "read up to the end of the window")
# fmt: on
