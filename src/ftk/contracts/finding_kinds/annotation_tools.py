"""Findings about exports of annotation tools: controls, annotations and answers."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

CONTRADICTING_ANNOTATIONS = warning("contradicting-annotations", "{row|rows} whose annotations contradict each other",
    "the one that is marked as ground truth is read, else the first")
CANCELLED_ANNOTATION = warning("cancelled-annotation", "{row|rows} of which every annotation was cancelled", "left out")
CANCELLED_BESIDE = info("cancelled-beside", "{row|rows} with a cancelled annotation beside another",
    "the other one is read")
SEVERAL_CONTROLS = error("several-controls", "{file|files} with several controls that could be the {role} ({names})",
    "Name one: {choices}.")
UNREAD_RESULTS = error("unread-results", "{result|results} of types that are not read ({types})",
    "Labels, choices, taxonomies, ratings, numbers and texts are read. Write the others as a table with a column for "
    "each value: docs/data.md shows the columns of each task.")
REPLACED_BY_ANNOTATION = warning("replaced-by-annotation", "{row|rows} whose data have a column '{column}', too",
    "the annotation is read in its place; another name for it in the data keeps both")
REGION_WITHOUT_OFFSETS = error("region-without-offsets", "{region|regions} whose place in the text is not known",
    "Open and save the tasks in a newer version of the tool, which exports globalOffsets, or annotate plain text.")
HTML_AS_TEXT = fact("html-as-text", "{file}: '{column}' is HTML; its text is read, without the tags.")
DIALOGUE_AS_TEXT = fact("dialogue-as-text", "{file}: '{column}' is a dialogue; each turn is a line of 'text'.")
REJECTED_LABEL = info("rejected-label", "{row|rows} whose label '{label}' was rejected",
    opposite="read as the label '{opposite}'", absent="the label is absent there")
ANSWER_MERGED = info("answer-merged", "further {answer|answers} about a text that has one", "read as one row")
SINGLE_SPANS = error("single-spans", "{row|rows} with an answer about one span alone, as ner.teach asks for it",
    "What else is in these texts is not known, so they are not completely annotated. Prodigy completes them with "
    "ner.silver-to-gold. If they are complete, set '_is_binary' to false in them.")
JOINED_LABEL = warning("joined-label", "{row|rows} with '{sign}' between names that are labels by themselves",
    "read as the name of one class; 'task.separator=\"{sign}\"' of task=multi-label reads several")
JOINED_LABELS = info("joined-labels", "{row|rows} with '{sign}' between labels", "read as several labels")
# fmt: on
