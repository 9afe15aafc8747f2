"""Findings of ``ftk check``, beside those that reading makes."""

from ftk.contracts.finding_kinds.making import error, fact, info, notice, refusal, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

UNREADABLE = refusal("unreadable", "{what}")
UNTRAINABLE = refusal("untrainable", "{what}")
UNREADABLE_ROW = error("unreadable-row", "{row|rows} that cannot be read",
    "Correct or remove {it|them}: a training stops at the first one.")
SAME_FILE = warning("same-file", "{file|files} of {part} that {is|are} also read as {other}",
    "name another; scores on {part} say nothing")
REPEATED_WITHIN = info("repeated-within", "{row|rows} of {part} with the {subject} of an earlier row of {part}",
    "each counts in its scores")
RELABELLED_WITHIN = warning("relabelled-within",
    "{row|rows} of {part} with the {subject} of an earlier row of {part} and another label or answer",
    "no model can be right about both")
ROW_OF_VALIDATION = warning("row-of-validation", "{row|rows} of test that validation has, too",
    "the best model is chosen by them: scores on them may be too high")
SUSPECT_LABEL = warning("suspect-label", "{row|rows} of {part} whose label is likely wrong",
    "the most suspect come first in {file}; look at them, and correct those that are wrong")
SUSPECTS = fact("suspects", "suspects: {file}, and {tool} for Label Studio",
    "by confident learning, about {estimate} labels are wrong")
ROWS_OF_RUN = fact("rows-of-run", "run={run}: its losses are those of {seen} of {rows} rows",
    "the others are judged by heads alone")
FEW_ROWS_OF_RUN = notice("few-rows-of-run", "run={run} was trained on other rows: {seen} of {rows} are among them",
    "look whether it is the run that is meant; a row counts with its text and its label")
# fmt: on
