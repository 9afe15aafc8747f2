"""Findings about how models compute."""

from ftk.contracts.finding_kinds.making import fact

PLAIN_WAY = fact(
    "plain-way",
    "{model}: its own modules instead of ftk's fast ones for {ways}",
    "they compute the same, more slowly ({reason})",
)
QUANTIZATION_COST = fact(
    "quantization-cost",
    "{metric} is {int8:.4f} in int8 and {plain:.4f} in {other} on the same rows ({difference:+.4f}).",
)
