"""Findings about texts, pairs, questions, relations and candidates."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

_RANKING_ROW = (
    'A row is {{"query", "positive"}}, with or without "negatives"; {{"query", "candidate", "label"}}; or {{"query", '
    '"candidates", "labels"}}.'
)
_TARGET = "A target is a text, or a list of texts."

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Texts and pairs of texts
UNEXPECTED_PAIR = error("unexpected-pair", "{row|rows} with a second text in column '{column}'",
    "Rows are single texts here (task.pairs=false); leave out data.columns.pair.",
    ignored="not read: rows are single texts here (task.pairs=false)")
SEVERAL_TARGETS = info("several-targets", "{row|rows} with several targets", "the first is learned, all are references")
HALF_A_PAIR = error("half-a-pair", "{row|rows} with a {there} and an empty {empty}",
    "Complete the row; data.unlabelled=drop leaves out such rows.", drop="left out (data.unlabelled=drop)")
MISSING_TEXT = error("missing-text", "{row|rows} with '{mark}' for a {role}, which stands for a missing text",
    "data.unlabelled=drop leaves them out.", drop="left out (data.unlabelled=drop)")
ODD_TEXT = warning("odd-text", "{row|rows} with '{mark}' for a {role}, which often stands for a missing text",
    "read as a text")
SOURCE_IS_NULL = error("source-is-null", "{row|rows} whose source is null", "'{column}' holds the source.")
NOT_A_TARGET = error("not-a-target", "{row|rows} whose target is not a text", _TARGET)
NO_TARGETS = error("no-targets", "{row|rows} with an empty list of targets",
    "A list has at least one target; data.unlabelled=drop leaves out such rows.",
    drop="left out (data.unlabelled=drop)")
EMPTY_TARGET_IN_LIST = error("empty-target-in-list", "{row|rows} with an empty target among others",
    "Leave it out of the list.")

# Questions and answers
IMPOSSIBLE_ANSWERED = error("impossible-answered", "{row|rows} with answers to a question that is marked as impossible",
    "Empty the answers, or set is_impossible to false.")
UNMARKED_IMPOSSIBLE = warning("unmarked-impossible",
    "{row|rows} without an answer that {is|are} not marked as impossible", "read as questions without an answer")
NO_ANSWER_LEFT = warning("no-answer-left", "{row|rows} none of whose answers is left", "nothing is learned from them")
MISPLACED_ANSWER = error("misplaced-answer",
    "{answer|answers} that {is|are} not at the place in the context that the row names",
    "Offsets were read as {what} (data.offsets). task.misplaced_answers=search takes the nearest place where the "
    "answer is, drop learns nothing from it.", drop="not learned (task.misplaced_answers=drop)",
    search="found at the nearest place (task.misplaced_answers=search)")
ANSWER_OFFSETS = fact("answer-offsets", "offsets of answers count {what} in {files} (data.offsets=auto)",
    "so {fitting:,} of {judged:,} answers begin where they say; if they counted characters, {plain:,}")
OTHER_SPACES = info("other-spaces", "{answer|answers} with other blanks or line ends than the context",
    "read as the context has {it|them}")
UNREADABLE_STARTS = error("unreadable-starts", "{row|rows} with other offsets than one for each answer in '{column}'",
    "It has the number of the character at which each answer begins. Without it, remove the column: answers are then "
    "found by their texts.")
ABSENT_ANSWER = error("absent-answer", "{answer|answers} that {does|do} not occur in the context",
    "task.misplaced_answers=drop learns nothing from them.")
ABSENT_TEXT_ANSWER = error("absent-text-answer", "{answer|answers} that {does|do} not occur in the context",
    "An answer without an offset has to occur in the context, letter for letter.")
REPEATED_ANSWER = warning("repeated-answer",
    "{answer|answers} without an offset that {occurs|occur} in the context more than once", "the first place is taken")
EMPTY_ANSWER = error("empty-answer", "{row|rows} with an empty answer beside others", "Leave it out.")
UNREADABLE_ANSWERS = error("unreadable-answers", "{row|rows} with answers that cannot be read",
    'Answers are [{{"text": "Oslo", "start": 17}}], {{"text": ["Oslo"], "answer_start": [17]}}, or one text that '
    "occurs in the context; none is [], null or an empty text.")

# Entities and relations
ENTITIES_OVERLAP = error("entities-overlap", "{row|rows} whose head and tail overlap",
    "Head and tail are two passages that do not overlap.")
TEXT_AND_TOKENS = error("text-and-tokens", "{row|rows} with both a text and tokens",
    "Head and tail count in characters of the one or in tokens of the other: name the one that they count in, "
    "data.columns.text=… or data.columns.tokens=….")
REPEATED_MARK = error("repeated-mark", "{row|rows} with a mark that occurs twice",
    "A row is about one pair of entities: for another pair, repeat the sentence in another row.")
UNOPENED_MARK = error("unopened-mark", "{row|rows} with an end mark without a beginning",
    "An entity is marked as <{mark}>…</{mark}>.")
MISSING_MARK = error("missing-mark", "{row|rows} with a missing mark", "The head and the tail are each marked, once.")
UNREADABLE_ENTITY = error("unreadable-entity", "{row|rows} whose {role} cannot be read",
    'It is a span, {{"start": 0, "end": 5}} or [0, 5], in {unit}s, or a text that the sentence has; '
    "data.columns.{role} names its column.")
ENTITY_AS_TEXT = info("entity-as-text", "{row|rows} whose {role} is given as a text", "found in the sentence",
    alike="found in the sentence in another spelling (case, blanks, underscores)")
REPEATED_ENTITY = error("repeated-entity", "{row|rows} whose {role} is a text that the sentence has more than once",
    'Give its place, {{"start": 0, "end": 5}}, or mark it, <e1>Ada</e1>; task.repeated_entities=first takes the first '
    "place.", first="the first place is taken (task.repeated_entities=first)")
ABSENT_ENTITY = error("absent-entity", "{row|rows} whose {role} is a text that the sentence does not have there",
    'Write it as the sentence does, or give its place, {{"start": 0, "end": 5}}; data.columns.{role} names its column.')
OTHER_ENTITY = error("other-entity", "{row|rows} whose marks and columns name different entities ({role})",
    "Correct these rows. If the column is about something else, rename it: marks are read where there are some.")
MARKS_READ = fact("marks-read", "head and tail are what is marked in the text; {columns} are not read.")
MARKS_FOUND = info("marks-found", "{row|rows} with marks of another spelling", "read as head and tail",
    typed="read as head and tail; the types in the marks are left out")
EMPTY_ENTITY = error("empty-entity", "{row|rows} with an empty entity",
    "An entity has at least one character that is not white space.")
EMPTY_RELATION = error("empty-relation", "{row|rows} with an empty text", "A row is a text with a head and a tail.")

# Queries and candidates
MIXED_FORMS = error("mixed-forms", "{row|rows} with {form}",
    "The first one has {first_form} ({first}). All rows must have the same form.")
TWO_FORMS = error("two-forms", "{row|rows} with a {form}, and negatives", _RANKING_ROW)
OWN_COLUMN = warning("own-column", "{row|rows} whose candidates have their own '{column}'",
    "predictions have the model's instead")
AMBIGUOUS_COLUMN = error("ambiguous-column", "{row|rows} with more than one column for the {role}",
    "Name one: data.columns.{role}=….")
NUMBERED_NEGATIVES = fact("numbered-negatives", "negatives are what is in {columns}.")
LABEL_NOT_READ = fact("label-not-read",
    "'{column}' is not read: 'positive' says which candidate is one (data.columns.label={example} reads it).")
POSITIVE_WITHOUT_RELEVANCE = error("positive-without-relevance",
    "{row|rows} with a positive whose label is 0, where others have 1",
    "data.columns.label=… reads the label of each candidate, whatever the column of candidates is called. If the label "
    "is about something else, rename its column.")
NO_CANDIDATES = error("no-candidates", "{row|rows} with an empty list of candidates", "There is nothing to rank.")
UNEQUAL_LABELS = error("unequal-labels", "{row|rows} with different numbers of labels and candidates",
    "Each candidate has one label, in the same order.")
REPEATED_CANDIDATE_ID = error("repeated-candidate-id", "{row|rows} with two candidates of one id",
    "Give each its own id, or give none to any.")
CONTRADICTING_CANDIDATE = error("contradicting-candidate",
    "{row|rows} with a candidate that is both positive and negative", "It occurs twice, with two labels.")
REPEATED_CANDIDATE = warning("repeated-candidate", "{row|rows} with a candidate twice", "kept")
NOT_A_QUERY = error("not-a-query", "{row|rows} whose query holds something other than texts",
    "A query is a text, or a list of texts that are read one after the other.")
NOT_A_CANDIDATE = error("not-a-candidate", "{row|rows} whose {column} hold something other than texts",
    'A candidate is a text, or an object with one: {{"text": "…"}}.')
NOT_A_GRADE = error("not-a-grade", "{row|rows} with something other than a label",
    "A label is 0 for a negative, 1 or more for a positive.")
# fmt: on
