"""Learns vocabularies from texts: WordPiece, byte-level BPE and Unigram."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ftk.config.choices import Normalization, Vocabulary
from ftk.config.schema import TokenizerConfig
from ftk.data.text.scripts import CHARACTER, is_spaced
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
"""Room for letters and their '##' forms in a small WordPiece vocabulary; no single script needs more."""
_DIGITS = 6
"""Decimal places kept of the scores of a Unigram vocabulary."""


def learn_tokenizer(
    texts: Iterable[str],
    settings: TokenizerConfig,
    *,
    max_length: int,
    cache_file: Path | None = None,
    single_characters: bool = False,
) -> Any:
    """Learns a vocabulary from texts and returns its tokenizer.

    Args:
        texts: training texts; if they exceed ``settings.max_characters``, every n-th of them is used.
        settings: type and size of the vocabulary, normalisation and special tokens.
        max_length: maximum number of tokens of the model.
        cache_file: cache file of the vocabulary; read if it exists, else written.
        single_characters: whether no entry covers several characters of scripts without spaces. No entry of a WordPiece
            vocabulary does.

    Raises:
        ModelError: no vocabulary can be learned from the texts.
        RunError: the cache file cannot be written.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    special = {**SPECIAL, **{name: str(token) for name, token in settings.special_tokens.items()}}
    tokenizer = None
    if cache_file is not None and cache_file.is_file():
        with contextlib.suppress(Exception):  # the library raises plain exceptions; a damaged file is learned again
            tokenizer = Tokenizer.from_file(str(cache_file))
    if tokenizer is None:
        tokenizer = _learn(_sample(texts, settings.max_characters), settings, special, single_characters)
        if cache_file is not None:
            _keep(tokenizer, cache_file)
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
    with kept.explain_write_errors(path.parent, "the vocabulary", errors=(Exception,)):  # the library raises plain ones
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as temporary:
            tokenizer.save(str(temporary))


def _mask(token: str) -> Any:
    """A mask token that absorbs the space before it, because it replaces a piece that begins with that space."""
    from tokenizers import AddedToken

    return AddedToken(token, lstrip=True, normalized=False, special=True)


def _sample(texts: Iterable[str], characters: int) -> list[str]:
    """All texts, or every 2nd, 4th, 8th … of them: the first selection within the number of characters.

    A single text that is longer is cut.
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


def _learn(texts: list[str], settings: TokenizerConfig, special: dict[str, str], single: bool) -> Any:
    from tokenizers import processors

    # Other texts get a tokenizer without the step that would find nothing in them.
    apart = (single or settings.train is Vocabulary.wordpiece) and not all(map(is_spaced, texts))

    if settings.train is Vocabulary.bpe:
        tokenizer = _learn_bpe(texts, settings, special, apart)
    elif settings.train is Vocabulary.unigram:
        tokenizer = _learn_unigram(texts, settings, special, apart)
    else:
        tokenizer = _learn_wordpiece(texts, settings, special, apart)
    cls, sep = special["cls_token"], special["sep_token"]
    framed = processors.TemplateProcessing(
        single=[cls, "$A", sep],
        pair=[cls, "$A", sep, "$B:1", f"{sep}:1"],
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (cls, sep)],
    )
    # Offsets without the space before a word, as those of Hugging Face's byte-level tokenizers.
    trimmed = [processors.ByteLevel(add_prefix_space=False)] if settings.train is Vocabulary.bpe else []
    tokenizer.post_processor = _one_of(processors.Sequence, [*trimmed, framed])
    return tokenizer


def _learn_wordpiece(texts: list[str], settings: TokenizerConfig, special: dict[str, str], apart: bool) -> Any:
    """Learns BERT's word pieces (Devlin et al. 2019), identically in every process."""
    from tokenizers import trainers

    tokenizer = _word_pieces(None, settings, special, apart)
    # The trainer numbers the '##x' pieces in the order of a hash map, which differs between processes, and breaks ties
    # by those numbers. Passing them as special tokens fixes their numbers; the learned vocabulary is then moved into a
    # tokenizer where they are ordinary pieces.
    named = [*special.values(), *map(str, settings.extra_tokens)]
    room = max(settings.vocab_size // 2, min(settings.vocab_size - len(named), _LETTERS))
    letters, inner = _alphabet(texts, tokenizer, room)
    first = [*named, *letters, *inner]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(settings.vocab_size, len(first)),
        special_tokens=first,
        initial_alphabet=letters,
        limit_alphabet=len(letters),  # otherwise the trainer would add the dropped letters again
        show_progress=False,
        min_frequency=1,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _word_pieces(tokenizer.get_vocab(), settings, special, apart)


def _alphabet(texts: list[str], tokenizer: Any, room: int) -> tuple[list[str], list[str]]:
    """The letters of the texts, and their '##' forms if they can continue a word.

    If they exceed ``room``, as texts in many scripts may, the rarest are dropped; they and words that contain them
    become unknown tokens.
    """
    normalize = tokenizer.normalizer.normalize_str
    found = sorted({letter for text in texts for letter in set(normalize(text)) if not letter.isspace()})

    def pieces(letter: str) -> list[str]:
        # Punctuation and characters of scripts without spaces are words by themselves and never continue one.
        words = tokenizer.pre_tokenizer.pre_tokenize_str(normalize(f"a{letter}"))
        # A mark goes on with its character, also where characters are words.
        return [letter, f"##{letter}"] if len(words) == 1 or unicodedata.category(letter)[0] == "M" else [letter]

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


def _word_pieces(
    vocabulary: dict[str, int] | None, settings: TokenizerConfig, special: dict[str, str], apart: bool
) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    model = models.WordPiece(vocab=vocabulary or {}, unk_token=special["unk_token"], max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)
    forms = [*_unicode(settings), normalizers.BertNormalizer(lowercase=settings.lowercase)]
    tokenizer.normalizer = _one_of(normalizers.Sequence, forms)
    steps = [pre_tokenizers.BertPreTokenizer(), *([_single_characters()] if apart else [])]
    tokenizer.pre_tokenizer = _one_of(pre_tokenizers.Sequence, steps)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _learn_bpe(texts: list[str], settings: TokenizerConfig, special: dict[str, str], apart: bool) -> Any:
    """Learns byte-level BPE (Radford et al. 2019), which has no unknown characters."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    steps = _steps(settings)
    tokenizer.normalizer = normalizers.Sequence(steps) if steps else None
    split = [_single_characters(" ")] if apart else []
    tokenizer.pre_tokenizer = _one_of(
        pre_tokenizers.Sequence, [*split, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
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


def _learn_unigram(texts: list[str], settings: TokenizerConfig, special: dict[str, str], apart: bool) -> Any:
    """Learns Unigram (Kudo 2018) with spaces as letters, like SentencePiece, identically in every process."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    # Line ends and tabs separate words like spaces; as letters they would join the words beside them.
    spaces = [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(left=False, right=True)]
    tokenizer.normalizer = normalizers.Sequence([*_steps(settings), *spaces])
    split = [_single_characters("\u2581")] if apart else []
    # Split at spaces first: then offsets are without the space before a word, as those of Hugging Face's XLM-R.
    steps = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(), *split]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.Metaspace()
    first = [*special.values(), *map(str, settings.extra_tokens)]
    trainer = trainers.UnigramTrainer(
        vocab_size=settings.vocab_size, special_tokens=first, unk_token=special["unk_token"], show_progress=False
    )
    try:
        tokenizer.train_from_iterator(texts, trainer)
    except Exception as error:  # the library raises plain exceptions if the vocabulary is too small for the letters
        raise ModelError(
            f"model.tokenizer.train=unigram model.tokenizer.vocab_size={settings.vocab_size}: no vocabulary can be "
            f"learned ({first_line(error)})."
        ) from error
    learned = json.loads(tokenizer.to_str())["model"]
    tokenizer.model = models.Unigram(_deterministic(learned["vocab"], len(first)), learned["unk_id"])
    return tokenizer


def _deterministic(vocabulary: list[tuple[str, float]], special: int) -> list[tuple[str, float]]:
    """Removes from pieces and scores what differs between processes.

    The trainer sums in the order of a hash map, so the last digits differ. In that order it also gives each letter that
    it would have dropped the lowest score plus a further 0.0001.
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
    """Normalisers: the Unicode form, and for lowercase also without accents, as in BERT."""
    from tokenizers import normalizers

    lower = [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()] if settings.lowercase else []
    return [*_unicode(settings), *lower]


def _single_characters(space: str = "") -> Any:
    """A step that splits off each character of a script without spaces, with the sign of a space before it."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(f"{space}?{CHARACTER}" if space else CHARACTER), "isolated")


def _one_of(sequence: Any, steps: list[Any]) -> Any:
    """Some steps as one; a single step is itself."""
    return sequence(steps) if len(steps) > 1 else steps[0]
