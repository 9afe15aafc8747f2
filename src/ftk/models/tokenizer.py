"""Tokenizers: a model's own, or a WordPiece vocabulary learned from the training rows."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ftk.errors import ModelError

_SPECIAL = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}


def load_tokenizer(folder: Path | str) -> Any:
    """The tokenizer in a model folder.

    Raises:
        ModelError: the folder has none that can be used.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # any of several libraries may fail here; each failure means the same to the user
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{folder}: its tokenizer cannot be loaded ({reason}).") from error


def learn_tokenizer(texts: Iterable[str], *, vocab_size: int, lowercase: bool, max_length: int) -> Any:
    """A WordPiece tokenizer learned from texts, with BERT's normalisation and special tokens.

    Args:
        texts: what to learn from.
        vocab_size: entries at the most, special tokens included.
        lowercase: whether to ignore case and accents.
        max_length: tokens that the model takes.
    """
    from tokenizers import processors, trainers
    from transformers import PreTrainedTokenizerFast

    texts = list(texts)
    tokenizer = _word_pieces(None, lowercase)
    # The trainer numbers the '##x' pieces in the order of a hash map, which differs between processes, and breaks
    # ties by those numbers. Numbered beforehand they are the same each time; the vocabulary is then taken over
    # without the mark of special tokens that this puts on them.
    normalized = (tokenizer.normalizer.normalize_str(text) for text in texts)
    letters = sorted({letter for text in normalized for letter in text if not letter.isspace()})
    first = [*_SPECIAL.values(), *letters, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(vocab_size, len(first)), special_tokens=first, show_progress=False, min_frequency=1
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer = _word_pieces(tokenizer.get_vocab(), lowercase)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", cls), ("[SEP]", sep)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_length, **_SPECIAL)


def _word_pieces(vocabulary: dict[str, int] | None, lowercase: bool) -> Any:
    """BERT's normalisation and word pieces, without special tokens put around a text."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    model = models.WordPiece(vocab=vocabulary or {}, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer
