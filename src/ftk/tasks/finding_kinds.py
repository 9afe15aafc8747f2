"""The kinds of findings that single tasks make; ``ftk.contracts.finding_kinds`` lists all others."""

from ftk.contracts.finding_kinds import error

# fmt: off
TRUTH_VALUES = error("truth-values", "{row|rows} with true or false where names of labels are expected",
    "data.columns.label=[{column}] reads a column of truth values as one label, with the column's name.")
NOT_ZERO_OR_ONE = error("not-zero-or-one", "{row|rows} with something else than 0 or 1 in a column of a label",
    "With a list of columns, each says whether a row has one label: 0 or 1, false or true.")
LARGE_NUMBER = error("large-number", "{row|rows} with a number beyond {most:g}", "Targets are computed in fp32.")
REPEATED_CANDIDATE_IN_FILE = error("repeated-id-in-file", "{candidate|candidates} with the id of an earlier one",
    "Each has one of its own, or none has.")
CANDIDATE_WITHOUT_TEXT = error("candidate-without-text", "{candidate|candidates} without a text",
    "The column is called 'text'.{hint}")
# fmt: on
