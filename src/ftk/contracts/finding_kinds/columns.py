"""Findings about columns, their values, and rows of any kind."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

_RANKING_ROW = (
    'A row is {{"query", "positive"}}, with or without "negatives"; {{"query", "candidate", "label"}}; or {{"query", '
    '"candidates", "labels"}}.'
)
_QUOTES = 'A text stands in quotes in JSON, "…", an empty one as "".'

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Columns and their values
COLUMNS_FOUND = fact("columns-found", "columns found by name: {columns}.")
COLUMN_IN_OTHER_CASE = fact("column-in-other-case",
    "{file}: names of columns are read whatever their case: {columns}.")
COLUMNS_OF_TRAINING = fact("columns-of-training",
    "columns, as in training: {columns} (data.columns.<role>=… names others).")
COLUMN_CHOSEN = fact("column-chosen", "{role} is '{column}', not {others} (data.columns.{role})",
    first="it comes first among several that it could be", marks="its tags mark spans",
    filled="the only one with something in it", partner="it belongs to the column of the second text")
COMPETING_COLUMNS = error("competing-columns",
    "{row|rows} that {leaves|leave} open which column is meant ({role}: {shares} of {rows:,} rows)",
    "Name it: {choices}.")
MISSING_COLUMN = error("missing-column", "{row|rows} without the column '{column}'",
    "data.columns.{role} names it, for all files: the column needs one name in all of them.{hint}",
    drop="left out (data.unlabelled=drop)")
MISSING = error("missing", "{row|rows} without {what}",
    "If another column has {what}, name it: data.columns.{role}={example}.{hint}",
    drop="left out (data.unlabelled=drop)")
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
    "Name the columns of their texts or places: data.columns.head=… data.columns.tail=…. Or name the marks around "
    "them: task.head_mark=e1 is <e1>Ada</e1>; others are 'task.head_mark=\"<<...>>\"', or '@GENE$' for what "
    "stands for an entity. If task.tail_mark is the same, the first is the head.{hint}")
SAME_COLUMN = error("same-column", "{row|rows} whose {first} and {second} are one column",
    "data.columns.{first} and data.columns.{second} name two columns.")
NOT_A_STRING = error("not-a-string", "{row|rows} whose {role} is not a string", _QUOTES)
NOT_A_LIST = error("not-a-list", "{row|rows} whose {role} are not a list",
    'A list is ["…", "…"] in JSON; in a cell it may also be words with spaces between them.')
UNREADABLE_LIST = error("unreadable-list", "{row|rows} whose {role} begin like a list that cannot be read: {why}",
    'In a cell, a list is written as JSON: ["…", "…"].')
SHORTENED_LIST = error("shortened-list", "{row|rows} whose {role} are a list of which {why}",
    "They are not in the file: write it again from the data itself, as JSON lines or Parquet.")
LIST_LIKE_TEXT = warning("list-like-text", "{row|rows} with a text for the {role} that looks like a list",
    "read as one text")
NOT_STRINGS = error("not-strings", "{row|rows} with {role} that are not strings",
    "Each is a text in quotes. Tags that are numbers of classes get names from "
    "'task.label_names=[O,B-PER,I-PER]', in the order of their numbers.")
LISTS_IN_LIST = error("lists-in-list", "{row|rows} whose {role} are lists within a list",
    "A row is one sentence: write each of the inner lists as a row.")
NOT_AN_OBJECT_PART = error("not-an-object-part", "{row|rows} whose {role} is an object",
    "Name the part that is meant: data.columns.{role}={example}.")
NOT_A_NUMBER = error("not-a-number", "{row|rows} with something other than a finite number",
    "A number is written as 3, 3.5 or -1e-2, with a point and the digits 0 to 9.")
NEGATIVE_WEIGHT = error("negative-weight", "{row|rows} with a negative weight", "A weight is 0 or more.")
NOT_A_LABEL = error("not-a-label", "{row|rows} with something other than a label",
    "A label is a text, a whole number, or true or false; task=regression learns numbers with fractions.")
LABELS_IN_LISTS = error("labels-in-lists", "{row|rows} whose labels are in lists within a list",
    "data.columns.label={first} reads the first of them; several labels are one list: [\"a\", \"b\"].")
SEVERAL_LABELS = error("several-labels", "{row|rows} with a list of labels where one label is expected",
    "Rows with several labels are for task=multi-label.")
LABEL_IN_LIST = info("label-in-list", "{row|rows} whose label is a list of one label", "read as that label")
LIST_LIKE_LABEL = warning("list-like-label", "{row|rows} whose label looks like a list",
    "read as the name of one class; several labels for a row are task=multi-label")
EMPTY_LABEL = error("empty-label", "{row|rows} with an empty label",
    "'{column}' holds the label. data.unlabelled=drop leaves out rows without one.",
    drop="left out (data.unlabelled=drop)")
UNLABELLED_ROW = error("unlabelled-row", "{row|rows} with the class {label}, which stands for no label",
    "They cannot be scored: data.unlabelled=drop leaves them out.", left_out="left out of training",
    drop="left out (data.unlabelled=drop)")
MISSING_LABEL = error("missing-label", "{row|rows} with '{label}' for a label, which stands for a missing one",
    "data.unlabelled=drop leaves them out. If it is the name of a class, give the class another one.",
    drop="left out (data.unlabelled=drop)")
ODD_LABEL = warning("odd-label", "{row|rows} with the label '{label}', which often stands for a missing one",
    "read as the name of a class")
MINUS_ONE = warning("minus-one", "{row|rows} with the label -1 beside 0 and 1",
    "read as a class; where -1 marks rows without a class, 'task.label_names=[…]' names the others and leaves it out")
MIXED_TRUTH = error("mixed-truth", "{row|rows} with true or false for a label, where others have 0 or 1",
    "'task.label_names=[0,1]' reads both alike, and calls them 0 and 1; any two names will do.")
LABELS_ARE_DATES = warning("labels-are-dates", "{label|labels}, and all look like dates",
    "read as names of classes; data.columns.label names another column")
LABELS_OF_ROWS = warning("labels-of-rows", "{label|labels} for {rows:,} rows", "",
    names="most rows have one of their own, which cannot be learned from others (data.columns.label names the column)",
    numbers="most rows have one of their own; task=regression learns numbers (data.columns.label names the column)")
UNSEEN_MARK = error("unseen-mark", "{row|rows} of {part} with the label '{label}', which training does not have",
    "It usually marks rows without a label, which cannot be scored: data.unlabelled=drop leaves them out.",
    drop="left out (data.unlabelled=drop)")
MIXED_LABELS = warning("mixed-labels", "{label|labels} that {is|are} {numbers}, beside {names}",
    "read as names of classes; if they are the numbers of the others, 'task.label_names=[…]' names them, from 0")
UNSEEN_NUMBER = error("unseen-number", "{row|rows} of {part} with a number for a label, where training has names",
    "The model knows {known}. If these are numbers of classes, 'task.label_names=[…]' names them, from 0; ftk evaluate "
    "takes it with task=<name>.",
    count="counted as missed (data.unseen_labels=count)")
UNSEEN_NAME = error("unseen-name", "{row|rows} of {part} with a name for a label, where training has numbers",
    "The model knows {known}. Train it with 'task.label_names=[…]', which names its numbers, from 0.",
    count="counted as missed (data.unseen_labels=count)")
UNSEEN_TRUTH = error("unseen-truth",
    "{row|rows} of {part} with true or false for a label, which training does not have",
    "The model knows {known}. 'task.label_names=[…]' with two of these names reads false as the first and true as the "
    "second; ftk evaluate takes it with task=<name>.", count="counted as missed (data.unseen_labels=count)")
UNSEEN_SPELLING = error("unseen-spelling",
    "{row|rows} of {part} with a label that training has in another spelling (case, blanks, invisible characters)",
    "The model knows {known}. Write it as training does.", count="counted as missed (data.unseen_labels=count)")
LABEL_OF_HEADER = error("label-of-header", "{row|rows} that {repeats|repeat} the names of the columns",
    "A header is in the file twice, or a file with one is read with data.header=false: remove the line, or the key.")
LABEL_IS_COLUMN = warning("label-is-column", "{row|rows} with the name of the column for a label, '{label}'",
    "read as the name of a class")
CLASSES_OF_FILE = fact("classes-of-file", "{file}: it names the classes of '{column}' itself: {names}.")
NAMES_BESIDE = fact("names-beside", "'{column}' has numbers, '{beside}' the names of their classes: {names}",
    "data.columns.label={example} learns and predicts the names")
NAME_DIFFERS = warning("name-differs", "{row|rows} whose '{beside}' is not that of the same '{column}' in other rows",
    "'{column}' counts")
UNUSED_NAME = warning("unused-name", "{name|names} in task.label_names that no training row has",
    "kept as {label|labels} of the model, which learns nothing about {it|them}")
UNUSED_COLUMN = warning("unused-column", "{column|columns} of a label that no training row has",
    "not learned, and never predicted")
UNNAMED_LABEL = error("unnamed-label", "{row|rows} with a label that task.label_names does not name",
    "It names {names} labels, which are numbered from 0. If the data counts them from 1, the first name stands for 0, "
    "and no row has it.")

# Rows of any kind
OTHER_TASK = fact("other-task", "These rows look like task={task}: {why}.")
ERROR_COLUMN = warning("error-column", "{row|rows} with a column 'error' of their own",
    "left out: with data.bad_rows=keep it says why a row has no prediction")
BAD_ROW = warning("bad-row", "{row|rows} that cannot be used",
    "written with 'error' and without a prediction (data.bad_rows=keep)")
LONG_TEXT = error("long-text",
    "{row|rows} with a text of more than 16 million characters, or a list of more than 2 million items",
    "Cut it into several rows, or documents; ftk pretrain reads a text of any length.")
EMPTY_ROW = warning("empty-row", "empty {row|rows}",
    nothing_found="kept; they give the model no text to read",
    left_out="left out of training", predicted="predicted like any other row, from an empty text",
    empty_text="an empty text is written", unlabelled="kept, without a label")
EMPTY_PART = error("empty-part", "{row|rows} with an empty {role}", "There is nothing to read in it.", kept="kept",
    ranked="ranked like any other", candidates_ranked="its candidates are ranked like any others")
# fmt: on
