"""The padding token that tokenizer and config agree on, also where they differ or name none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.text.special_tokens import special_tokens
from ftk.errors import ModelError
from ftk.models.configs.encoder_decoder_config import encoder_of, parts_of
from ftk.models.configs.model_config import first_position_of

_MADE_FOR_IT = re.compile(r"(?<![a-z])pad(ding)?(?![a-z])", re.IGNORECASE)
_UNUSED = re.compile(r"unused|reserved|extra_id|dummy", re.IGNORECASE)
_OTHER_INPUT = re.compile(r"image|vision|video|audio", re.IGNORECASE)
_NEW = "<pad>"
"""The name of a padding token that is added."""


def agree_on_padding(config: Any, tokenizer: Any, notes: Notes, *, new: bool = False) -> None:
    """Sets one padding token in a tokenizer and in a config, so that batches are padded with what the model expects.

    Heads that read a text's last token find it by the config's padding token; batches are padded with the tokenizer's.
    Where they differ, the tokenizer's is right, unless the model's positions are counted from the config's.

    Args:
        config: of the model; changed in place.
        tokenizer: changed in place.
        notes: collects what was chosen.
        new: whether the model has random weights: its embeddings will be made for the tokenizer, and its config says
            nothing yet.

    Raises:
        ModelError: no token can be the padding token.
    """
    rows = None if new else _rows(config)
    if rows is not None and (tokenizer.pad_token_id or 0) >= rows:
        return  # the table will grow for the tokenizer, and this is called again
    own = _usable(tokenizer.pad_token_id, rows)
    said = None if new else _usable(_said(config), rows)
    if own is None:
        own = _chosen(tokenizer, said, rows, notes, ends=bool(getattr(config, "is_encoder_decoder", False)))
    if said is not None and own != said:
        values: dict[str, Any] = {"config": said, "tokenizer": own}
        if first_position_of(config) == 0:
            why = "batches are padded with it"
        elif said in tokenizer.all_special_ids:
            tokenizer.pad_token, own = tokenizer.convert_ids_to_tokens(said), said
            why = "the positions of the model are counted from it"
        else:
            notes.add(kinds.PAD_IDS_STAY, **values)
            return
        notes.add(kinds.PAD_IDS_DIFFER, **values, taken=own, why=why)
    if new:  # ``set_special_tokens`` writes it, with the tokens that the config names by the same number
        return
    for part in _text_parts(config):
        if getattr(part, "pad_token_id", None) != own:
            part.pad_token_id = own


def _chosen(tokenizer: Any, said: int | None, rows: int | None, notes: Notes, *, ends: bool) -> int:
    """The padding token of a tokenizer without one; the tokenizer has it from now on."""
    token: str | None = None
    if said is not None and said in tokenizer.all_special_ids:
        token = tokenizer.convert_ids_to_tokens(said)
        notes.add(kinds.PAD_ID_TAKEN, token=token, id=said)
    else:
        token, why = next(_candidates(tokenizer, rows, ends=ends), (None, ""))
        if token is None and rows is not None and rows <= len(tokenizer):
            raise ModelError(
                f"{type(tokenizer).__name__} has no padding token, and none that could be one. Name a token that "
                'no text has in the tokenizer_config.json of a copy of the model: "pad_token": "…".'
            )
        if token is None:
            token, why = _NEW, "it is added for this, and the model has an embedding to spare"
        tokenizer.add_special_tokens({"pad_token": token})
        notes.add(kinds.PAD_TOKEN_CHOSEN, token=token, id=tokenizer.convert_tokens_to_ids(token), why=why)
    tokenizer.pad_token = token
    return int(tokenizer.pad_token_id)


def _candidates(tokenizer: Any, rows: int | None, *, ends: bool) -> Iterator[tuple[str, str]]:
    """Tokens that can pad, the best first, each with the reason. None of them ends a text: heads read the last token
    that is no padding."""
    vocabulary = tokenizer.get_vocab()
    added = {str(token) for token in tokenizer.get_added_vocab()} | set(tokenizer.all_special_tokens)
    free = [
        token for token in sorted(added, key=vocabulary.__getitem__) if _usable(vocabulary[token], rows) is not None
    ]
    roles = {tokenizer.unk_token, tokenizer.mask_token, tokenizer.cls_token, tokenizer.sep_token}
    roles |= {tokenizer.bos_token, tokenizer.eos_token}
    free = [token for token in free if token not in roles and not _OTHER_INPUT.search(token)]
    yield from ((token, "it is made for it") for token in free if _MADE_FOR_IT.search(token))
    yield from ((token, "nothing else uses it") for token in free if _UNUSED.search(token))
    before, after = special_tokens(tokenizer)
    if tokenizer.eos_token is not None and not ends and tokenizer.eos_token_id not in {*before, *after}:
        yield tokenizer.eos_token, "it stands in no text that the model reads"
    for token in (tokenizer.bos_token, tokenizer.cls_token):
        if token is not None and vocabulary[token] not in after:
            yield token, "it stands at the beginning of a text alone"


def _usable(number: int | None, rows: int | None) -> int | None:
    """A token, if the model has an embedding for it."""
    return number if isinstance(number, int) and number >= 0 and (rows is None or number < rows) else None


def _text_parts(config: Any) -> list[Any]:
    """The configs that name tokens, that of the whole model among them."""
    return [part for part in parts_of(config) if part is config or isinstance(getattr(part, "vocab_size", None), int)]


def _said(config: Any) -> int | None:
    """The padding token that a config names."""
    found = (getattr(part, "pad_token_id", None) for part in (encoder_of(config), *_text_parts(config)))
    return next((number for number in found if number is not None), None)


def _rows(config: Any) -> int | None:
    """How many tokens the model has embeddings for."""
    found = (getattr(part, "vocab_size", None) for part in (encoder_of(config), *_text_parts(config)))
    return next((number for number in found if isinstance(number, int)), None)
