"""Which prefixes stand before the texts of a model: those of the config, else those that its files name.

This imports neither torch nor transformers.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.schema import ModelConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SentenceEncoder
from ftk.contracts.spec import TaskSpec
from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.errors import ModelError
from ftk.models.files.needed import MANIFEST, read_values
from ftk.models.loading.sentence_encoder import sentence_encoder_in

KEY = "text_prefix"
"""The key of the prefixes in the config, and in the manifest of a model folder."""


def named_prefixes(model: ModelConfig) -> dict[str, str]:
    """The prefixes that a config names, by role; those of the encoder of texts, if there are several encoders."""
    texts = model.towers.get("text", model)
    return {name: prefix for name, prefix in dataclasses.asdict(texts.text_prefix).items() if prefix is not None}


def chosen_prefix(model: ModelConfig | None, folder: Path | None, spec: TaskSpec, notes: Notes) -> TextPrefix:
    """What stands before the texts of a task.

    Args:
        model: the model section of the config; None if there is none.
        folder: of the weights that it begins with; None for random weights.
        spec: of the task.
        notes: collect what was chosen.

    Raises:
        ModelError: the folder has a manifest that ftk did not write.
    """
    named = {} if model is None else named_prefixes(model)
    if not spec.prefixes:
        if found := TextPrefix.of(named):
            notes.add(kinds.PREFIX_UNREAD, prefix=str(found))
        return NO_PREFIX
    sentences = SentenceEncoder() if folder is None else sentence_encoder_in(folder)
    found = TextPrefix.of({**own_prefix(folder).to_json(), **named}).only(spec.prefixes)
    if found:
        trained = folder is not None and (folder / MANIFEST).is_file()
        policy = None if any(role in named for role in found.to_json()) else "training" if trained else "files"
        notes.add(kinds.TEXT_PREFIX, policy=policy, prefix=str(found))
    elif sentences.prompts and not any(role in named for role in spec.prefixes):
        listed = ", ".join(f"{name}: {text!r}" for name, text in sentences.prompts[:4])
        more = f" and {len(sentences.prompts) - 4} more" if len(sentences.prompts) > 4 else ""
        roles = ", ".join(f'{role}: "…"' for role in spec.prefixes)
        notes.add(kinds.PROMPTS_NOT_WRITTEN, prompts=f"{listed}{more}", roles=roles)
    return found


def own_prefix(folder: Path | None) -> TextPrefix:
    """The prefixes that the files of a model name; none for random weights.

    Raises:
        ModelError: the folder has a manifest that ftk did not write.
    """
    if folder is None:
        return NO_PREFIX
    if manifest := read_values(folder / MANIFEST):
        return saved_prefix(manifest.get(KEY, {}), folder)
    return sentence_encoder_in(folder).prefix


def saved_prefix(values: Any, folder: Path | str | None) -> TextPrefix:
    """The prefixes in a manifest.

    Raises:
        ModelError: this is not what ftk writes.
    """
    try:
        return TextPrefix.of(values)
    except ValueError as error:
        raise ModelError(f"{folder}/{MANIFEST}: this is not what ftk writes ({error}).") from error


def refuse_unread_prefix(model: ModelConfig, spec: TaskSpec, named: frozenset[str] | None) -> None:
    """Refuse prefixes that the user has named and that stand before no text of a task.

    Args:
        model: the model section of the config.
        spec: of the task.
        named: the keys of this section that the command line sets; None: the section is a file of the user, which
            serves all tasks as a preset does.

    Raises:
        ConfigMistakes: there are such prefixes, and none that the task reads.
    """
    prefixes = TextPrefix.of(named_prefixes(model)).to_json()
    if named is None or KEY not in named or not prefixes or any(role in spec.prefixes for role in prefixes):
        return
    role, prefix = next(iter(prefixes.items()))
    if spec.prefixes:
        why = f"this task has texts of other roles: {' and '.join(spec.prefixes)}"
    elif "text" not in spec.modalities:
        why = "this task reads no texts"
    elif spec.auto_model == "AutoModelForSeq2SeqLM":
        why = "this task has a key of its own, task.source_prefix"
    else:
        why = "this task predicts tokens or places of its texts, and a prefix is no part of them"
    raise ConfigMistakes([Mistake(f"model.{KEY}.{role}={prefix!r}", f"{why[0].upper()}{why[1:]}; leave it out.")])
