"""Rows as sentences: words with offsets, and one tag per word for labelled rows."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans import Misaligned, Overlapping, Span, align_to_words, spans_of, tags_of, without_overlaps
from ftk.data.examples.tags import Scheme, Tag, Units, detect, is_disguised, parse_tag, to_iob2
from ftk.data.rows.cells import RowFault, column_fits, parse_json_list, strings_of
from ftk.data.rows.columns import has_column, missing, missing_configured, missing_role, not_a_string, report_columns
from ftk.data.rows.documents import document_of
from ftk.data.rows.label_names import is_number
from ftk.data.rows.tagged_tokens import tokens_and_tags
from ftk.data.text.scripts import is_spaced, text_of_tokens
from ftk.data.text.words import Words, split_words

NAMES = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "labels", "ner"),
    "text": ("text", "sentence"),
    "spans": ("spans", "entities", "label", "labels"),
}
"""The column names that are tried for roles that ``data.columns`` does not name."""
_OF_TOKENS = ("tags", "labels", "pos_tags", "upos", "pos", "ner_tags", "ner")
"""The same for tags of single tokens."""


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
        gold: the labels as the row gives them, written beside predictions.
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
        return (text,) if document is None else (text, Tie("document", document))

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
    stay as they are.
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

    def read(self, rows: Iterable[Row]) -> list[Sentence]:
        """A sentence for each row; faults go to the notes, which stop the run after the last row."""
        sentences: list[Sentence] = []
        tagged: list[tuple[Sentence, list[Tag]]] = []
        for row in rows:
            try:
                sentence, tags = self._sentence(row)
            except RowFault as fault:
                fault.add_to(self.notes)
                continue
            if not self.labelled and not len(sentence.starts):
                self.notes.add(kinds.EMPTY_ROW, row.where, policy="nothing_found")
            sentences.append(sentence)
            if tags is not None:
                tagged.append((sentence, tags))
        if not self._note_numbers(tagged):
            self._to_iob2(tagged)
        return sentences

    def _note_numbers(self, tagged: list[tuple[Sentence, list[Tag]]]) -> bool:
        """Report tags of spans that are all numbers of classes; whether there are any."""
        if not any(tags for _, tags in tagged):
            return False
        if not all(tag.letter == "" and is_number(tag.type) for _, tags in tagged for tag in tags):
            return False
        for sentence, tags in tagged:
            if tags:
                place = f"{sentence.row.where_token(0)}: {sentence.gold[0]!r}"
                self.notes.add(kinds.NUMBERED_TAGS, place, number=len(tags))
        return True

    def columns_of(self, row: Row) -> tuple[str | None, str | None, str | None, str | None]:
        """The columns with tokens, text, tags and spans; of tokens and text, tokens are read if a row has both.

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
        raise missing(row, kinds.MISSING_TEXT_OR_TOKENS, (*NAMES["text"], *NAMES["tokens"]))

    def _of_tokens(self, row: Row, tokens_at: str, tags_at: str | None) -> tuple[Sentence, list[Tag] | None]:
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
        others = {name: value for name, value in row.values.items() if name not in (tokens_at, tags_at)}
        gold = parse_json_list(row.values.get(tags_at)) if tags_at else None
        gold = gold.split() if isinstance(gold, str) else gold
        sentence = Sentence(" ".join(tokens), starts, ends, tokens, None, gold, row, others)
        if not self.labelled:
            return sentence, None
        if tags_at is None:
            raise missing_role(row, "tags", "tags", self._names("tags"))
        if len(names) != len(tokens):
            raise RowFault(kinds.UNEQUAL_TAGS, f"{row.where}: {len(tokens)} tokens, {len(names)} tags")
        sentence.gold = names
        if self.units is Units.tokens:
            self._check_tags(row, tokens, names)
            if not row.lines:
                report_columns(self.notes, {"tokens": tokens_at, "tags": tags_at}, self.columns)
            sentence.tags = names
            return sentence, None
        tags = []
        for number, name in enumerate(names):
            tag = parse_tag(name)
            if tag is None:
                place = f"{row.where_token(number)}: {name!r} for the token {tokens[number]!r}"
                raise RowFault(kinds.UNKNOWN_TAG, place)
            tags.append(tag)
        return sentence, tags

    def _check_tags(self, row: Row, tokens: list[str], names: list[str]) -> None:
        for number, name in enumerate(names):
            if not name.strip() or name == "_":
                place = f"{row.where_token(number)}: {name!r} for the token {tokens[number]!r}"
                raise RowFault(kinds.UNTAGGED_TOKEN, place)

    def _of_text(self, row: Row, text_at: str, spans_at: str | None) -> tuple[Sentence, None]:
        text = row.values[text_at]
        if not isinstance(text, str):
            raise not_a_string(row, text_at, "text")
        starts, ends = split_words(text, self.words)
        others = {name: value for name, value in row.values.items() if name not in (text_at, spans_at)}
        gold = parse_json_list(row.values.get(spans_at)) if spans_at else None
        sentence = Sentence(text, starts, ends, None, None, gold, row, others)
        if self.labelled:
            if self.units is Units.tokens:
                raise RowFault(kinds.UNTAGGABLE_TEXT, row.where)
            if spans_at is None:
                raise missing_role(row, "spans", "spans", NAMES["spans"])
            spans = spans_of(row, spans_at, text)
            sentence.tags = self._place(row, text, spans, starts, ends)
        return sentence, None

    def _place(self, row: Row, text: str, spans: list[Span], starts: Sequence[int], ends: Sequence[int]) -> list[str]:
        placed = []
        for span in spans:
            found = align_to_words(text, span, starts, ends)
            where = f"{row.where}: {span.label} {span.start}-{span.end} {text[span.start : span.end]!r}"
            if found is None:
                dropped_here = self.misaligned is Misaligned.drop
                self.notes.add(kinds.SPAN_WITHOUT_WORD, where, policy="drop" if dropped_here else "error")
                continue
            if not found.exact:
                self.notes.add(kinds.SPAN_INSIDE_WORD, where, policy=self.misaligned.value)
            if found.exact or self.misaligned is Misaligned.expand:
                placed.append(found)
        kept, dropped = without_overlaps(placed)
        for item in dropped:
            where = f"{row.where}: {item.span.label} {item.span.start}-{item.span.end}"
            self.notes.add(kinds.SPANS_OVERLAP, where, policy=self.overlapping.value)
        return tags_of(kept, len(starts))

    def _to_iob2(self, tagged: list[tuple[Sentence, list[Tag]]]) -> None:
        """Detect the scheme of all rows together, then convert each row's tags to IOB2."""
        if not tagged:
            return
        scheme = self.scheme if self.scheme is not Scheme.auto else detect(tags for _, tags in tagged)
        if scheme is Scheme.bare and self.scheme is Scheme.auto:
            self._refuse_disguised(tagged)
        self.notes.add(
            kinds.TAG_SCHEME,
            policy=None if scheme is Scheme.iob2 else "converted",
            scheme="bare types" if scheme is Scheme.bare else scheme.value.upper(),
            found_by="found by their letters" if self.scheme is Scheme.auto else "task.tag_scheme",
        )
        for sentence, tags in tagged:
            for number, tag in enumerate(tags):
                if tag.letter == "" and scheme is not Scheme.bare:
                    self.notes.add(kinds.LETTERLESS_TAG, f"{sentence.row.where_token(number)}: {tag.type!r}")
            if scheme is Scheme.bare:
                tags = [tag if tag.letter in ("", "O") else Tag("", f"{tag.letter}-{tag.type}") for tag in tags]
            sentence.tags, broken = to_iob2(tags, scheme)
            for number in broken:
                where = f"{sentence.row.where_token(number)}: {sentence.gold[number]}"
                self.notes.add(kinds.BROKEN_TAG, where, policy=self.broken.value, scheme=scheme.value.upper())

    def _refuse_disguised(self, tagged: list[tuple[Sentence, list[Tag]]]) -> None:
        """Report tags that are read as bare types but look like a span scheme in another spelling."""
        for sentence, tags in tagged:
            for number, tag in enumerate(tags):
                if is_disguised(tag.type):
                    self.notes.add(kinds.DISGUISED_TAG, f"{sentence.row.where_token(number)}: {tag.type!r}")

    def _find(self, row: Row, role: str) -> str | None:
        wanted = self.columns.get(role)
        if wanted is not None:
            if row.lines:  # the CoNLL reader has chosen the columns
                return role if role in row.values else None
            if has_column(row, str(wanted)):
                return str(wanted)
            if role in ("tags", "spans") and not self.labelled:
                return None
            raise missing_configured(row, role, wanted)
        for name in self._names(role):
            if name in row.values and column_fits(role, row.values[name]):
                return name
        return None

    def _names(self, role: str) -> tuple[str, ...]:
        """The column names to try for a role."""
        if role != "tags" or self.units is Units.spans:
            return NAMES[role]
        return _OF_TOKENS if self.units is Units.tokens else (*NAMES[role], *_OF_TOKENS)
