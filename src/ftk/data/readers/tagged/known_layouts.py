"""Files of tokens that say in their first lines what they are: CoNLL-2012 of OntoNotes, and WebAnno TSV 1 and 2."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_BEGIN_DOCUMENT = re.compile(r"#begin document\b")
_TREE = re.compile(r"-|(\([^()\s*]+)*\*\)*")
"""A cell of the column of parse trees."""
_FIXED = 11
"""Columns of CoNLL-2012 before those of the arguments of predicates, of which each sentence has its own number."""
_NAMES = (
    *("document", "part", "number", "word", "pos", "parse", "lemma", "frameset", "sense", "speaker", "entities"),
    "coreference",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file says about its columns.

    Attributes:
        names: of the columns.
        roles: the columns of tokens and tags, if the format fixes them.
        fixed: the number of columns at the beginning that every line has. Of those after it, the last is kept. 0 where
            all lines have the same number of columns.
    """

    names: tuple[str, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    fixed: int = 0

    def kept(self, fields: Sequence[str]) -> list[str]:
        """The fields of a line without those whose number differs from sentence to sentence."""
        return [*fields[: self.fixed], fields[-1]]

    def left_out(self, fields: Sequence[str]) -> int:
        """The number of columns that ``kept`` leaves out of a line; -1 if the line has too few."""
        return max(-1, len(fields) - self.fixed - 1)


ONTONOTES = Layout(_NAMES, {"tokens": "word", "tags": "entities"}, _FIXED)


def is_ontonotes(comments: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether a file is that of CoNLL-2011 or CoNLL-2012, by its comments and the fields of its first token."""
    if len(fields) <= _FIXED or not (fields[1].isdecimal() and fields[2].isdecimal()):
        return False
    begun = any(map(_BEGIN_DOCUMENT.match, comments))
    return _TREE.fullmatch(fields[5]) is not None and (begun or fields[5].startswith("("))


def webanno_names(line: str) -> tuple[str, ...] | None:
    """The columns that the first line of WebAnno TSV 2 names, as in ``# ner.type.NamedEntity | value``; None for any
    other line."""
    if not re.match(r"\s*#\s+[\w.]+\.\w+\s+\|\s", line):
        return None
    names: list[str] = ["number", "token"]
    for layer in re.split(r"(?:^|\s)#\s+", line.strip())[1:]:
        name, *features = (part.strip() for part in layer.split("|"))
        short = name.rpartition(".")[2]
        names += [f"{short}.{'governor' if one.startswith('AttachTo=') else one}" for one in features]
    return tuple(names) if len(set(names)) == len(names) else None


def says_layout(lines: Sequence[str]) -> bool:
    """Whether the first lines of a file are those of CoNLL-2012, or of WebAnno TSV 1 or 2."""
    full = [line for line in lines if line.strip()]
    if not full:
        return False
    tokens = [line for line in full if not line.lstrip().startswith("#")]
    if _BEGIN_DOCUMENT.match(full[0]):
        return bool(tokens) and is_ontonotes(full[:1], tokens[0].split())
    named = webanno_names(full[0]) is not None or any(line.startswith("#id=") for line in full[:3])
    return named and bool(tokens) and all(re.match(r"\d+-\d+\t\S", line) for line in tokens)
