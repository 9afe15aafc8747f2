"""Findings about rows that can be learned from, and that somebody should look at."""

from ftk.contracts.finding_kinds.making import fact, info, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Rows that are nearly equal
NEAR_DUPLICATE = warning("near-duplicate",
    "{row|rows} that nearly {equals|equal} an earlier one (Jaccard similarity of at least {threshold:g})",
    "what is written several times counts several times")
NEAR_DUPLICATE_OF_TRAINING = warning("near-duplicate-of-training",
    "{row|rows} of {part} that nearly {equals|equal} one of training (Jaccard similarity of at least {threshold:g})",
    "scores on them say little; leave them out of {part}, or of training")
RELABELLED_NEAR_DUPLICATE = warning("relabelled-near-duplicate",
    "{row|rows} that nearly {equals|equal} another one and {has|have} another label", "one of the two may be wrong")
ALIKE_ROWS_LIMITED = fact("alike-rows-limited",
    "more than {most} rows are alike in places: each is compared with the {most} that are most alike.")

# Characters
CONTROL_CHARACTER = warning("control-character", "{row|rows} with control characters",
    "remove them; they are what another encoding or program has left")
INVISIBLE_CHARACTER = warning("invisible-character", "{row|rows} with characters that nobody sees",
    "remove them; words with them are other words to a model")
LOST_CHARACTER = warning("lost-character", "{row|rows} with U+FFFD in place of a character",
    "the character is lost; write the file again from its source, with the right encoding")
MOJIBAKE = warning("mojibake", "{row|rows} with UTF-8 that was read in another encoding",
    "write the file again from its source; 'Ã©' was 'é'")
DIRECTION_MARK = warning("direction-mark",
    "{row|rows} with marks of the direction of writing that nothing there needs or ends",
    "remove them; what is shown is in another order than what is read")
PRIVATE_CHARACTER = warning("private-character", "{row|rows} with characters that Unicode gives no meaning",
    "replace them; they are the signs of a certain font, or halves of characters")
MIXED_SCRIPTS = warning("mixed-scripts", "{row|rows} with a word of letters of two alphabets that look alike",
    "write the word in one alphabet; to a model it is another word")
APART_ACCENTS = info("apart-accents", "{row|rows} with accents apart from their letters",
    "normalise texts to NFC, unless the tokenizer does; words with them are other words to a model")

# Texts
MARKUP_LEFT = warning("markup-left", "{row|rows} with tags or entities of HTML", "take them out, if texts are meant")
ESCAPES_LEFT = warning("escapes-left", "{row|rows} with escapes in place of characters",
    "write the characters themselves, if texts are meant")
NO_WORDS = info("no-words", "{row|rows} with a text that is nothing but {what}",
    "there may be nothing in them to learn from")
PLACEHOLDER = warning("placeholder", "{row|rows} with words that stand in place of a text", "leave them out")
FAR_LONGER = warning("far-longer",
    "{row|rows} of more than {least:,} characters, where half have {usual:,} or fewer",
    "look whether several rows have become one")
CUT_TEXTS = warning("cut-texts", "{row|rows} of exactly {length:,} characters, and none is longer",
    "texts seem to be cut there; take them from their source")
EQUAL_TEXTS = warning("equal-texts", "{row|rows} whose {one} equals the {other}", "look whether that is meant")
ODD_RATIO = info("odd-ratio",
    "{row|rows} whose target is far longer or shorter than those of sources of this length",
    "look whether it belongs to its source")

# Labels
LABEL_IN_TEXT = warning("label-in-text", "{row|rows} whose text says the label itself",
    "a model will read it there; take it out of the text")
RARE_LABEL = info("rare-label", "{label|labels} with fewer than {least} training rows ({names})",
    "hardly learned; add rows, or join {it|them} to {another one|others}")
LABEL_NOT_TESTED = info("label-not-tested", "{label|labels} of training without a row in {part} ({names})",
    "scores say nothing about {it|them}")
UNEVEN_LABELS = fact("uneven-labels",
    "{percent:.1f} % of the rows have the label {label}, {least_percent:.2g} % the label {least_label}: accuracy says "
    "little about rare labels, f1_macro more.")
OTHER_SHARES = info("other-shares", "{label|labels} with another share of {part} than of training ({names})",
    "scores of {part} are those of other data; draw both from the same source, if that is meant")
SORTED_ROWS = fact("sorted-rows",
    "rows are sorted by label: the first {rows:,} of {all_rows:,} have {found} of {labels} labels. Training shuffles "
    "them, and data.limit draws from all; data.cut=simple and the head of the file do not.")
COLUMN_TELLS = info("column-tells", "{column|columns} whose values alone tell the label of each training row",
    "not read by the model; look whether texts tell as much")

# Numbers
NUMBER_APART = warning("number-apart", "{row|rows} with a '{target}' far from all others",
    "look whether it is a mistake in writing; half of the numbers are from {low:g} to {high:g}")

# Spans and answers
PUNCTUATED_SPAN = info("punctuated-span", "{span|spans} with punctuation at {its|their} edges",
    "mark it or leave it out alike everywhere; each is scored as a whole")
UNMARKED_MENTION = info("unmarked-mention",
    "{place|places} without a mark where a text stands that is mostly marked elsewhere",
    "look whether a mark is missing")
SEVERAL_TYPES = info("several-types",
    "{text|texts} that {is|are} marked with one label mostly, and rarely with another",
    "look whether the rare one is a mistake")
ANSWER_INSIDE_WORD = info("answer-inside-word", "{answer|answers} that {begins|begin} or {ends|end} inside a word",
    "look whether a letter is missing")
# fmt: on
