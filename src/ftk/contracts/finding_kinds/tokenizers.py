"""Findings about tokenizers, and about what they make of texts."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

TOKENIZER_OF_FILE = fact("tokenizer-of-file",
    "{folder}: {named} reads texts otherwise than tokenizer.json; the tokenizer is that of the file.")
NO_SPECIAL_TOKENS = fact("no-special-tokens",
    "{tokenizer} puts no special tokens around a text (its tokenizer.json has no post-processor), though it has "
    "{tokens}.")
END_ADDED = fact("end-added",
    "{tokenizer} puts no {token} behind a text, by which {architecture} classifies it. It is put there from now on. "
    "Training saves it with the tokenizer.")
NO_UNKNOWN_TOKEN = fact("no-unknown-token",
    "{tokenizer} has no token for what its vocabulary lacks: such characters are left out.")
SMALL_VOCABULARY = fact("small-vocabulary",
    "{tokenizer} has {tokens:,} of the {rows:,} tokens that the model has; its files may be incomplete.")
SPECIAL_TOKEN_IN_TEXT = info("special-token-in-text", "{text|texts} with {token}, which is a special token",
    "read as text")
PREFIXED_TWICE = warning("prefixed-twice", "{text|texts} that {begins|begin} with {prefix!r} already",
    "model.text_prefix puts it there once more; take it out of the rows, or set the key to an empty text")
UNKNOWN_WORDS = warning("unknown-words",
    "{word|words} that the tokenizer reads as {unknown} ({share} of the words it was tried on)",
    "the model cannot tell these words apart; a model whose vocabulary has their characters can")
NO_KNOWN_WORD = error("no-known-word", "{word|words}, and the tokenizer knows none",
    "Its files may be incomplete, or it may be of another language: model=… names another model.",
    predicted="predicted; the model cannot tell such texts apart")
# fmt: on
