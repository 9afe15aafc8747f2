"""Converts a model whose weights are pickles, or not under the default names, into a folder with safetensors."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftk.errors import ModelError, numbered, printable
from ftk.models.files.hub import fetch
from ftk.models.files.hub_errors import Unavailable, explained
from ftk.models.files.needed import READ_FIRST, files_of_pooling, is_of_pooling, needed_files, read_values
from ftk.models.files.untrusted_folder import check_untrusted_folder
from ftk.models.files.weights import explain_no_weights, has_weights, weight_files
from ftk.models.files.whole import (
    check_is_model,
    check_safetensors,
    check_weights,
    file_names,
    refuse_missing,
    refuse_pointer,
    refuse_revision,
    shards_of,
)
from ftk.system.atomic import replace_folder, unwritable
from ftk.system.locks import Held, lock_name
from ftk.system.paths import expanded

_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "SYSTEMROOT", "LANG", "LC_ALL")
"""Variables of the environment that the process keeps: where its own code is, but no tokens, proxies or addresses."""
_MOST_OF_AN_ANSWER = 1 << 20
_ROOM = 1 << 29
"""Memory beside that for the weights, in bytes."""
_SECONDS = 120
_BYTES_PER_SECOND = 10_000_000
"""Processor time that reading may take: some seconds, and one for so many bytes."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was converted.

    Attributes:
        read: the files that were read.
        copied: the files that were copied.
        tensors: number of tensors written.
        size: of the written weights, in bytes.
        tied: names of tensors that were left out because the model shares them with another one.
        memory: the limit of the process that read the files, in bytes.
    """

    read: list[str]
    copied: list[str]
    tensors: int
    size: int
    tied: list[str]
    memory: int


def convert(
    source: str,
    target: Path,
    *,
    revision: str | None = None,
    overwrite: bool = False,
    warn: Callable[[str], None],
) -> Converted:
    """Converts a model; ``target`` appears as a whole or not at all.

    Args:
        source: folder or hub id of the model.
        target: the new folder.
        revision: branch, tag or commit of a hub id.
        overwrite: whether ``target`` may be a model folder that exists; it is replaced.
        warn: called with a warning if the file system has no locks.

    Raises:
        ModelError: the model is not found, its weights are not tensors only, a file of it is not whole, or the folder
            cannot be written, or another process is writing it.
    """
    _check_target(target, overwrite)
    folder = _find(source, revision)
    _refuse_overlap(folder, target)
    check_untrusted_folder(folder)
    names = file_names(folder)
    if has_weights(names):
        check_weights(folder)  # else there is something to do, though not to convert
        raise ModelError(f"{folder}: it has safetensors weights, so there is nothing to convert.")
    files = _files(folder, names)
    values = {one: read_values(folder / one) for one in READ_FIRST if one in names}
    copied = needed_files(names | files_of_pooling(folder), values, weights=())
    copied = [name for name in copied if name != "ftk.json"]  # it lists the files that it was written with
    answer: dict[str, Any] = {}
    size = sum((folder / name).stat().st_size for name in files)
    limits = {"memory": 2 * size + _ROOM, "seconds": _SECONDS + size // _BYTES_PER_SECOND}

    def fill(fresh: Path) -> None:
        for name in copied:
            (fresh / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / name, fresh / name)
        answer.update(_in_own_process(folder, files, fresh, limits))

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with lock_name(target, warn=warn):
            _check_target(target, overwrite)  # another process may have made it since
            replace_folder(target, fill, check_weights)
    except Held as error:
        raise ModelError(f"{target}: {error} is writing this folder. Wait for it, or name another one.") from error
    except OSError as error:
        raise ModelError(f"{target}: the folder cannot be written ({error.strerror}).") from error
    return Converted(files, copied, answer["tensors"], answer["size"], answer["tied"], limits["memory"])


def _check_target(target: Path, overwrite: bool) -> None:
    """Refuses a target that exists, unless it is a model folder and may be replaced."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ModelError(f"{target}: this exists and is no folder; name another one.")
    if target.is_dir() and any(target.iterdir()):
        if not overwrite:
            raise ModelError(f"{target}: this exists already; name another folder, or add --overwrite to replace it.")
        inner = [path for path in target.iterdir() if path.is_dir()]
        if not (target / "config.json").is_file() or not all(map(is_of_pooling, inner)):
            raise ModelError(
                f"{target}: this is no model folder, so --overwrite does not replace it; name another one."
            )
    if why := unwritable(target.absolute().parent):
        raise ModelError(f"{target}: {why}; name another folder.")


def _refuse_overlap(folder: Path, target: Path) -> None:
    one, other = folder.resolve(), target.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise ModelError(f"{target}: the new folder and {folder} are one, or in each other; name another one.")


def _find(source: str, revision: str | None) -> Path:
    """The folder of a model, fetched if it is on the hub."""
    folder = expanded(source)
    if folder.is_dir():
        refuse_revision(source, revision)
        if not (folder / "config.json").is_file():
            check_is_model(folder)
            raise ModelError(f"{folder}: the folder has no config.json, which a model needs; copy it there, too.")
        return folder
    if folder.exists():
        raise ModelError(f"{folder}: this is a file; name the folder that it is in.")
    if source.startswith((".", "/", "~")) or source.count("/") > 1:
        raise ModelError(f"{folder.absolute()}: there is no such folder.")
    from huggingface_hub import constants, try_to_load_from_cache

    try:
        if not constants.HF_HUB_OFFLINE:
            return fetch(source, revision, weights="convertible")
        with explained(source, revision):
            config = try_to_load_from_cache(source, "config.json", revision=revision)
    except Unavailable as error:
        raise ModelError(f"{source}: there is no such folder; on the hub: {error}.") from error
    if not isinstance(config, str):
        raise ModelError(f"{source}: there is no such folder, it is not in the hub's cache, and HF_HUB_OFFLINE is set.")
    return Path(config).parent


def _files(folder: Path, names: set[str]) -> list[str]:
    """The files to read, in their order."""
    sets = weight_files(names)
    if not sets:
        raise ModelError(f"{folder}: {explain_no_weights(names, str(folder))}.")
    files = sets[0]
    listed = list(files.names)
    if files.index is not None:
        refuse_pointer(folder / files.index)
        listed = shards_of(folder / files.index, ".bin" if files.pickled else ".safetensors")
        refuse_missing(folder / files.index, [name for name in listed if name not in names])
    elif files.lacking:
        raise ModelError(
            f"{folder}: it lacks {files.lacking} of the {numbered(files.parts, 'shard')} like "
            f"{files.names[0]}. Download the rest."
        )
    for name in listed:
        check = refuse_pointer if files.pickled else check_safetensors
        check(folder / name)
    return listed


def _in_own_process(folder: Path, files: list[str], fresh: Path, limits: dict[str, int]) -> dict[str, Any]:
    """Reads the files in a process without network and with bounded memory, which writes the weights.

    Raises:
        ModelError: it refused them, or ended without an answer.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    job = {"folder": str(folder.absolute()), "files": files, "target": str(fresh.absolute()), **limits}
    started = subprocess.Popen(
        [sys.executable, "-P", "-m", "ftk.models.converting.reader"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = started.communicate(json.dumps(job))
    except BaseException:
        started.kill()
        started.wait()
        raise
    where = f"{folder}: {files[0]}" if len(files) == 1 else str(folder)
    answer: Any = None
    with contextlib.suppress(ValueError, IndexError):
        answer = json.loads(out[-_MOST_OF_AN_ANSWER:].splitlines()[-1])
    if isinstance(answer, dict) and "error" in answer:
        raise ModelError(printable(f"{where}: {answer['error']}"))
    if started.returncode != 0 or not isinstance(answer, dict):
        raise ModelError(f"{where}: {_ended(started.returncode, err)}")
    return answer


def _ended(code: int, err: str) -> str:
    """Why the process ended without an answer."""
    if code == -signal.SIGXCPU:
        return "reading it took more processor time than weights of this size need; it is no file of weights."
    if code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS):
        name = signal.Signals(-code).name
        return f"the process that read it was killed ({name}); it ran out of memory, or the file is damaged."
    last = printable(err.strip().splitlines()[-1][:300]) if err.strip() else "no message"
    return f"the process that read it failed (exit code {code}: {last})."
