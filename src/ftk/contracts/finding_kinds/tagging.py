"""Findings about spans and tags."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Spans and tags
LABEL_UNITS = fact("label-units", "labels mark {units} (task.units=auto)",
    configured="task.tag_scheme or data.columns.spans is set", character_spans="rows have character spans",
    lettered="tags have O, or the letters of a scheme", plain="there is no O, and no span scheme")
TAGS_AND_SPANS = fact("tags-and-spans",
    "rows have tags and spans: {by_tags:,} spans by '{tags}', {by_spans:,} in '{spans}'",
    tags="the tags are read (data.columns.spans={example} reads the spans)",
    spans="the spans are read (data.columns.tags={example} reads the tags)")
WORDS_BY_CHARACTER = fact("words-by-character",
    "{percent:.0f} % of the spans begin or end inside a word: each character is read as a word, with sub-words of "
    "its own (task.words=auto; task.words=pieces keeps the sub-words of the tokenizer)")
TAG_SCHEME = fact("tag-scheme", "tags are {scheme} ({found_by})", converted="converted to IOB2")
TAG_SPELLING = fact("tag-spelling", "tags are spelled {written}: read as {usual}.")
OUTSIDE_WORD = info("outside-word", "{tag|tags} {words}", "read as O")
NONE_OUTSIDE = fact("none-outside", "no tag is O: every token belongs to a span.")
SPANS_NOT_A_LIST = error("spans-not-a-list", "{row|rows} whose spans are not a list",
    'Spans are a list such as [{{"start": 0, "end": 5, "label": "PER"}}]; a row without any has [], null or nothing.')
SPAN_WITHOUT_OFFSETS = error("span-without-offsets", "{row|rows} with a span that does not say where it is",
    'A text may occur more than once. A span is {{"start": 0, "end": 5, "label": "PER"}} or [0, 5, "PER"].')
SPAN_UNREADABLE = error("span-unreadable", "{row|rows} with a span that cannot be read",
    'A span is {{"start": 0, "end": 5, "label": "PER"}} or [0, 5, "PER"].')
SPAN_NUMBERED = error("span-numbered", "{row|rows} with a span whose label is a number",
    "Labels of spans are names. Replace the numbers by them; doccano exports names as JSONL.")
SPAN_LABELS = error("span-labels", "{row|rows} with a span that has several labels",
    "Each span has one label: leave the others out.")
SPAN_IN_PARTS = error("span-in-parts", "{row|rows} with a span of several parts",
    "A span has no gaps: make it one, or leave it out.")
SPAN_OUTSIDE = error("span-outside-text", "{row|rows} with a span outside the text",
    "Offsets count {unit}s from 0; end is one past the last.")
SPAN_EMPTY = error("span-empty", "{row|rows} with a span that ends where it begins, or before",
    "Offsets count {unit}s from 0; end is one past the last. Correct the two, or leave the span out.")
ROW_WITHOUT_SPANS = info("row-without-spans", "{row|rows} without spans in a file whose other rows have some",
    "read as texts in which nothing is marked")
SPAN_TEXT_DIFFERS = error("span-text-differs",
    "{span|spans} whose offsets do not fit the text that the span says it has",
    "Offsets were tried as characters, UTF-16 units, bytes and grapheme clusters, and {what} fit best: correct these "
    "spans. If the texts of spans are meant to differ from what is marked, data.offsets=characters goes by the offsets "
    "alone.")
TOKEN_TEXT_DIFFERS = error("token-text-differs",
    "{span|spans} of tokens that {does|do} not have the text that the span says it has",
    "Correct these spans: they count tokens from 0. If the texts of spans are meant to differ from what is marked, "
    "data.offsets=characters takes no notice of them.")
SPAN_TEXT_IGNORED = warning("span-text-ignored", "{span|spans} with a text that is not at {its|their} offsets",
    "the offsets count (data.offsets={offsets})")
OFFSETS_FOUND = fact("offsets-found", "offsets of spans count {what} (data.offsets=auto)",
    own_texts="all {with_text:,} spans that give their text have it there ({spans:,} spans in all)",
    borders="spans then begin and end where words do")
OFFSETS_BY_FILE = fact("offsets-by-file", "offsets of spans count {what} in {files} (data.offsets=auto)",
    own_texts="all {with_text:,} spans that give their text have it there ({spans:,} spans in all)",
    borders="spans then begin and end where words do", unconfirmed="nothing there says otherwise")
OFFSETS_CHANGE = warning("offsets-change",
    "{part|parts} of a file where offsets count {there}, and {before} before",
    "read as the spans there say; data.offsets=… reads all alike")
GOLD_LEFT_OUT = warning("gold-left-out", "{row|rows} with {what} that {is|are} not at {its|their} offsets",
    "predicted; the record has no gold standard")
GOLD_INSIDE_WORD = info("gold-inside-word", "{span|spans} of the gold standard that {begins|begin} or {ends|end} "
    "inside a word", "written as marked; ftk evaluate goes by task.misaligned_spans")
OFFSETS_UNCHECKED = warning("offsets-unchecked",
    "{span|spans} after emoji or rare characters that nothing confirms", "offsets are taken as characters; if they are "
    "from JavaScript or Java, data.offsets=utf16")
TOKEN_SPANS = fact("token-spans", "spans count tokens from 0, and end at {end}",
    own_texts="by the texts that they have of their own", single_tokens="some begin and end at one number",
    last_token="some end at the number of tokens", form="as this format has it")
TOKEN_ENDS_DIFFER = error("token-ends-differ", "{place|places} where spans of tokens contradict each other",
    "One span ends at its last token, the other one past it: write all in one way.")
SPANS_ARE_TAGS = fact("spans-are-tags",
    "labels of spans are tags: spans {spans:,}, of which O {outside:,}; entities {entities:,}.")
SPAN_LABELS_MIXED = error("span-labels-mixed",
    "{span|spans} with a label that other spans have with the letter of a tag ({example})",
    "Write all labels without letters: PER instead of B-PER.")
SPAN_WITHOUT_WORD = error("span-without-word", "{span|spans} without a word",
    "task.misaligned_spans=drop leaves them out.",
    drop="left out (task.misaligned_spans=drop); where rows are scored, they count as missed")
SPAN_TRIMMED = info("span-trimmed", "{span|spans} with white space at {its|their} edges", "read without it")
SPANS_SHIFTED = error("spans-shifted", "of {spans:,} spans begin inside a word",
    "These are no single mistakes: the offsets seem to belong to another version of the text (other line ends, other "
    "characters, something added or taken away at its beginning). Export the text together with its spans.",
    expand="the offsets seem to belong to another version of the text; what is learned is not what was marked",
    drop="the offsets seem to belong to another version of the text; what is learned is not what was marked")
SPANS_OF_OTHER_UNIT = error("spans-of-other-unit",
    "{span|spans} that {begins|begin} or {ends|end} inside a word, and would be words if offsets count {unit}",
    "data.offsets=auto finds what the offsets of each file count. If rows of one file differ, put those of each tool "
    "into a file of its own.",
    expand="widened, so what is learned is not what was marked; rows that count differently belong into files of their "
    "own", drop="left out; rows that count differently belong into files of their own")
SPANS_SHORT = error("spans-short", "of {spans:,} spans end one character before a word ends",
    "If the end of a span is its last character, add 1 to each: it is one past the last. If words have endings that do "
    "not belong to names, task.misaligned_spans=expand widens spans to whole words.",
    expand="if the end of a span is its last character, add 1 to each instead",
    drop="if the end of a span is its last character, add 1 to each instead")
SPAN_INSIDE_WORD = error("span-inside-word", "{span|spans} that {begins|begin} or {ends|end} inside a word",
    "task.misaligned_spans=expand widens them to whole words, drop leaves them out ('ftk evaluate' takes both beside "
    "task=ner). A training with task.words=characters reads each character as a word, for languages that join other "
    "words to names.",
    expand="widened to whole words (task.misaligned_spans=expand); where rows are scored, they count as missed",
    drop="left out (task.misaligned_spans=drop); where rows are scored, they count as missed")
SPANS_OVERLAP = error("spans-overlap", "{span|spans} that {shares|share} a word with another",
    "task.overlapping_spans=longest keeps the longest.",
    longest="left out (task.overlapping_spans=longest); where rows are scored, they are in the support")
SPAN_TWICE = error("span-twice", "{span|spans} that the row has before, with the same label",
    "Leave {it|them} out; task.overlapping_spans=longest reads each once.",
    longest="read once (task.overlapping_spans=longest)")
TIED_SPANS = info("tied-spans", "{span|spans} on the very words of another with another label",
    "left out, because the row has the other one first")
UNLEARNED_TYPE = warning("unlearned-type", "{type|types} of entities whose spans in training are all left out",
    "not learned, and never predicted")
PARTED_TAGS = info("parted-tags", "{row|rows} whose tags have '{sign}' between them",
    "split there, a tag for each token")
NUMBERED_TAGS = error("numbered-tags", "{tag|tags} that {is|are} numbers of classes, without the names of the classes",
    "'task.label_names=[O,B-PER,I-PER]' names them in the order of their numbers, from 0; task.units=tokens takes "
    "numbers as tags of tokens.")
MISSING_TAG = error("missing-tag", "{row|rows} with '{tag}' for a tag, which stands for a missing one",
    "Each token needs a tag; O is that of a token outside of all spans.")
IGNORED_TAG = error("ignored-tag", "{row|rows} with the tag {tag}, which marks what is not learned",
    "Tokenizers give it to pieces of words. Each row needs the words themselves and a tag for each: take the data from "
    "before the tokenizer.")
TEXT_AS_TOKENS = info("text-as-tokens", "{row|rows} whose text has a tag for each word",
    "read as tokens, split at spaces")
UNEQUAL_TAGS = error("unequal-tags", "{row|rows} with tokens and tags of unequal length", "Each token needs one tag.")
UNTAGGED_TOKEN = error("untagged-token", "{row|rows} with a token without a tag",
    "'_' means no tag; each token needs one. data.columns.tags=… names another column.")
UNTAGGABLE_TEXT = error("untaggable-text", "{row|rows} of text, which cannot have a tag for each token",
    "task.units=tokens learns from data.columns.tokens and data.columns.tags; task.units=spans from text with spans.")
UNKNOWN_TAG = error("unknown-tag", "{tag|tags} of no known scheme",
    "A token has one tag: O, B-TYPE or I-TYPE (or BIOES), or a bare type.")
DISGUISED_TAG = error("disguised-tag", "{tag|tags} of no known scheme",
    "B- and I- come first, and all tags are spelled alike; task.tag_scheme=bare takes types as they are.")
DISGUISED_TAGS = error("disguised-tags", "{kind|kinds} of tags of no known scheme",
    "In span tags, B- and I- are upper case and come first; task.units=tokens takes tags as they are.")
LETTERLESS_TAG = error("letterless-tag", "{tag|tags} without B- or I- among tags that have it",
    "Correct {it|them}: where some tags have B- or I-, all but O have it.")
LETTERED_TYPE = warning("lettered-type", "{tag|tags} that {begins|begin} with a letter of IOB2 or BIOES",
    "part of the name of the type (task.tag_scheme=bare); task.tag_scheme=auto reads the letter as the place in a span")
ANOTHER_OUTSIDE = error("another-outside-word", "{tag|tags} that {looks|look} like another word for O",
    "Write O for {it|them}; no span has such a type.")
NO_OUTSIDE = error("no-outside", "{kind|kinds} of tags without B- or I-, and no O: {tags}",
    "Tags of single tokens, such as parts of speech, are task=token-classification task.units=tokens. If every token "
    "belongs to a span, task.tag_scheme=bare takes tags as types.")
UNLIKELY_TYPES = error("unlikely-types", "{kind|kinds} of tags that {does|do} not look like types",
    "Is this the column of the tags? data.columns.tags=… names it. task.tag_scheme=bare takes tags as types, whatever "
    "they are.")
UNMATCHED_BRACKETS = error("unmatched-brackets", "{row|rows} whose brackets do not match, or are nested",
    "A span is opened by (PER* and closed by *), and a token has one tag. data.columns.tags=… names another column.")
ONE_TOKEN_ROWS = error("one-token-rows", "{row|rows}, and each has one token",
    "A row is a sentence. For a table with a row per token, data.columns.sentence=… names the column that says which "
    "rows are one sentence; CoNLL columns have a blank line between sentences, not between tokens.",
    lists="taken as sentences, because each is a list",
    predicted="each read as a sentence; data.columns.sentence=… names the column that says which rows are one sentence")
ODD_TOKENS = warning("odd-tokens", "{token|tokens} that {is|are} no {word|words}",
    subwords="{it looks|they look} like sub-words of a tokenizer; join them to words, because models have their own",
    empty="{it is|they are} empty or white space; between sentences there is a blank line, without a tag",
    numbered="{it is a character|they are characters} with {its|their} place in a word; leave the number out")
TAGS_AS_LABELS = error("tags-as-labels", "{row|rows} of one word whose {label is|labels are} the tags of tokens",
    "These are task=ner or task=token-classification: data.columns.tags=… names the column of the tags, and "
    "data.columns.sentence=… the one that says which rows are one sentence.")
BROKEN_TAG = error("broken-tag", "{tag|tags} that {scheme} does not allow at their place",
    "task.broken_tags=repair reads them as conlleval does.", repair="read as conlleval does (task.broken_tags=repair)")
# fmt: on
