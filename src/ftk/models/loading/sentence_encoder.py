"""Reads what the files of sentence-transformers say beside the config of an encoder: pooling, length, prompts.

This imports neither torch nor transformers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ftk.contracts.saved_head import SentenceEncoder
from ftk.contracts.text_prefix import TextPrefix
from ftk.models.files.needed import SENTENCE_CONFIG, SENTENCE_SETTINGS, read_values

_POOLINGS = {"mean_tokens": "mean", "mean": "mean", "cls_token": "first", "cls": "first"}
_OLD_MODE = "pooling_mode_"
_PLAIN_MODULES = ("Transformer", "Normalize")
"""Modules of sentence encoders beside the pooling that change no ranking: the encoder, and lengths of 1."""
_UNREAD = "a way that its files do not say ({})"
"""The name of the way in which a sentence encoder pools whose files are not whole."""
_MOST_BYTES = 1 << 20
"""A list of modules that is longer is none."""
VECTORS = "AutoModelForTextVector"
"""The auto class of models that make vectors of texts, as sentence encoders do."""
_SIMILARITIES = ("cosine", "cos_sim")
"""Names of the similarity that ftk computes, too."""


def sentence_encoder_in(folder: Path) -> SentenceEncoder:
    """What the files of a folder say about a sentence encoder; nothing if it is none."""
    pooling, further = _modules_in(folder)
    settings = read_values(_home(folder) / SENTENCE_CONFIG)
    similarity = settings.get("similarity_fn_name")
    return SentenceEncoder(
        pooling=pooling,
        further=further,
        prompts=_prompts(settings),
        prefix=_prefix(settings) if _pools_prompts(folder) else TextPrefix(),
        similarity=similarity if isinstance(similarity, str) and similarity not in _SIMILARITIES else None,
        lowercases=_of_encoder(folder).get("do_lower_case") is True,
    )


def sentence_length(folder: Path) -> int | None:
    """The most tokens of a text that a sentence encoder reads; None if its files do not say."""
    length = _of_encoder(folder).get("max_seq_length")
    return length if isinstance(length, int) and not isinstance(length, bool) and length > 0 else None


def _of_encoder(folder: Path) -> dict[str, Any]:
    """The settings of the encoder; the file is called after the architecture that it was first written for."""
    return next((found for name in SENTENCE_SETTINGS if (found := read_values(folder / name))), {})


def _prompts(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The names and texts of the prompts that stand before some texts."""
    prompts = settings.get("prompts")
    found = prompts.items() if isinstance(prompts, Mapping) else ()
    return tuple((str(name), text) for name, text in found if isinstance(text, str) and text)


def _prefix(settings: Mapping[str, Any]) -> TextPrefix:
    """The prompts of ``encode_query``, ``encode_document`` and ``encode`` of sentence-transformers."""
    prompts = settings.get("prompts")
    if not isinstance(prompts, Mapping):
        return TextPrefix()

    def first(*names: Any) -> str:
        found = next((prompts[name] for name in names if isinstance(name, str) and name in prompts), None)
        return found if isinstance(found, str) else ""

    usual = settings.get("default_prompt_name")
    query, candidate = first("query", usual), first("document", "passage", "corpus", usual)
    return TextPrefix(text=first(usual), pair=first(usual), query=query, candidate=candidate)


def _pools_prompts(folder: Path) -> bool:
    """Whether the tokens of a prompt count where tokens are pooled, as they do for ftk."""
    home = _home(folder)
    modules = [module for module in _listed(home / "modules.json") or () if isinstance(module, Mapping)]
    places = {Path(str(module.get("path"))).name for module in modules} - {"", ".", ".."}
    return all(read_values(home / place / "config.json").get("include_prompt", True) for place in places)


def _modules_in(folder: Path) -> tuple[str | None, tuple[str, ...]]:
    """How a sentence encoder pools its tokens, and its modules that are neither encoder nor pooling.

    The first is ``mean``, ``first`` or the name of another way; None if it is no sentence encoder.
    """
    pooling: str | None = None
    further: list[str] = []
    folder = _home(folder)
    modules = _listed(folder / "modules.json")
    if modules is None:
        return _UNREAD.format("modules.json is missing or damaged"), ()
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2] if isinstance(module, Mapping) else ""
        if kind == "Pooling":
            pooling = _pooling_in(folder, str(module.get("path") or ""))
        elif kind not in _PLAIN_MODULES:
            further.append(kind)
    return pooling, tuple(further)


def _home(folder: Path) -> Path:
    """The folder of a sentence encoder: the one around it, if the encoder is a module there (0_Transformer)."""
    around = folder.absolute().parent
    named = (module for module in _listed(around / "modules.json") or () if isinstance(module, Mapping))
    is_module = not (folder / "modules.json").is_file() and any(one.get("path") == folder.name for one in named)
    return around if is_module else folder


def _pooling_in(folder: Path, path: str) -> str:
    """How the pooling in a sub-folder works."""
    inner = Path(path).name  # never a folder outside of this one
    if inner in ("", ".", ".."):
        return _UNREAD.format(f"modules.json gives Pooling the path '{path}', and not a sub-folder such as 1_Pooling")
    settings = read_values(folder / inner / "config.json")
    return _mode(settings) if settings else _UNREAD.format(f"{inner}/config.json is missing or damaged")


def _mode(settings: Mapping[str, Any]) -> str:
    """The one mode of pooling that is chosen, or the names of several."""
    named = settings.get("pooling_mode")
    modes = [named] if isinstance(named, str) else [*map(str, named)] if isinstance(named, list) else []
    if not modes:  # as sentence-transformers wrote it before version 6
        chosen = [name for name, value in settings.items() if value is True]
        modes = [name.removeprefix(_OLD_MODE) for name in chosen if name.startswith(_OLD_MODE)]
    return _POOLINGS.get(modes[0], modes[0]) if len(modes) == 1 else " and ".join(modes) or "nothing"


def _listed(path: Path) -> list[Any] | None:
    """The modules of a sentence encoder; empty without the file, None if it cannot be read."""
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_bytes()[:_MOST_BYTES])
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None
