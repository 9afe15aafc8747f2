"""Fetches from the hub the files of a model that its classes need, and no others."""

import contextlib
import glob
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ftk.errors import ModelError
from ftk.models.files.hub_errors import Unavailable, explained
from ftk.models.files.needed import READ_FIRST, needed_files, read_values, safetensors_files, vocabularies
from ftk.models.files.weights import explain_no_weights, has_weights, weight_files
from ftk.system.network.hub_client import bounded

Weights = Literal["safetensors", "none", "convertible"]
"""Which weights are fetched: those that are read, none for an architecture, or those that ``ftk convert`` reads."""

_CONVERTER_ACCOUNT = "SFconvertbot"
_MOST_PULL_REQUESTS = 3
"""Pull requests of the converter that are looked at."""
_COMPLETE = {"tokenizer.json", "preprocessor_config.json"}
"""Files beside which a model of texts or images needs no others."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Listed:
    """What is known of a model before its weights are fetched.

    Attributes:
        names: of all its files.
        values: contents of those of ``READ_FIRST`` that there are, by name.
        commit: of the revision; empty for one in the cache.
    """

    names: frozenset[str]
    values: dict[str, dict[str, Any]]
    commit: str = ""


def look(name: str, revision: str | None = None, *, weights: Weights = "safetensors") -> Listed:
    """Fetches the small files of a model that say what it is, and lists the others.

    Args:
        name: the hub id.
        revision: branch, tag or commit; None for the main branch.
        weights: which weights are needed.

    Raises:
        Unavailable: the hub cannot be reached, or refuses the model, or a download broke off.
        ModelError: what is there is not a model that ftk reads; the text says why and what to do.
    """
    with bounded(name):
        return _look(name, revision, weights)


def _look(name: str, revision: str | None, weights: Weights) -> Listed:
    from huggingface_hub import HfApi, constants, hf_hub_download

    with explained(name, revision):
        info = HfApi().model_info(name, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    commit = str(info.sha)
    names = frozenset(one.rfilename for one in info.siblings or ())
    _refuse(name, names, weights)
    with explained(name, revision):
        read = [one for one in READ_FIRST if one in names]
        paths = {one: Path(hf_hub_download(name, one, revision=commit)) for one in read}
    for one, path in paths.items():
        _verify(name, path.parent, [one])
    return Listed(names, {one: read_values(path) for one, path in paths.items()}, commit)


def fetch(name: str, revision: str | None = None, *, weights: Weights = "safetensors") -> Path:
    """Fetches the files that a model's classes need into the cache of the hub, and returns their folder.

    Files that are in the cache are not fetched again. A file that arrived damaged is not kept.

    Args:
        name: the hub id.
        revision: branch, tag or commit; None for the main branch.
        weights: which weights are fetched.

    Raises:
        Unavailable: the hub cannot be reached, or refuses the model, or a download broke off.
        ModelError: what is there is not a model that ftk reads; the text says why and what to do.
    """
    with bounded(name):
        return _fetch(name, revision, weights)


def _fetch(name: str, revision: str | None, weights: Weights) -> Path:
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    listed = look(name, revision, weights=weights)
    names, values = listed.names, listed.values
    there = {one for one in names if isinstance(try_to_load_from_cache(name, one, revision=listed.commit), str)}
    with explained(name, revision):
        chosen = safetensors_files(names, values) if weights == "safetensors" else []
        if weights == "convertible":
            files = weight_files(names)[0]
            index = [files.index] if files.index is not None else []
            chosen = [*files.names, *index]
        needed = needed_files(names, values, weights=chosen)
        # By the name of the revision, so that the cache knows it when there is no network.
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=[glob.escape(one) for one in needed]))
    _verify(name, folder, [one for one in needed if one not in there])
    if missing := [one for one in (*needed, *chosen) if not (folder / one).is_file()]:
        raise Unavailable(f"{', '.join(missing[:3])}: listed, but not there. Run the same command again")
    return folder


def _refuse(name: str, names: Collection[str], weights: Weights) -> None:
    """Stops before a file is fetched if those that there are make no model.

    Raises:
        ModelError: says what they are, and what to do.
    """
    if "config.json" not in names:
        if "adapter_config.json" in names:
            raise ModelError(f"{name}: {explain_no_weights(names, name)}.")
        what = explain_no_weights(names, name) if names else "it has no files"
        raise ModelError(f"{name}: the repository has no config.json, so it is no model of transformers; {what}.")
    if weights == "safetensors" and not has_weights(names):
        number = _pull_request(name) if any(files.pickled for files in weight_files(names)) else None
        raise ModelError(f"{name}: {explain_no_weights(names, name, pull_request=number)}.")
    if weights == "convertible" and has_weights(names):
        raise ModelError(f"{name}: it has safetensors weights, so there is nothing to convert.")
    if weights == "convertible" and not weight_files(names):
        raise ModelError(f"{name}: {explain_no_weights(names, name)}.")


def _pull_request(name: str) -> int | None:
    """The number of a pull request of the hub's converter that has safetensors; None if none is found."""
    from huggingface_hub import HfApi

    api = HfApi()
    with contextlib.suppress(Exception):  # this only makes a message better
        found = api.get_repo_discussions(name, author=_CONVERTER_ACCOUNT, discussion_type="pull_request")
        for _, request in zip(range(_MOST_PULL_REQUESTS), found, strict=False):
            info = api.model_info(name, revision=f"refs/pr/{request.num}", timeout=10)
            if has_weights({one.rfilename for one in info.siblings or ()}):
                return int(request.num)
    return None


def cached(name: str, revision: str | None, *, weights: bool, offline: bool = False) -> tuple[Path | None, str]:
    """The folder of a model in the cache of the hub, if nothing that it needs is missing there.

    Args:
        name: the hub id.
        revision: branch, tag or commit; None for the main branch.
        weights: whether weights are needed.
        offline: whether the hub is not asked for what may be missing, as with ``HF_HUB_OFFLINE``.

    Returns:
        The folder, or None and why it cannot be used.
    """
    from huggingface_hub import constants, try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json", revision=revision)
    if not isinstance(config, str):
        return None, "not cached"
    folder = Path(config).parent
    listed = _listing(name, folder.name)
    here = {path.name for path in folder.iterdir() if path.exists()}
    names = here if listed is None else listed
    if weights and not has_weights(names):
        return None, f"cached, but {explain_no_weights(names, name)}"
    values = {one: read_values(folder / one) for one in READ_FIRST if one in here}
    chosen = safetensors_files(names, values) if weights else []
    needed = [*chosen, *(needed_files(names, values, weights=chosen) if listed is not None else ())]
    if listed is None and not (offline or constants.HF_HUB_OFFLINE) and not here & _COMPLETE:
        needed += vocabularies(names, values)  # something else may have fetched the weights alone
    if missing := sorted({one for one in needed if not (folder / one).exists()}):
        return None, f"cached, but {', '.join(missing[:3])} {'is' if len(missing) == 1 else 'are'} missing"
    return folder, ""


def _listing(name: str, commit: str) -> set[str] | None:
    """The names of all files of a commit, if the cache knows them; the hub's client keeps them since version 2."""
    try:
        from huggingface_hub import get_cached_repo_tree

        return {file.path for file in get_cached_repo_tree(name, revision=commit)}
    except Exception:  # an older client has no such function, and an older cache no list
        return None


def _verify(name: str, folder: Path, fetched: Collection[str]) -> None:
    """Compares fetched files with the hashes that they are cached under, and removes those that differ.

    Raises:
        Unavailable: a file differs.
    """
    for one in fetched:
        path = folder / one
        blob = path.resolve()
        if not path.is_symlink() or len(blob.name) not in (40, 64):
            continue
        # Large files are known by their SHA-256, small ones by what git calls them.
        large = len(blob.name) == 64
        digest = hashlib.sha256() if large else hashlib.sha1(b"blob %d\0" % blob.stat().st_size, usedforsecurity=False)
        with blob.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != blob.name:
            path.unlink()
            blob.unlink()
            raise Unavailable(f"{one} arrived damaged: its hash differs. It was not kept; run the same command again")
