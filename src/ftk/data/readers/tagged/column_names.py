"""Names of columns in files with a token in each line or row, and the lines that give them."""

from collections.abc import Sequence

from ftk.data.rows.tags.tag_columns import evidence_of
from ftk.data.rows.tags.tag_spelling import is_usual_tag
from ftk.system.spelling import folded

TOKEN_NAMES = (
    *("form", "token", "tokens", "word", "words", "text", "forms", "wordform", "tokentext"),
    *("wort", "mot", "palabra", "palavra", "parola", "woord", "слово", "词", "字", "単語", "단어"),
)
"""What files call the column of the tokens, in the order in which they are tried."""
_TAG_NAMES = frozenset(
    {"tag", "tags", "ner", "nertag", "nertags", "label", "labels", "entity", "entities", "iob", "bio", "iob2", "ne"}
    | {"netag", "pos", "upos", "xpos", "postag", "postags", "chunk", "chunktag", "slot", "slots", "class", "type"}
    | {"gold", "bioes", "bilou", "iobtag", "biotag", "nerlabel", "nelabel", "entitytype", "entitytag", "entitylabel"}
    | {"namedentity", "annotation", "prediction"}
)
_OTHER_NAMES = frozenset(
    {"id", "idx", "index", "sentence", "sentenceid", "sent", "sentid", "doc", "docid", "document", "lemma", "tokenid"}
    | {"tokenidx", "tokenno", "wordid", "start", "end", "feats", "head", "deprel", "deps", "misc"}
)


def plain_name(name: str) -> str:
    """The name of a column in small letters, without anything else."""
    return "".join(sign for sign in folded(name) if sign.isalnum())


def is_header(fields: Sequence[str]) -> bool:
    """Whether the fields of a line are names of columns: ``word tag``."""
    plain = [plain_name(name) for name in fields]
    return (
        len(plain) > 1
        and any(name in TOKEN_NAMES for name in plain)
        and all(name in TOKEN_NAMES or name in _TAG_NAMES or name in _OTHER_NAMES for name in plain)
        and len(set(plain)) == len(plain)
    )


def heads_columns(fields: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a first line names the columns of those after it: one of its names is a usual one, none is a tag, and
    a column has tags of spans below it.

    Args:
        fields: of the first line.
        others: those of lines with the same number of fields.
    """
    plain = [plain_name(name) for name in fields]
    usual = any(name in TOKEN_NAMES or name in _TAG_NAMES for name in plain)
    if len(plain) < 2 or not usual or len(set(plain)) < len(plain) or any(map(is_usual_tag, fields)) or not others:
        return False
    for name, values in zip(fields, zip(*others, strict=True), strict=True):
        evidence = evidence_of([value.strip() for value in values])
        if evidence.lettered and evidence.spans and name not in values:
            return True
    return False
