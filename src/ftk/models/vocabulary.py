"""Vocabularies learned from texts: WordPiece, byte-level BPE and Unigram."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ftk.config.schema import Normalization, TokenizerConfig, Vocabulary
from ftk.errors import ModelError

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


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
    if remembered is not None and remembered.is_file():
        tokenizer = Tokenizer.from_file(str(remembered))
    else:
        sample = _sample(texts, settings.max_characters)
        tokenizer = _learn(sample, settings, special)
        if remembered is not None:
            remembered.parent.mkdir(parents=True, exist_ok=True)
            temporary = remembered.with_name(f".{remembered.name}.tmp")
            tokenizer.save(str(temporary))
            temporary.replace(remembered)
    extra = {"extra_special_tokens": [str(token) for token in settings.extra_tokens]} if settings.extra_tokens else {}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_length, **special, **extra)


def _sample(texts: Iterable[str], characters: int) -> list[str]:
    """All texts, or every 2nd, 4th, 8th …, whatever is the first to have no more characters than allowed."""
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
    return kept


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
    normalized = (tokenizer.normalizer.normalize_str(text) for text in texts)
    letters = sorted({letter for text in normalized for letter in set(text) if not letter.isspace()})
    first = [*special.values(), *map(str, settings.extra_tokens), *letters, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(settings.vocab_size, len(first)), special_tokens=first, show_progress=False, min_frequency=1
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _word_pieces(tokenizer.get_vocab(), settings, special)


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
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = _normalizer(settings)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    first = [*special.values(), *map(str, settings.extra_tokens)]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=max(settings.vocab_size, len(first) + len(alphabet)),
        special_tokens=first,
        initial_alphabet=alphabet,
        show_progress=False,
        min_frequency=2,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _learn_unigram(texts: list[str], settings: TokenizerConfig, special: dict[str, str]) -> Any:
    """Unigram (Kudo 2018) over text in which spaces are letters, as SentencePiece has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = _normalizer(settings)
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
            f"learned ({str(error).splitlines()[0]})."
        ) from error
    return tokenizer


def _unicode(settings: TokenizerConfig) -> list[Any]:
    from tokenizers import normalizers

    forms = {Normalization.nfc: normalizers.NFC, Normalization.nfkc: normalizers.NFKC}
    return [forms[settings.normalization]()] if settings.normalization in forms else []


def _normalizer(settings: TokenizerConfig) -> Any:
    """The Unicode form, then for lowercase also without accents, as in BERT."""
    from tokenizers import normalizers

    steps = _unicode(settings)
    if settings.lowercase:
        steps += [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]
    return normalizers.Sequence(steps) if steps else None
