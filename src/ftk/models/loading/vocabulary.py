"""Vocabularies learned from texts: WordPiece, byte-level BPE and Unigram."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ftk.config.schema import Normalization, TokenizerConfig, Vocabulary
from ftk.errors import ModelError, first_line
from ftk.system import kept
from ftk.system.atomic import replaced

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
_LETTERS = 256
"""Letters, with their '##' forms, that a WordPiece vocabulary has where they fit into it: more than one script has."""
_DIGITS = 6
"""Decimal places of the scores of a Unigram vocabulary that are kept."""


def learn_tokenizer(
    texts: Iterable[str], settings: TokenizerConfig, *, max_length: int, remembered: Path | None = None
) -> Any:
    """A tokenizer whose vocabulary is learned from texts.

    Args:
        texts: what to learn from; where they are more than ``settings.max_characters``, every n-th of them.
        settings: kind and size of the vocabulary, normalisation and special tokens.
        max_length: tokens that the model takes.
        remembered: where the same vocabulary was learned before, or is kept for the next time.

    Raises:
        ModelError: the texts cannot be learned from.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    special = {**SPECIAL, **{name: str(token) for name, token in settings.special_tokens.items()}}
    tokenizer = None
    if remembered is not None and remembered.is_file():
        with contextlib.suppress(Exception):  # the library raises plain ones; what is damaged is learned again
            tokenizer = Tokenizer.from_file(str(remembered))
    if tokenizer is None:
        tokenizer = _learn(_sample(texts, settings.max_characters), settings, special)
        if remembered is not None:
            _keep(tokenizer, remembered)
    extra = {"extra_special_tokens": [str(token) for token in settings.extra_tokens]} if settings.extra_tokens else {}
    mask: Any = _mask(special["mask_token"]) if settings.train is Vocabulary.bpe else special["mask_token"]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=max_length, **{**special, "mask_token": mask}, **extra
    )


def _keep(tokenizer: Any, path: Path) -> None:
    """Save a tokenizer in the cache.

    Raises:
        RunError: the file cannot be written.
    """
    with kept.kept_here(path.parent, "the vocabulary", errors=(Exception,)):  # the library raises plain ones
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path, shared=True) as temporary:
            tokenizer.save(str(temporary))


def _mask(token: str) -> Any:
    """A mask that takes the space before it: in training it stands for a piece that begins with that space."""
    from tokenizers import AddedToken

    return AddedToken(token, lstrip=True, normalized=False, special=True)


def _sample(texts: Iterable[str], characters: int) -> list[str]:
    """All texts, or every 2nd, 4th, 8th …, whatever is the first to have no more characters than allowed.

    Where a single text has more, it is cut.
    """
    kept: list[str] = []
    size, step = 0, 1
    for number, text in enumerate(texts):
        if number % step:
            continue
        kept.append(text)
        size += len(text)
        while size > characters and len(kept) > 1:
            kept, step = kept[::2], step * 2
            size = sum(map(len, kept))
    return [text[:characters] for text in kept]


def _learn(texts: list[str], settings: TokenizerConfig, special: dict[str, str]) -> Any:
    from tokenizers import processors

    if settings.train is Vocabulary.bpe:
        tokenizer = _learn_bpe(texts, settings, special)
    elif settings.train is Vocabulary.unigram:
        tokenizer = _learn_unigram(texts, settings, special)
    else:
        tokenizer = _learn_wordpiece(texts, settings, special)
    cls, sep = special["cls_token"], special["sep_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[cls, "$A", sep],
        pair=[cls, "$A", sep, "$B:1", f"{sep}:1"],
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (cls, sep)],
    )
    return tokenizer


def _learn_wordpiece(texts: list[str], settings: TokenizerConfig, special: dict[str, str]) -> Any:
    """BERT's word pieces (Devlin et al. 2019), the same in every process."""
    from tokenizers import trainers

    tokenizer = _word_pieces(None, settings, special)
    # The trainer numbers the '##x' pieces in the order of a hash map, which differs between processes, and breaks
    # ties by those numbers. Numbered beforehand they are the same each time; the vocabulary is then taken over
    # without the mark of special tokens that this puts on them.
    named = [*special.values(), *map(str, settings.extra_tokens)]
    room = max(settings.vocab_size // 2, min(settings.vocab_size - len(named), _LETTERS))
    letters, inner = _alphabet(texts, tokenizer, room)
    first = [*named, *letters, *inner]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(settings.vocab_size, len(first)),
        special_tokens=first,
        initial_alphabet=letters,
        limit_alphabet=len(letters),  # without it those that were left out would all come in again
        show_progress=False,
        min_frequency=1,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _word_pieces(tokenizer.get_vocab(), settings, special)


def _alphabet(texts: list[str], tokenizer: Any, room: int) -> tuple[list[str], list[str]]:
    """The letters of the texts, and with '##' before them those that can go on with a word.

    Where they do not fit into the room, which happens with texts from everywhere, the rarest are left out: they will
    be unknown, and words that have them too.
    """
    normalize = tokenizer.normalizer.normalize_str
    found = sorted({letter for text in texts for letter in set(normalize(text)) if not letter.isspace()})

    def pieces(letter: str) -> list[str]:
        # Punctuation and Chinese characters are words by themselves, and never go on with one.
        words = tokenizer.pre_tokenizer.pre_tokenize_str(normalize(f"a{letter}"))
        return [letter, f"##{letter}"] if len(words) == 1 else [letter]

    forms = {letter: pieces(letter) for letter in found}
    if sum(map(len, forms.values())) > room:
        counts = Counter(letter for text in texts for letter in normalize(text))
        kept, size = set(), 0
        for letter in sorted(found, key=lambda letter: (-counts[letter], letter)):
            size += len(forms[letter])
            if size > room:
                break
            kept.add(letter)
        found = [letter for letter in found if letter in kept]
    return found, [form for letter in found for form in forms[letter][1:]]


def _word_pieces(vocabulary: dict[str, int] | None, settings: TokenizerConfig, special: dict[str, str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    model = models.WordPiece(vocab=vocabulary or {}, unk_token=special["unk_token"], max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)
    steps = [*_unicode(settings), normalizers.BertNormalizer(lowercase=settings.lowercase)]
    tokenizer.normalizer = normalizers.Sequence(steps) if len(steps) > 1 else steps[0]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _learn_bpe(texts: list[str], settings: TokenizerConfig, special: dict[str, str]) -> Any:
    """Byte-level BPE (Radford et al. 2019): no character is unknown to it."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    steps = _steps(settings)
    tokenizer.normalizer = normalizers.Sequence(steps) if steps else None
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    first = [*special.values(), *map(str, settings.extra_tokens)]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=max(settings.vocab_size, len(first) + len(alphabet)),
        special_tokens=[_mask(token) if token == special["mask_token"] else token for token in first],
        initial_alphabet=alphabet,
        show_progress=False,
        min_frequency=2,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _learn_unigram(texts: list[str], settings: TokenizerConfig, special: dict[str, str]) -> Any:
    """Unigram (Kudo 2018) over text in which spaces are letters, as SentencePiece has it, the same in every process."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    # Line ends and tabs part words as spaces do; as letters they would glue the words beside them together.
    spaces = [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(left=False, right=True)]
    tokenizer.normalizer = normalizers.Sequence([*_steps(settings), *spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    first = [*special.values(), *map(str, settings.extra_tokens)]
    trainer = trainers.UnigramTrainer(
        vocab_size=settings.vocab_size, special_tokens=first, unk_token=special["unk_token"], show_progress=False
    )
    try:
        tokenizer.train_from_iterator(texts, trainer)
    except Exception as error:  # the library raises plain exceptions, for a vocabulary too small for the letters
        raise ModelError(
            f"model.tokenizer.train=unigram model.tokenizer.vocab_size={settings.vocab_size}: no vocabulary could be "
            f"learned ({first_line(error)})."
        ) from error
    learned = json.loads(tokenizer.to_str())["model"]
    tokenizer.model = models.Unigram(_settled(learned["vocab"], len(first)), learned["unk_id"])
    return tokenizer


def _settled(vocabulary: list[tuple[str, float]], special: int) -> list[tuple[str, float]]:
    """Pieces and their scores without what differs between processes.

    The trainer sums in the order of a hash map, so that the last digits differ, and in that order it gives letters that
    it would have dropped the lowest score and 0.0001 more each.
    """
    pieces = vocabulary[special:]
    letters = [score for piece, score in pieces if len(piece) == 1]
    lowest = min((score for _, score in pieces), default=0.0)
    dropped = lowest + 0.0001 * len(letters)
    settled = [
        (piece, round(lowest if len(piece) == 1 and score < dropped else score, _DIGITS)) for piece, score in pieces
    ]
    settled.sort(key=lambda entry: (-entry[1], entry[0]))
    return [*((piece, score) for piece, score in vocabulary[:special]), *settled]


def _unicode(settings: TokenizerConfig) -> list[Any]:
    from tokenizers import normalizers

    forms = {Normalization.nfc: normalizers.NFC, Normalization.nfkc: normalizers.NFKC}
    return [forms[settings.normalization]()] if settings.normalization in forms else []


def _steps(settings: TokenizerConfig) -> list[Any]:
    """The Unicode form, then for lowercase also without accents, as in BERT."""
    from tokenizers import normalizers

    lower = [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()] if settings.lowercase else []
    return [*_unicode(settings), *lower]
