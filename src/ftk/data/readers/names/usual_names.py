"""The names by which the columns of each role are recognised, in all tasks."""

from collections.abc import Iterable, Mapping, Sequence

from ftk.data.examples.entities.offsets import PAIRS
from ftk.data.examples.questions import NAMES as QUESTION_NAMES
from ftk.data.examples.ranking_columns import CANDIDATE, NEGATIVES, QUERY
from ftk.data.examples.sentence_columns import NAMES
from ftk.data.examples.sequences import SOURCE, TARGET
from ftk.data.images.examples import IMAGE
from ftk.data.rows.columns import PAIR, TEXT

LABEL = (
    "label", "labels", "category", "categories", "class", "classes", "intent", "relation", "score", "value", "rating",
    "target", "tags", "relevance", "grade", "grades",
)  # fmt: skip
"""The names of columns of labels and numbers; each task tries some of them."""
TAGS = (*NAMES["tags"], "pos_tags", "upos", "pos")
USUAL_NAMES: Mapping[str, Sequence[str]] = {
    "text": TEXT,
    "pair": PAIR,
    "label": LABEL,
    "tokens": NAMES["tokens"],
    "tags": TAGS,
    "spans": NAMES["spans"],
    "head": tuple(dict.fromkeys(head for head, _ in PAIRS)),
    "tail": tuple(dict.fromkeys(tail for _, tail in PAIRS)),
    "query": QUERY,
    "candidate": CANDIDATE,
    "negatives": NEGATIVES,
    **QUESTION_NAMES,
    "source": SOURCE,
    "target": TARGET,
    "image": IMAGE,
}


def usual_names(roles: Iterable[str]) -> dict[str, Sequence[str]]:
    """The names that are tried for some roles, by role."""
    return {role: USUAL_NAMES[role] for role in roles if role in USUAL_NAMES}
