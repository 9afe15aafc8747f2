"""The token at the end of a text by which encoder-decoders classify it."""

from __future__ import annotations

from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.special_tokens import pair_tokens, special_tokens
from ftk.errors import ModelError

_CLASSIFIES = "AutoModelForSequenceClassification"


def end_texts(config: Any, tokenizer: Any, auto_model: str, notes: Notes) -> None:
    """Lets a tokenizer put the end of a text where a classifier reads it, if it puts none there.

    Encoder-decoders such as BART and T5 classify a text by the state of the token that ends it (``eos_token_id``).

    Args:
        config: of the model.
        tokenizer: changed in place.
        auto_model: the auto class of the head.
        notes: collects that it was changed.

    Raises:
        ModelError: nothing can be put there.
    """
    end = getattr(config, "eos_token_id", None)
    if auto_model != _CLASSIFIES or not getattr(config, "is_encoder_decoder", False) or not isinstance(end, int):
        return
    before, after = special_tokens(tokenizer)
    if end in (*before, *after):
        return
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or end not in tokenizer.all_special_ids:
        token = tokenizer.convert_ids_to_tokens(end) if end < len(tokenizer) else None
        which = f"an ordinary one of the tokenizer ('{token}')" if token is not None else "none of the tokenizer"
        why = "its tokenizer puts none there" if backend is None else f"that token is {which}"
        raise ModelError(
            f"the architecture {config.model_type} classifies a text by the token that ends it, number {end} "
            f"(eos_token_id in config.json), but {why}. Use the tokenizer that the model was trained with: "
            "model.tokenizer.name=FOLDER names its folder in training."
        )
    _append(tokenizer, backend, end)
    token = tokenizer.convert_ids_to_tokens(end)
    notes.add(kinds.END_ADDED, tokenizer=type(tokenizer).__name__, token=token, architecture=config.model_type)


def _append(tokenizer: Any, backend: Any, end: int) -> None:
    """Puts a token behind the special tokens that a tokenizer puts around one text and around two."""
    from tokenizers import processors

    before, after = special_tokens(tokenizer)
    pair = pair_tokens(tokenizer)
    two: tuple[Any, ...] = ((), (), ()) if pair is None else (pair.before, pair.between, pair.after)
    pieces = {"single": [*before, "$A", *after, end], "pair": [*two[0], "$A", *two[1], "$B", *two[2], end]}
    used = {int(piece) for part in pieces.values() for piece in part if not isinstance(piece, str)}
    names = {number: tokenizer.convert_ids_to_tokens(number) for number in used}
    made = {
        name: [names[int(piece)] if piece not in ("$A", "$B") else piece for piece in part]
        for name, part in pieces.items()
    }
    backend.post_processor = processors.TemplateProcessing(
        **made, special_tokens=[(token, number) for number, token in names.items()]
    )
