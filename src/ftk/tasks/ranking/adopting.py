"""Which encoder for rankings a model of another tool is, and how it makes the vector of a text."""

from __future__ import annotations

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead, SentenceEncoder
from ftk.errors import ModelError
from ftk.tasks.ranking.policies import Encoder, TokenPooling

_HOW = {TokenPooling.first: "by the first token", TokenPooling.mean: "by the mean over its tokens"}


def adopted_encoder(
    head: SavedHead, encoder: Encoder, pooling: TokenPooling, notes: Notes
) -> tuple[Encoder, TokenPooling]:
    """The fields ``encoder`` and ``pooling`` that suit a model.

    Args:
        head: of the model.
        encoder: ``task.encoder``; auto takes a cross-encoder if the model has one output for a text, else a bi-encoder.
        pooling: ``task.pooling``; auto takes what the files of a sentence encoder say, else the mean.
        notes: collects what was chosen.

    Raises:
        ModelError: the model has several outputs, or makes its vectors in a way that ftk does not have.
    """
    one = head.auto_model == "AutoModelForSequenceClassification" and len(head.names) == 1
    chosen = "asked" if encoder is not Encoder.auto else "architecture"
    if encoder is Encoder.auto:
        if head.auto_model is not None and head.has_labels and not one:
            raise ModelError(
                f"task=ranking: the model ({head.described}) was trained for something else. task.encoder=bi compares "
                "the vectors of its encoder all the same."
            )
        encoder = Encoder.cross if one else Encoder.bi
    if encoder is Encoder.cross:
        if not one and head.auto_model is not None:
            raise ModelError(
                f"task.encoder=cross: a cross-encoder has one output for a pair; the model: {head.described}."
            )
        how = "a query and a candidate are read together"
        notes.add(kinds.ENCODER_CHOSEN, policy=chosen, encoder="cross", how=how)
        return encoder, pooling
    pooling = _pooling_of(head.sentences, pooling)
    how = f"the vector of a text is made {_HOW[pooling]} (task.pooling)"
    if one:
        how = f"{how}, and its head, which scores pairs, is left out"
    notes.add(kinds.ENCODER_CHOSEN, policy=chosen, encoder="bi", how=how)
    _note_uncomputed(head.sentences, notes)
    return encoder, pooling


def trained_pooling(head: SavedHead | None, asked: TokenPooling, notes: Notes) -> TokenPooling:
    """The pooling of a bi-encoder that is trained.

    Args:
        head: of the model that it starts from; None if that has random weights.
        asked: ``task.pooling``; auto takes what the files of a sentence encoder say, else the mean.
        notes: collects what the files say.

    Raises:
        ModelError: they name another way than ftk has.
    """
    sentences = SentenceEncoder() if head is None else head.sentences
    said = sentences.pooling
    if said is None:
        return TokenPooling.mean if asked is TokenPooling.auto else asked
    if sentences.further:
        notes.add(kinds.MODULES_LEFT_OUT, modules=", ".join(sentences.further))
    _note_uncomputed(sentences, notes)
    if asked is TokenPooling.auto:
        taken = _known_pooling(said, "model.pooling")
        notes.add(kinds.POOLING_OF_MODEL, pooling=taken.value, how=_HOW[taken], source=sentences.source)
        return taken
    if asked.value != said:
        notes.add(kinds.OTHER_POOLING, pooling=asked.value, said=said)
    return asked


def _pooling_of(sentences: SentenceEncoder, asked: TokenPooling) -> TokenPooling:
    """How a sentence encoder of another tool makes a vector of the states of the tokens.

    Raises:
        ModelError: it does so in a way that ftk does not have.
    """
    if sentences.further:
        listed = ", ".join(sentences.further)
        raise ModelError(
            f"task=ranking: behind its encoder the model has more modules ({listed}, in modules.json), which ftk does "
            "not compute. Its vectors would be others; choose another model."
        )
    if asked is not TokenPooling.auto:
        return asked
    return TokenPooling.mean if sentences.pooling is None else _known_pooling(sentences.pooling, "task.pooling")


def _known_pooling(said: str, key: str) -> TokenPooling:
    """The pooling that the files of a model name.

    Args:
        said: its name.
        key: of the config by which another one can be chosen.

    Raises:
        ModelError: ftk does not have it.
    """
    if said not in (TokenPooling.mean.value, TokenPooling.first.value):
        raise ModelError(
            f"task=ranking: the model pools its tokens by {said}, and ftk by their mean or the first one. "
            f"{key}=mean or {key}=first takes one of these; its vectors are then others than in training."
        )
    return TokenPooling(said)


def _note_uncomputed(sentences: SentenceEncoder, notes: Notes) -> None:
    """Report what sentence-transformers does with the texts or vectors of a model, and ftk does not; prompts apart."""
    if sentences.similarity is not None:
        notes.add(kinds.OTHER_SIMILARITY, similarity=sentences.similarity)
    if sentences.lowercases:
        notes.add(kinds.NOT_LOWERCASED)
