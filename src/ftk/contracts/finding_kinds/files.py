"""Findings about files and documents."""

from ftk.contracts.finding_kinds.making import fact, info, notice, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Files
FOLDER_OF_CLASSES = fact("folder-of-classes",
    "{key}={folder}: {files:,} {kind_of_file}s in {classes} folders, one per class.")
FOLDER_OF_SPLITS = fact("folder-of-splits", "{key}={folder}: a folder of splits, by the names in it: {splits}.")
INPUT_FILES = fact("input-files", "input: {number_of_files:,} files, one after the other: {shown}.")
STREAM_OF_OBJECTS = fact("stream-of-objects",
    "input: JSON, because the first line is an object or a list of objects (data=text reads each line as a text).")
LINES_AS_TEXTS = notice("lines-as-texts", "{file}: the lines look like {what}",
    "each is read as a text; data={format} reads them as such, and data=text as texts without this note")
UNREAD_PREDICTIONS = notice("unread-predictions",
    "{run}: the predictions of the {damaged} split are left out, because they cannot be read ({why})",
    others="labels and examples are those of the {shown} split", none="the page has no labels and examples")
FILES_READ = fact("files-read", "{size} read from {shown}.")
ENTRIES_NOT_READ = fact("entries-not-read", "{key}={folder}: {left_out} of {entries} entries not read: {why}.")
CONLL_COLUMNS = fact("conll-columns",
    "{file}: {columns} columns; tokens in '{tokens}' ({tokens_by}), tags in '{tags}' ({tags_by}).")
CONLL_ATTRIBUTE = fact("conll-attribute",
    "{file}: tags are what '{attribute}=' is in column '{column}'; tokens without it are O.")
TYPES_APART = fact("types-apart",
    "{file}: tags are letters alone; column '{column}' has the types of the spans.")
CONLL_WITHOUT_TAGS = fact("conll-without-tags",
    "{file}: {columns} columns; tokens in '{tokens}' ({tokens_by}), no tags.")
CONLL_SENTENCES = fact("conll-sentences", "{file}: a sentence ends where column '{column}' changes.")
ONTONOTES = fact("ontonotes",
    "{file}: CoNLL-2012, as OntoNotes has it. The columns of the arguments of predicates, of which each sentence has "
    "its own number, are not read.")
CONLL_FOUND = fact("conll-found",
    "{file}: a token and its tag in each line, read as CoNLL columns. data=text reads each line as a text.")
TAG_COLUMNS = fact("tag-columns",
    "{file}: columns of tags are {columns}; '{taken}' is read. data.columns.tags=… names another.")
HEADER_LINE = info("header-line", "header {line|lines}", "read as the names of the columns")
MIXED_SEPARATORS = info("mixed-separators", "{line|lines} with blanks for tabs, or tabs for blanks",
    "{its|their} columns separated there")
MULTIWORD_LINE = info("multiword-line", "{line|lines} of multiword tokens (1-2)", "skipped; their words follow")
EMPTY_NODE_LINE = info("empty-node-line", "{line|lines} of empty nodes (1.1)", "skipped; they are no tokens")
UNPARTED_SENTENCE = info("unparted-sentence", "{sentence|sentences} without a blank line before {it|them}",
    "begun where the numbers of the tokens begin again")
LABELLED_LINES = fact("labelled-lines", "{file}: a text in each line, its label {how}.")
TAGGED_LINES = fact("tagged-lines", "{file}: a sentence in each line, with '{sign}' between a word and its tag.")
TAGGED_HALVES = fact("tagged-halves", "{file}: a sentence in each line, its words apart from its tags.")
TOKEN_ROWS = fact("token-rows",
    "{file}: a token in each row; sentences in '{sentence}' ({sentence_by}), tokens in '{tokens}'{tags}.")
PARTED_TOKEN_ROWS = fact("parted-token-rows",
    "{file}: a token in each row, tokens in '{tokens}'{tags}; rows without a token are between sentences.")
SENTENCE_AGAIN = warning("sentence-again", "{sentence|sentences} with the name of an earlier one",
    "read as {another one|other ones}; the rows of a sentence follow each other")
WEBANNO_LAYER = fact("webanno-layer", "{file}: WebAnno TSV; {role} in '{layer}'.")
WEBANNO_LAYERS = fact("webanno-layers",
    "{file}: WebAnno TSV; {role} in '{layer}'. data.columns.spans=… names another: {others}.")
WEBANNO_VALUELESS = warning("webanno-valueless", "{annotation|annotations} without a value", "left out")
FILE_OF_ONE_SENTENCE = warning("file-of-one-sentence", "{file|files} without a blank line between sentences",
    "read as one row of {tokens:,} tokens")
DOCUMENT_MARK = info("document-mark", "document {mark|marks}", "skipped")
COMMENT_LINE = info("comment-line", "comment {line|lines}", "skipped")
CLASS_WITHOUT_FILES = warning("class-without-files", "{folder|folders} without {kind_of_file}", "no rows of that class")
CLASS_OTHER_FILE = warning("class-other-file", "{file|files} that {is|are} not {kind_of_file}", "not read")
CLASS_LINK = warning("class-link", "{link|links} to a folder that is read already or that holds the class",
    "not followed")
REPEATED_ID = warning("repeated-id", "{question|questions} with the id of an earlier one",
    "kept; only their order distinguishes them")
UNNAMED_COLUMN = warning("unnamed-column", "{row|rows} with cells in columns without a name",
    "these cells are not read")

# Documents of brat
WITHOUT_ANNOTATIONS = warning("without-annotations", "{text|texts} without annotations (.ann)",
    "left out; an empty file says that there is nothing to annotate")
ANNOTATION_NOT_READ = info("annotation-not-read", "{line|lines} with {what}", "not read")
DISCONTINUOUS_SPAN = warning("discontinuous-span", "discontinuous {span|spans}",
    "read from the first to the last character")
OFFSETS_COUNT = info("offsets-count", "{document|documents} whose offsets count {unit}",
    "found by the texts of the spans")
RELATION_OF_ONE_PLACE = warning("relation-of-one-place", "{relation|relations} whose two entities overlap", "left out")

# Judgements and triples
TRIPLES = fact("triples", "{file}: no header; each line is {columns}. If the first line names columns: "
    "data.columns.query=….")
PARALLEL_FILES = fact("parallel-files",
    "{key}: line by line, the sources from {source}, the targets from {target} (data=parallel).")
BITEXT = fact("bitext", "{file}: no header; each line is a source and its target. The other way round: {swapped}.")
GRADES_NOT_READ = fact("grades-not-read", "{file}: all documents that it names are positives, whatever their grades.")
WITHOUT_POSITIVE = warning("without-positive", "{query|queries} without a positive", "left out")
JUDGED_UNKNOWN = warning("judged-unknown", "{judgement|judgements} of a text that {file} does not have", "left out")
# Exports of annotation tools
RECOGNISED = fact("recognised", "{file}: {what}, by the columns of the rows.")
NOT_MADE_PLAIN = fact("not-made-plain", "{file}: the rows look like {what}, and are read as they are: data.columns "
    "names '{column}', which their plain form does not have.")
GOLD_COLUMN = fact("gold-column",
    "'{gold}' is read as '{column}'; what was predicted is left out ({left_out}).")
PREDICTED_LABELS = fact("predicted-labels",
    "{file}: its labels are predictions of ftk, with their scores, and nobody's labels: scores on them say nothing.")
NOT_ACCEPTED = warning("not-accepted", "{row|rows} that the annotator did not accept ({answer})", "left out")
NOT_ANNOTATED = warning("not-annotated", "{row|rows} without an annotation", "left out")
SEVERAL_ANNOTATIONS = warning("several-annotations", "{row|rows} with several annotations",
    "the one that is marked as ground truth is read, else the first")
RESULT_NOT_READ = warning("result-not-read", "{result|results} of the type '{what}'", "not read")

# Documents
FILE_WITHOUT_TEXT = warning("file-without-text", "{file|files} without any text", "skipped")
ROW_WITHOUT_TEXT = warning("row-without-text", "{row|rows} without any text", "left out")
REPEATED_LINE = warning("repeated-line", "{line|lines} that occurred before",
    drop="left out (data.duplicate_lines=drop)", error="data.duplicate_lines=keep or drop lets them pass.")
REPEATED_DOCUMENT = warning("repeated-document", "{document|documents} that occurred before",
    drop="left out (data.duplicates=drop)", error="data.duplicates=keep or drop lets them pass.")
# fmt: on
