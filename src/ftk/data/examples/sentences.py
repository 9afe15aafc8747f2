"""Rows to sentences: words with offsets, and one tag a word where the row is labelled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ftk.contracts.example import Example
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans import Misaligned, Overlapping, Span, place, tags_of, without_overlaps
from ftk.data.examples.tags import Scheme, Tag, Units, detect, is_disguised, parse_tag, to_iob2
from ftk.data.rows.cells import RowFault, from_cell, spans_of, strings_of, suits
from ftk.data.rows.columns import missing, not_a_string, not_there, say_columns
from ftk.data.text.words import Words, split_words

NAMES = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "labels", "ner"),
    "text": ("text", "sentence"),
    "spans": ("spans", "entities", "label", "labels"),
}
"""The column names that are tried where ``data.columns`` leaves a role open."""
_OF_TOKENS = ("tags", "labels", "pos_tags", "upos", "pos", "ner_tags", "ner")
"""The same for tags of single tokens."""


class Broken(Enum):
    """What to do with a tag that cannot follow its neighbour."""

    repair = "repair"
    error = "error"


@dataclass(slots=True)
class Sentence(Example):
    """One row as words.

    Attributes:
        text: the row's own text; for tokens, these joined by single spaces.
        starts, ends: character offsets of the words in it.
        tokens: the words as the row gives them, or None for a row of text.
        tags: one tag a word, in IOB2 where tags are of spans; None for an unlabelled row.
        gold: the labels as the row gives them, to be kept beside predictions.
        row: where it comes from.
        columns: the other columns.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    tokens: list[str] | None
    tags: list[str] | None
    gold: Any
    row: Row
    columns: dict[str, Any]

    @property
    def key(self) -> str:  # type: ignore[override]
        """The text; empty if it has no word."""
        return self.text if len(self.starts) else ""


@dataclass(kw_only=True)
class SentenceReader:
    """Checks rows and makes sentences of them, by the policies of the task.

    With ``units`` spans, tags of all schemes become IOB2, and character spans become tags. With tokens, tags stay as
    they are.
    """

    columns: dict[str, Any]
    labelled: bool
    units: Units
    words: Words
    scheme: Scheme
    broken: Broken
    misaligned: Misaligned
    overlapping: Overlapping
    notes: Notes

    def read(self, rows: Iterable[Row]) -> list[Sentence]:
        """A sentence for each row; faults go to the notes, which stop the run once all rows have been seen."""
        sentences: list[Sentence] = []
        tagged: list[tuple[Sentence, list[Tag]]] = []
        for row in rows:
            try:
                sentence, tags = self._sentence(row)
            except RowFault as fault:
                self.notes.error(fault.what, fault.advice, fault.place)
                continue
            if not self.labelled and not len(sentence.starts):
                self.notes.count("empty row|rows", "kept, with nothing to find in them", row.where)
            sentences.append(sentence)
            if tags is not None:
                tagged.append((sentence, tags))
        self._to_iob2(tagged)
        return sentences

    def columns_of(self, row: Row) -> tuple[str | None, str | None, str | None, str | None]:
        """The columns with tokens, text, tags and spans; tokens are read where both they and text are found.

        Raises:
            RowFault: a column that the config names is not in the row.
        """
        tokens_at, text_at = self._find(row, "tokens"), self._find(row, "text")
        tags_at = self._find(row, "tags")
        spans_at = self._find(row, "spans") if self.units is not Units.tokens else None
        if tokens_at and text_at and (self.columns.get("text") is not None or (spans_at and not tags_at)):
            tokens_at = None
        return tokens_at, text_at, tags_at, spans_at

    def _sentence(self, row: Row) -> tuple[Sentence, list[Tag] | None]:
        tokens_at, text_at, tags_at, spans_at = self.columns_of(row)
        if tokens_at:
            return self._of_tokens(row, tokens_at, tags_at)
        if text_at:
            return self._of_text(row, text_at, spans_at)
        advice = "Name the column: data.columns.text=… or data.columns.tokens=…."
        raise missing(row, "row|rows with neither tokens nor text", advice, (*NAMES["text"], *NAMES["tokens"]))

    def _of_tokens(self, row: Row, tokens_at: str, tags_at: str | None) -> tuple[Sentence, list[Tag] | None]:
        tokens = strings_of(row, tokens_at, "tokens")
        starts, ends, position = [], [], 0
        for token in tokens:
            starts.append(position)
            ends.append(position + len(token))
            position += len(token) + 1
        others = {name: value for name, value in row.values.items() if name not in (tokens_at, tags_at)}
        gold = from_cell(row.values.get(tags_at)) if tags_at else None
        gold = gold.split() if isinstance(gold, str) else gold
        sentence = Sentence(" ".join(tokens), starts, ends, tokens, None, gold, row, others)
        if not self.labelled:
            return sentence, None
        if tags_at is None:
            advice = "Name the column: data.columns.tags=…."
            raise missing(row, "row|rows without tags", advice, self._names("tags"))
        names = strings_of(row, tags_at, "tags")
        if len(names) != len(tokens):
            raise RowFault(
                "row|rows with tokens and tags of unequal length",
                "Each token needs one tag.",
                f"{row.where}: {len(tokens)} tokens, {len(names)} tags",
            )
        sentence.gold = names
        if self.units is Units.tokens:
            self._check_tags(row, tokens, names)
            if not row.lines:
                say_columns(self.notes, {"tokens": tokens_at, "tags": tags_at}, self.columns)
            sentence.tags = names
            return sentence, None
        tags = []
        for number, name in enumerate(names):
            tag = parse_tag(name)
            if tag is None:
                raise RowFault(
                    "tag|tags of no known scheme",
                    "Tags are O, B-TYPE and I-TYPE (or BIOES), or bare types.",
                    f"{row.where_token(number)}: {name!r} for the token {tokens[number]!r}",
                )
            tags.append(tag)
        return sentence, tags

    def _check_tags(self, row: Row, tokens: list[str], names: list[str]) -> None:
        for number, name in enumerate(names):
            if not name.strip() or name == "_":
                raise RowFault(
                    "row|rows with a token without a tag",
                    "'_' stands for none in CoNLL-U: leave out its lines of multiword tokens (1-2) and empty nodes "
                    "(1.1).",
                    f"{row.where_token(number)}: {name!r} for the token {tokens[number]!r}",
                )

    def _of_text(self, row: Row, text_at: str, spans_at: str | None) -> tuple[Sentence, None]:
        text = row.values[text_at]
        if not isinstance(text, str):
            raise not_a_string(row, text_at, "text")
        starts, ends = split_words(text, self.words)
        others = {name: value for name, value in row.values.items() if name not in (text_at, spans_at)}
        gold = from_cell(row.values.get(spans_at)) if spans_at else None
        sentence = Sentence(text, starts, ends, None, None, gold, row, others)
        if self.labelled:
            if self.units is Units.tokens:
                raise RowFault(
                    "row|rows of text, which cannot have a tag for each token",
                    "task.units=tokens learns from data.columns.tokens and data.columns.tags; task.units=spans from "
                    "text with spans.",
                    row.where,
                )
            if spans_at is None:
                raise missing(row, "row|rows without spans", "Name the column: data.columns.spans=….", NAMES["spans"])
            spans = spans_of(row, spans_at, text)
            sentence.tags = self._place(row, text, spans, starts, ends)
        return sentence, None

    def _place(self, row: Row, text: str, spans: list[Span], starts: Sequence[int], ends: Sequence[int]) -> list[str]:
        placed = []
        for span in spans:
            found = place(text, span, starts, ends)
            where = f"{row.where}: {span.label} {span.start}-{span.end} {text[span.start : span.end]!r}"
            if found is None:
                self._misaligned("span|spans without a word", "task.misaligned_spans=drop leaves them out.", where)
            elif not found.exact and self.misaligned is not Misaligned.expand:
                self._misaligned(
                    "span|spans that begins|begin or ends|end inside a word",
                    "task.misaligned_spans=expand widens them to whole words, drop leaves them out.",
                    where,
                )
            else:
                if not found.exact:
                    self.notes.count(
                        "span|spans that begins|begin or ends|end inside a word",
                        "widened to whole words (task.misaligned_spans=expand)",
                        where,
                    )
                placed.append(found)
        kept, dropped = without_overlaps(placed)
        for item in dropped:
            where = f"{row.where}: {item.span.label} {item.span.start}-{item.span.end}"
            what = "span|spans that shares|share a word with another"
            if self.overlapping is Overlapping.error:
                self.notes.error(what, "task.overlapping_spans=longest keeps the longest.", where)
            else:
                self.notes.count(what, "left out (task.overlapping_spans=longest)", where)
        return tags_of(kept, len(starts))

    def _misaligned(self, what: str, advice: str, where: str) -> None:
        if self.misaligned is Misaligned.drop:
            self.notes.count(what, "left out (task.misaligned_spans=drop)", where)
        else:
            self.notes.error(what, advice, where)

    def _to_iob2(self, tagged: list[tuple[Sentence, list[Tag]]]) -> None:
        """Recognise the scheme of all rows together, then turn each row's tags into IOB2."""
        if not tagged:
            return
        scheme = self.scheme if self.scheme is not Scheme.auto else detect(tags for _, tags in tagged)
        turned = "" if scheme is Scheme.iob2 else ", turned into IOB2"
        how = "found by their letters" if self.scheme is Scheme.auto else "task.tag_scheme"
        name = "bare types" if scheme is Scheme.bare else scheme.value.upper()
        if scheme is Scheme.bare and self.scheme is Scheme.auto:
            self._refuse_disguised(tagged)
        self.notes.say(f"tags are {name} ({how}){turned}.")
        for sentence, tags in tagged:
            for number, tag in enumerate(tags):
                if tag.letter == "" and scheme is not Scheme.bare:
                    self.notes.error(
                        "tag|tags without B- or I- among tags that have it",
                        "Mend the file, or set task.tag_scheme=bare where no tag has a letter.",
                        f"{sentence.row.where_token(number)}: {tag.type!r}",
                    )
            if scheme is Scheme.bare:
                tags = [tag if tag.letter in ("", "O") else Tag("", f"{tag.letter}-{tag.type}") for tag in tags]
            sentence.tags, broken = to_iob2(tags, scheme)
            for number in broken:
                where = f"{sentence.row.where_token(number)}: {sentence.gold[number]}"
                what = f"tag|tags that {scheme.value.upper()} does not allow where they stand"
                if self.broken is Broken.error:
                    self.notes.error(what, "task.broken_tags=repair reads them as conlleval does.", where)
                else:
                    self.notes.count(what, "read as conlleval does (task.broken_tags=repair)", where)

    def _refuse_disguised(self, tagged: list[tuple[Sentence, list[Tag]]]) -> None:
        """Tags that are read as bare types but look like a scheme that is written otherwise."""
        for sentence, tags in tagged:
            for number, tag in enumerate(tags):
                if is_disguised(tag.type):
                    self.notes.error(
                        "tag|tags of no known scheme",
                        "B- and I- are upper case and come first; task.tag_scheme=bare takes types as they are.",
                        f"{sentence.row.where_token(number)}: {tag.type!r}",
                    )

    def _find(self, row: Row, role: str) -> str | None:
        wanted = self.columns.get(role)
        if wanted is not None:
            if row.lines:  # the reader of columned files has settled it
                return role if role in row.values else None
            if wanted in row.values:
                return str(wanted)
            if role in ("tags", "spans") and not self.labelled:
                return None
            raise not_there(row, role, wanted)
        for name in self._names(role):
            if name in row.values and suits(role, row.values[name]):
                return name
        return None

    def _names(self, role: str) -> tuple[str, ...]:
        """The names that are tried for a role."""
        if role != "tags" or self.units is Units.spans:
            return NAMES[role]
        return _OF_TOKENS if self.units is Units.tokens else (*NAMES[role], *_OF_TOKENS)
