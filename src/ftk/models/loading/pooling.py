"""Decides how the tokens of a text become the one vector that a head reads, and whether transformers has that head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ftk.config.choices import TokenPooling
from ftk.config.schema import ModelConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import TaskSpec
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.architectures.pooled_text import POOLING, SEPARATOR, classifier_names, output_name
from ftk.models.architectures.small.register import HEADS
from ftk.models.files.whole import tensor_names
from ftk.models.loading.head_of_folder import head_in, saved_head
from ftk.models.loading.kept_head import keeps_head

CLASSIFIES = "AutoModelForSequenceClassification"
"""The auto class of heads with one output for a text."""
_SPANS = "AutoModelForEntitySpans"
"""The auto class of heads that read a whole text beside its entities."""
_SETTING = "classifier_pooling"
_SETTINGS = {
    "modernbert": {TokenPooling.mean: "mean", TokenPooling.first: "cls"},
    "eurobert": {TokenPooling.mean: "mean", TokenPooling.first: "bos"},
}
"""Architectures whose class in transformers pools in several ways, and what its config calls them."""
_READ_FIRST = frozenset(
    (
        "big_bird",
        "camembert",
        "convbert",
        "data2vec-text",
        "distilbert",
        "electra",
        "esm",
        "ibert",
        "longformer",
        "mpnet",
        "mra",
        "nystromformer",
        "roberta",
        "roberta-prelayernorm",
        "roformer",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
        "yoso",
    )
)
"""Architectures without a pooler whose class in transformers reads the first token."""
_HOW = {
    TokenPooling.mean: "the mean of the tokens",
    TokenPooling.first: "the first token",
    TokenPooling.last: "the last token",
    TokenPooling.pooler: "the encoder's pooler",
}


def settle_head(
    config: Any,
    spec: TaskSpec,
    labels: Labels | None,
    model: ModelConfig,
    *,
    folder: Path | None,
    separator: int | None,
    notes: Notes,
) -> bool:
    """Decides what becomes of the head of a saved model, and writes into a config how the model pools.

    Args:
        config: of the model, before ``set_labels``.
        spec: of the task that is trained.
        labels: of the training rows; None for a task that has none.
        model: the model section of the config.
        folder: of weights for the whole model; None if they are random.
        separator: the token between two texts; None for a task on one text, or if the tokenizer has none.
        notes: collects whether a head is kept, or left out, and how the model pools.

    Returns:
        Whether a training uses all weights of the folder; else those of its encoder alone.

    Raises:
        ModelError: the model cannot pool in the way that is asked for.
    """
    of_head, of_pooling = Notes(), Notes()
    fits = folder is None or keeps_head(config, spec, labels, of_head)
    keeps = _settled(config, spec, model, folder, fits and _compares(config, separator), separator, of_pooling)
    if fits and not keeps:
        notes.add(kinds.NEW_HEAD, policy="pooling", described=saved_head(config.to_dict()).described)
    else:
        notes.extend(of_head.drain())
    notes.extend(of_pooling.drain())
    return keeps


def _compares(config: Any, separator: int | None) -> bool:
    """Whether a head of ftk in a config reads as many texts as the task has."""
    own = getattr(config, POOLING, None) == TokenPooling.mean.value
    return not own or (getattr(config, SEPARATOR, None) is None) == (separator is None)


def head_to_settle(folder: Path | None, model: ModelConfig) -> SavedHead | None:
    """The head that ``TaskSpec.settle`` gets: that of the folder, which pools as the preset says if its files do not.

    Args:
        folder: of the weights; None if they are random.
        model: the model section of the config.
    """
    head = None if folder is None else head_in(folder)
    if head is None or head.sentences.pooling is not None or model.default_pooling is None:
        return head
    way = replace(head.sentences, pooling=model.default_pooling.value, source="the preset of the model says")
    return replace(head, sentences=way)


def _settled(
    config: Any,
    spec: TaskSpec,
    model: ModelConfig,
    folder: Path | None,
    keeps: bool,
    separator: int | None,
    notes: Notes,
) -> bool:
    """Write into a config how its model pools; returns whether the head is still kept."""
    asked = model.pooling
    if spec.auto_model not in (CLASSIFIES, _SPANS):
        for key in (POOLING, SEPARATOR):
            vars(config).pop(key, None)
        return keeps
    if config.model_type in HEADS:
        if asked is not TokenPooling.auto:
            raise ModelError(f"{_named(asked)}: {config.model_type} pools in a way of its own; leave the key out.")
        return keeps
    way: TokenPooling | None = None
    if folder is not None:
        head = head_in(folder)
        trained = head.auto_model == spec.auto_model
        if keeps and trained and (asked is TokenPooling.auto or asked in _ways(config, spec)):
            return True
        keeps = keeps and not trained
        if asked is TokenPooling.auto and not spec.keeps_class:
            way = _trained(config, head, model, folder, notes, spec)
    if asked is not TokenPooling.auto:
        way = asked
        through = way is TokenPooling.first and TokenPooling.pooler in _ways_of_class(config)
        how = f"{_HOW[way]}, which the pooler of the encoder reads" if through else _HOW[way]
        notes.add(kinds.POOLED, policy="asked", how=how, name=way.value)
    for key in (POOLING, SEPARATOR):
        vars(config).pop(key, None)
    if spec.auto_model == _SPANS:
        if way is TokenPooling.mean:
            setattr(config, POOLING, way.value)
    elif way is not None and (_reads_state(config, asked, way) or not _of_transformers(config, way)):
        setattr(config, POOLING, way.value)
        if way is TokenPooling.mean and separator is not None:
            setattr(config, SEPARATOR, separator)
            notes.add(kinds.COMPARED)
        others = " or ".join(one.value for one in _HOW if one in _ways_of_class(config))
        others = (
            f"; model.pooling={others} gives a model for its pipelines, as a rule with a lower score where rows are few"
            if others
            else ""
        )
        notes.add(kinds.HEAD_OF_FTK, others=others)
    return keeps


def _reads_state(config: Any, asked: TokenPooling, way: TokenPooling) -> bool:
    """Whether a model was trained by the state of its first token, which its class in transformers puts through a
    pooler. One that asks for the first token gets that class, which pipelines open."""
    through = TokenPooling.pooler in _ways_of_class(config)
    return asked is TokenPooling.auto and way is TokenPooling.first and through


def _trained(
    config: Any, head: SavedHead, model: ModelConfig, folder: Path, notes: Notes, spec: TaskSpec
) -> TokenPooling | None:
    """The way in which a model was trained to pool; None for that of its class in transformers."""
    said = getattr(config, POOLING, None)
    way, why, name = None, "files", "config.json"
    if said is not None:
        way = TokenPooling(said)
    elif head.auto_model == CLASSIFIES or getattr(config, "is_encoder_decoder", False):
        return None
    elif head.sentences.pooling is not None:
        name = "1_Pooling/config.json"
        way = next((one for one in _HOW if one.value == head.sentences.pooling), None)
        if way is None:
            notes.add(kinds.UNKNOWN_POOLING, said=head.sentences.pooling)
    if way is None and model.default_pooling is not None:
        way, why, name = model.default_pooling, "preset", "model.default_pooling"
    if way is None and spec.auto_model == CLASSIFIES and _lacks_pooler(config, folder):
        way, why, name = TokenPooling.mean, "untrained", config.model_type
    if way is not None:
        notes.add(kinds.POOLED, policy=why, how=_HOW[way], name=name)
    return way


def _of_transformers(config: Any, way: TokenPooling) -> bool:
    """Whether transformers has a class with this pooling; a config that can choose it does.

    Raises:
        ModelError: the architecture cannot pool in this way.
    """
    kind = config.model_type
    if way in _SETTINGS.get(kind, {}):
        setattr(config, _SETTING, _SETTINGS[kind][way])
        return True
    if way in _ways_of_class(config):
        return True
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(f"{_named(way)}: {kind} has a decoder, whose last token its head reads; leave the key out.")
    if way is TokenPooling.pooler:
        raise ModelError(f"{_named(way)}: {kind} has no pooler; take mean, first or last, or leave the key out.")
    return False


def _ways(config: Any, spec: TaskSpec) -> set[TokenPooling]:
    """The ways in which the head in a folder pools, as its config says."""
    said = getattr(config, POOLING, None)
    if said is not None:
        return {TokenPooling(said)}
    return {TokenPooling.first} if spec.auto_model == _SPANS else _ways_of_class(config)


def _ways_of_class(config: Any) -> set[TokenPooling]:
    """The ways in which the class in transformers pools: the pooler of an encoder reads the first token."""
    kind, names = config.model_type, classifier_names(_class_of(config))
    if kind in _SETTINGS:
        return {way for way, value in _SETTINGS[kind].items() if value == getattr(config, _SETTING, None)}
    if any("pooler" in name.split(".") for name in names):
        return {TokenPooling.pooler, TokenPooling.first}
    if kind in _READ_FIRST:
        return {TokenPooling.first}
    last = getattr(config, "is_encoder_decoder", False) or output_name(type(config)) == "score.weight"
    return {TokenPooling.last} if last else set()


def _lacks_pooler(config: Any, folder: Path) -> bool:
    """Whether the class in transformers reads a pooler in its encoder that the weights do not have."""
    if any("pooler" in name.split(".") for name in tensor_names(folder)):
        return False
    return any(name.split(".")[1:2] == ["pooler"] for name in classifier_names(_class_of(config)))


def _named(way: TokenPooling) -> str:
    return f"model.pooling={way.value}"


def _class_of(config: Any) -> Any:
    return type(config)
