"""Verdicts that are kept: one architecture with the same versions is tried once."""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from ftk.errors import ConfigError
from ftk.kernels.processor import processor
from ftk.kernels.proof.verdict import Verdict, prove
from ftk.kernels.ways import Way, part_of
from ftk.system.atomic import replaced
from ftk.system.cache import cache_folder, cache_key
from ftk.system.digests import sha256
from ftk.system.kept import Damaged, read_json

_OTHER = ("_name_or_path", "architectures", "id2label", "label2id", "transformers_version", "vocab_size")
"""Values of configs that change nothing."""
_SETTINGS = ("DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
"""Environment variables that choose the instructions of products."""


def proven(
    model: nn.Module, ways: Sequence[Way], dtype: torch.dtype, *, training: bool, cache_dir: str | None
) -> Verdict:
    """The verdict on some fast ways, from the cache or from a proof.

    Args:
        model, ways, dtype, training: as in ``prove``.
        cache_dir: the folder of the cache, if the user named one. If it cannot be written, the next run tries again.
    """
    if not ways:
        return Verdict()
    settings = {
        "model": _architecture(model),
        "ways": [way.name for way in ways],
        "dtype": str(dtype),
        "training": training,
        "versions": _versions(),
    }
    try:
        path = cache_folder(cache_dir) / "fast-ways" / f"{cache_key(settings)}.json"
    except ConfigError:  # nobody knows the user's home
        return prove(model, ways, dtype, training=training)
    verdict = _read(path)
    if verdict is None:
        verdict = prove(model, ways, dtype, training=training)
        if verdict.lasting:
            _write(path, verdict)
    return verdict


def conditions(ways: Sequence[Way], dtype: torch.dtype) -> str:
    """What a verdict on the model of a run depends on: ways, precision, versions and processor, as one word."""
    return cache_key({"ways": [way.name for way in ways], "dtype": str(dtype), "versions": _versions()})


def _read(path: Path) -> Verdict | None:
    """The verdict in a file; None if there is none, or if it is not what was written."""
    try:
        saved = read_json(path)
        if saved is None or saved["sha256"] != cache_key([saved["refusals"], saved["unfit"]]):
            return None
        return replace(Verdict.of(saved["refusals"]), unfit=saved["unfit"])
    except (Damaged, KeyError, TypeError):
        return None


def _write(path: Path, verdict: Verdict) -> None:
    refusals = verdict.to_json()
    content = {"refusals": refusals, "unfit": verdict.unfit, "sha256": cache_key([refusals, verdict.unfit])}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")
    except OSError:  # a proof takes less time than a sentence about this
        pass


def _architecture(model: nn.Module) -> dict[str, Any]:
    """What the verdict on a model depends on: its config, and the class of each part."""
    config: Any = getattr(model, "config", None)
    values = config.to_dict() if hasattr(config, "to_dict") else {}
    attention = sorted(
        {str(getattr(getattr(part, "config", None), "_attn_implementation", None)) for part in model.modules()}
    )
    parts = {
        f"{part_of(name)}: {type(part).__module__}.{type(part).__qualname__}" for name, part in model.named_modules()
    }
    return {"config": _relevant(values), "attention": attention, "parts": sorted(parts)}


def _relevant(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {
        str(name): _relevant(value)
        for name, value in values.items()
        if name not in _OTHER and not str(name).endswith("_token_id")
    }


@cache
def _versions() -> dict[str, Any]:
    """Of everything that computes."""
    here = Path(__file__).parent.parent
    sources = {str(path.relative_to(here)): sha256(path) for path in sorted(here.rglob("*.py"))}
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "kernels": hashlib.sha256(json.dumps(sources).encode()).hexdigest(),
        "processor": [platform.machine(), processor().maker, sorted(processor().flags)],
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "settings": {name: os.environ.get(name) for name in _SETTINGS},
    }
