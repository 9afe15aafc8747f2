"""Findings about how models compute."""

from ftk.contracts.finding_kinds.making import fact, notice

PLAIN_WAY = fact(
    "plain-way",
    "{model}: its own modules instead of ftk's fast ones for {ways}",
    "they compute the same, more slowly ({reason})",
)
QUANTIZATION_COST = fact(
    "quantization-cost",
    "{metric} is {int8:.4f} in int8 and {plain:.4f} in {other} on the same rows ({difference:+.4f}).",
)

NO_RELEVANCE_RULES = notice(
    "no-relevance-rules",
    "{model}: the rules of relevance do not cover all of this model (relevance of {sum:.4g} for {value:.4g})",
    "scores are gradients times inputs",
)
WORDS_LEFT_OUT = fact("words-left-out", "{token} stands in for a word that is left out.")
