"""Findings about columns, their values, and rows of any kind."""

from ftk.contracts.finding_kinds.making import error, fact, warning

_RANKING_ROW = (
    'A row is {{"query", "positive"}}, with or without "negatives"; {{"query", "candidate", "label"}}; or {{"query", '
    '"candidates", "labels"}}.'
)
_QUOTES = 'A text stands in quotes in JSON, "…", an empty one as "".'

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Columns and their values
COLUMNS_FOUND = fact("columns-found", "columns found by name: {columns}.")
COLUMNS_OF_TRAINING = fact("columns-of-training",
    "columns, as in training: {columns} (data.columns.<role>=… names others).")
COLUMN_CHOSEN = fact("column-chosen", "{role} is '{column}', not {others} (data.columns.{role})",
    first="it comes first among several that it could be", marks="its tags mark spans")
COMPETING_COLUMNS = error("competing-columns",
    "{row|rows} that {leaves|leave} open which column is meant ({role}: {shares} of {rows:,} rows)",
    "Name it: {choices}.")
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
ERROR_COLUMN = warning("error-column", "{row|rows} with a column 'error' of their own",
    "left out: with data.bad_rows=keep it says why a row has no prediction")
BAD_ROW = warning("bad-row", "{row|rows} that cannot be used",
    "written with 'error' and without a prediction (data.bad_rows=keep)")
EMPTY_ROW = warning("empty-row", "empty {row|rows}", nothing_found="kept; nothing can be found in them",
    left_out="left out of training", predicted="predicted like any other row, from an empty text",
    empty_text="an empty text is written", unlabelled="kept, without a label")
EMPTY_PART = error("empty-part", "{row|rows} with an empty {role}", "There is nothing to read in it.", kept="kept",
    ranked="ranked like any other", candidates_ranked="its candidates are ranked like any others")
# fmt: on
