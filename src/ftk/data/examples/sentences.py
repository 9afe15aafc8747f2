"""Rows as sentences: words with offsets, and one tag per word for labelled rows."""

from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ftk.config.data_choices import Offsets
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.sentence_columns import NAMES, SentenceColumns
from ftk.data.examples.span_tags import iob2_of
from ftk.data.examples.spans.counting import MarkedText
from ftk.data.examples.spans.forms import MarkedSpan, marked_spans
from ftk.data.examples.spans.gold import entities_of, gold_entities
from ftk.data.examples.spans.placing import Misaligned, Overlapping
from ftk.data.examples.spans.tags import SpanPlacer
from ftk.data.examples.tags import Scheme, Units
from ftk.data.examples.token_shapes import note_odd_tokens
from ftk.data.rows.cells import RowFault, not_too_long, parse_json_list, strings_of
from ftk.data.rows.columns import missing, missing_role, not_a_string, report_columns
from ftk.data.rows.documents import DOCUMENT_TIE, document_of
from ftk.data.rows.tags.tagged_tokens import tokens_and_tags
from ftk.data.text.scripts import is_spaced, text_of_tokens
from ftk.data.text.words import Words, split_words

_FEW_ROWS = 3
"""Rows from which it is no accident that each has one token."""


class Broken(Enum):
    """What to do with a tag that cannot follow the tag before it."""

    repair = "repair"
    error = "error"


@dataclass(slots=True)
class Sentence(Example):
    """One row as words.

    Attributes:
        text: the row's own text, or its tokens with single spaces between them.
        starts, ends: character offsets of the words in it.
        tokens: the words as the row gives them; None for a row of text.
        tags: one tag per word, in IOB2 if tags are of spans; None for an unlabelled row.
        gold: the labels, written beside predictions: of a row of text its spans as annotated, as objects, if they can
            be read; of any other row as the row gives them.
        row: where it comes from.
        columns: the other columns.
        unmarked: the labels of annotated spans that no tags can have as annotated; they count as missed.
        overlapped: annotated spans that the tags leave out for longer ones: label, first word, one past the last.
        widened: the entities of the tags that are wider than annotated: label, first word, one past the last.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    tokens: list[str] | None
    tags: list[str] | None
    gold: Any
    row: Row
    columns: dict[str, Any]
    unmarked: Sequence[str] = ()
    overlapped: Sequence[tuple[str, int, int]] = ()
    widened: Sequence[tuple[str, int, int]] = ()

    @property
    def key(self) -> str:  # type: ignore[override]
        """The text; empty if it has no word."""
        return self.text if len(self.starts) else ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The text from which a vocabulary is learned: tokens are joined as their script is written."""
        spaced = self.tokens is None or is_spaced(self.text)
        return (self.key,) if spaced else (text_of_tokens(self.tokens or ())[0],)

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The text, and the document if the row says which."""
        document = document_of(self.row)
        text = Tie("sentence", self.text)
        return (text,) if document is None else (text, Tie(DOCUMENT_TIE, document))

    @property
    def learned(self) -> list[str] | None:
        """The tags."""
        return self.tags

    @property
    def strata(self) -> tuple[Hashable, ...]:
        """The types of the entities, or the tags of tokens."""
        found = dict.fromkeys(tag[2:] if tag[:2] in ("B-", "I-") else tag for tag in self.tags or ())
        found.pop("O", None)
        return tuple(found)


@dataclass(kw_only=True)
class SentenceReader:
    """Checks rows and makes sentences, by the policies of the task.

    With ``units`` spans, tags of all schemes become IOB2, and character spans become tags. With ``units`` tokens, tags
    stay as they are. A reader is for the rows of one split.
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
    label_names: Sequence[str] | None = None
    """The names of tags that rows give as numbers; None if rows have the names."""
    offsets: str = "auto"
    seen: dict[Any, Any] | None = None  # see Reading.seen
    _columns: SentenceColumns = field(init=False)

    def __post_init__(self) -> None:
        self._columns = SentenceColumns(wanted=self.columns, labelled=self.labelled, units=self.units)

    def read(self, rows: Iterable[Row]) -> list[Sentence]:
        """A sentence for each row; faults go to the notes, which stop the run after the last row."""
        if self.labelled:
            rows = list(rows)
            self._columns.settle(rows, self.notes)
        sentences: list[Sentence] = []
        tagged: list[Sentence] = []
        marked: list[tuple[Sentence, MarkedText]] = []
        for row in rows:
            try:
                sentence, labels = self._sentence(row)
            except RowFault as fault:
                fault.add_to(self.notes)
                continue
            if not self.labelled and not len(sentence.starts):
                self.notes.add(kinds.EMPTY_ROW, row.where, policy="nothing_found")
            sentences.append(sentence)
            if isinstance(labels, MarkedText):
                marked.append((sentence, labels))
            elif labels:
                tagged.append(sentence)
        faulty = self._mark(marked) | self._to_iob2(tagged) if self.labelled else self._mark_gold(marked)
        if faulty:
            sentences = [sentence for sentence in sentences if id(sentence) not in faulty]
        self._check_sentences(sentences)
        note_odd_tokens([(one.row.where, one.tokens) for one in sentences if one.tokens is not None], self.notes)
        return sentences

    def _check_sentences(self, sentences: Sequence[Sentence]) -> None:
        """Refuse a table of tokens that is read as one sentence a token; to predict for, it is only reported."""
        if len(sentences) < _FEW_ROWS or (self.labelled and self.columns.get("sentence") is not None):
            return
        if all(sentence.tokens is not None and len(sentence.tokens) == 1 for sentence in sentences):
            first = sentences[0].row
            listed = not first.lines and any(isinstance(parse_json_list(one), list) for one in first.values.values())
            policy = "lists" if listed else None if self.labelled else "predicted"
            if self.labelled or not listed:
                self.notes.add(kinds.ONE_TOKEN_ROWS, first.where, policy=policy, number=len(sentences))

    def columns_of(self, row: Row) -> tuple[str | None, str | None, str | None, str | None]:
        """The columns with tokens, text, tags and spans; of tokens and text, tokens are read if a row has both.

        Raises:
            RowFault: a column that the config names is not in the row.
        """
        return self._columns.of(row)

    def _sentence(self, row: Row) -> tuple[Sentence, MarkedText | bool]:
        """The sentence of a row, and its spans, or whether it has tags in ``gold`` that are to become IOB2."""
        tokens_at, text_at, tags_at, spans_at = self.columns_of(not_too_long(row))
        if tokens_at:
            if tokens_at == text_at:
                self.notes.add(kinds.TEXT_AS_TOKENS, row.where)
            return self._of_tokens(row, tokens_at, tags_at, spans_at)
        if text_at:
            return self._of_text(row, text_at, spans_at)
        raise missing(row, kinds.MISSING_TEXT_OR_TOKENS, (*NAMES["text"], *NAMES["tokens"]))

    def _of_tokens(
        self, row: Row, tokens_at: str, tags_at: str | None, spans_at: str | None
    ) -> tuple[Sentence, MarkedText | bool]:
        names: list[str] = []
        if self.labelled and tags_at is not None:
            tokens, names, sign = tokens_and_tags(row, tokens_at, tags_at, self.label_names)
            if sign is not None:
                self.notes.add(kinds.PARTED_TAGS, row.where, sign=sign)
        else:
            tokens = strings_of(row, tokens_at, "tokens")
        starts, ends, position = [], [], 0
        for token in tokens:
            starts.append(position)
            ends.append(position + len(token))
            position += len(token) + 1
        of_spans = spans_at is not None and tags_at is None
        labels_at = spans_at if of_spans else tags_at
        others = {name: value for name, value in row.values.items() if name not in (tokens_at, labels_at)}
        gold = parse_json_list(row.values.get(labels_at)) if labels_at else None
        gold = gold.split() if isinstance(gold, str) else gold
        sentence = Sentence(" ".join(tokens), starts, ends, tokens, None, gold, row, others)
        if not self.labelled:
            return sentence, False
        if of_spans and spans_at is not None:
            spans = self._spans_of(row, spans_at)
            return sentence, MarkedText(row, sentence.text, starts, ends, spans, of_tokens=True)
        if tags_at is None:
            raise missing_role(row, "tags", "tags", self._columns.names("tags"))
        if len(names) != len(tokens):
            raise RowFault(kinds.UNEQUAL_TAGS, f"{row.where}: {len(tokens)} tokens, {len(names)} tags")
        sentence.gold = names
        if self.units is Units.tokens:
            self._check_tags(row, tokens, names)
            if not row.lines:
                report_columns(self.notes, {"tokens": tokens_at, "tags": tags_at}, self.columns)
            sentence.tags = names
            return sentence, False
        return sentence, True

    def _check_tags(self, row: Row, tokens: list[str], names: list[str]) -> None:
        for number, name in enumerate(names):
            if not name.strip() or name == "_":
                place = f"{row.where_token(number)}: {name!r} for the token {tokens[number]!r}"
                raise RowFault(kinds.UNTAGGED_TOKEN, place)

    def _of_text(self, row: Row, text_at: str, spans_at: str | None) -> tuple[Sentence, MarkedText | bool]:
        text = row.values[text_at]
        if not isinstance(text, str):
            raise not_a_string(row, text_at, "text")
        starts, ends = split_words(text, self.words)
        others = {name: value for name, value in row.values.items() if name not in (text_at, spans_at)}
        gold = parse_json_list(row.values.get(spans_at)) if spans_at else None
        sentence = Sentence(text, starts, ends, None, None, gold, row, others)
        if not self.labelled:
            return sentence, self._given_spans(sentence, spans_at)
        if self.units is Units.tokens:
            raise RowFault(kinds.UNTAGGABLE_TEXT, row.where)
        if spans_at is None:
            raise missing_role(row, "spans", "spans", NAMES["spans"])
        return sentence, MarkedText(row, text, starts, ends, self._spans_of(row, spans_at))

    def _given_spans(self, sentence: Sentence, spans_at: str | None) -> MarkedText | bool:
        """The spans of a row that is predicted for; False if it gives none that can be read."""
        if spans_at is not None and self.units is not Units.tokens:
            with suppress(RowFault):  # they are only copied to the prediction, as the row gives them
                spans = marked_spans(sentence.row, spans_at)
                marked = MarkedText(sentence.row, sentence.text, sentence.starts, sentence.ends, spans)
                return marked if spans else False
        return False

    def _mark_gold(self, marked: Sequence[tuple[Sentence, MarkedText]]) -> set[int]:
        """Write the spans of rows that are predicted for as records have them; no such row has a fault."""
        asked, items = Offsets(self.offsets), [item for _, item in marked]
        found = gold_entities(items, asked, self.notes, self.seen)
        for (sentence, _), gold in zip(marked, found, strict=True):
            sentence.gold = gold
        return set()

    def _spans_of(self, row: Row, spans_at: str) -> list[MarkedSpan]:
        spans = marked_spans(row, spans_at)
        if row.values.get(spans_at) in (None, ""):
            self.notes.add(kinds.ROW_WITHOUT_SPANS, row.where)
        return spans

    def _mark(self, marked: Sequence[tuple[Sentence, MarkedText]]) -> set[int]:
        """Make tags of the spans of all rows together; the ids of the sentences with a fault."""
        placer = SpanPlacer(
            offsets=Offsets(self.offsets),
            misaligned=self.misaligned,
            overlapping=self.overlapping,
            broken=self.broken.value,
            notes=self.notes,
            seen=self.seen,
        )
        faulty = set()
        for (sentence, item), found in zip(marked, placer.place([item for _, item in marked]), strict=True):
            if found is None:
                faulty.add(id(sentence))
                continue
            sentence.tags = sentence.gold = found.tags
            sentence.unmarked, sentence.overlapped = found.unmarked, found.overlapped
            sentence.widened = found.widened
            if not item.of_tokens:
                sentence.gold = entities_of(item.text, found.spans)
        return faulty

    def _to_iob2(self, tagged: Sequence[Sentence]) -> set[int]:
        """Convert the tags of all rows together to IOB2; the ids of the sentences with a fault."""
        rows = [(sentence.row, sentence.tokens or [], sentence.gold) for sentence in tagged]
        faulty = set()
        for sentence, tags in zip(tagged, iob2_of(rows, self.scheme, self.broken.value, self.notes), strict=True):
            sentence.tags = tags
            if tags is None:
                faulty.add(id(sentence))
        return faulty
