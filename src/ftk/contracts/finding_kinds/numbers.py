"""Findings about the numbers of a model: its weights, and what it computes."""

from ftk.contracts.finding_kinds.making import error, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# NaN and infinity
BROKEN_WEIGHTS = warning("broken-weights", "{tensor|tensors} of the model with NaN or infinity",
    "a row for which the model computes such numbers is refused")
NOT_FINITE = error("not-finite", "{row|rows} for which the model computes numbers that are NaN or infinite: {cause}",
    "{way_out}", keep="written with 'error' and without a prediction (data.bad_rows=keep)")
# fmt: on
