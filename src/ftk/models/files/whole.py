"""Checks that the files of a model folder are whole, before any library opens them."""

import json
import struct
from collections.abc import Collection
from pathlib import Path

from ftk.config.spelling.writing import pasted
from ftk.errors import ModelError
from ftk.models.files.needed import is_of_pooling
from ftk.models.files.weights import INDEX, WEIGHTS, explain_adapter, explain_no_weights
from ftk.system.paths import expanded

_POINTER = b"version https://git-lfs.github.com/spec/v1"
_MOST_OF_A_POINTER = 1024
"""Git-LFS writes pointers that are shorter than this, in bytes."""
_READ = (".json", ".txt", ".model", ".spm", ".safetensors", ".codes", ".tokenizer", ".tiktoken")
"""Endings of the files that models and tokenizers are loaded from."""
_WEIGHTS = (".safetensors", ".bin", ".h5", ".msgpack", ".ot", ".onnx", ".gguf", ".npz", ".pt", ".pth", ".ckpt")
"""Endings of files of weights, whether ftk reads them or not."""
_MOST_OF_A_HEADER = 100_000_000
"""The safetensors library takes no longer header than this, in bytes."""
_NAMED = 3
_AGAIN = "Download it again."


def file_names(folder: Path) -> set[str]:
    """The names of the files in a folder; links that lead nowhere are left out."""
    return {path.name for path in folder.iterdir() if path.is_file()}


def refuse_revision(name: str, revision: str | None) -> None:
    """Stops if a folder got a revision.

    Raises:
        ModelError: it did.
    """
    if revision is not None:
        raise ModelError(
            f"model.revision={revision}: model.name={name} is a folder, which has no revisions. Leave the key out, or "
            "name the model by its hub id."
        )


def refuse_file(name: str, key: str) -> None:
    """Stops if a file is named where a folder or a hub id is meant.

    Args:
        name: of the model, or of what belongs to it.
        key: that names it, for the message.

    Raises:
        ModelError: it is a file.
    """
    path = expanded(name)
    if path.exists() and not path.is_dir():
        parent = path.parent
        raise ModelError(f"{key}={name}: this is a file; name the folder that it is in: {key}={parent}.")


def check_is_model(folder: Path) -> None:
    """Checks that a folder without a config.json is not something that a user might take for a model.

    Raises:
        ModelError: it is an adapter, or the folder of a model lies in it.
    """
    if (folder / "adapter_config.json").is_file():
        raise ModelError(f"{folder}: {explain_adapter(str(folder))}.")
    inner = [path.parent for path in sorted(folder.glob("*/config.json")) if path.is_file()]
    inner = [path for path in inner if not is_of_pooling(path)]
    if len(inner) == 1:
        raise ModelError(
            f"{folder}: the folder has no config.json, but {inner[0]} has one: model.name={pasted(inner[0])}"
        )


def check_weights(folder: Path) -> None:
    """Checks that a folder has safetensors weights, and that all of their files are whole.

    Raises:
        ModelError: there are none, or a file is missing, cut, a Git-LFS pointer, or something else.
    """
    names = file_names(folder)
    if WEIGHTS in names:
        files: Collection[str] = (WEIGHTS,)
    elif INDEX in names:
        refuse_pointer(folder / INDEX)
        files = shards_of(folder / INDEX)
        refuse_missing(folder / INDEX, [name for name in files if name not in names])
    else:
        for name in sorted(names):  # such as pytorch_model.bin, which is no pickle then
            if name.endswith(_WEIGHTS):
                refuse_pointer(folder / name)
        raise ModelError(f"{folder}: {explain_no_weights(names, str(folder))}.")
    for name in files:
        check_safetensors(folder / name)


def shards_of(index: Path, ending: str = ".safetensors") -> list[str]:
    """The files that an index names, each once.

    Args:
        index: the file.
        ending: of the files that it may name.

    Raises:
        ModelError: it is not an index.
    """
    try:
        parts = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{index}: weight_map is missing: the file is no index of weights.") from error
    names = sorted({str(part) for part in parts})
    for name in names:
        if Path(name).name != name or not name.endswith(ending):
            raise ModelError(f"{index}: '{name}' does not name a {ending[1:]} file of this folder.")
    return names


def refuse_missing(index: Path, missing: list[str]) -> None:
    """Stops if files are missing that an index names.

    Raises:
        ModelError: some are.
    """
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise ModelError(
            f"{index}: the folder lacks {len(missing)} of the files that it names: {', '.join(missing[:_NAMED])}"
            f"{more}. Download the rest, too."
        )


def refuse_pointers(folder: Path) -> None:
    """Stops if a file that a model is loaded from is a Git-LFS pointer.

    Raises:
        ModelError: one is.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.endswith(_READ) and path.is_file():
            refuse_pointer(path)


def refuse_pointer(path: Path) -> None:
    """Stops if a file is a Git-LFS pointer.

    Raises:
        ModelError: it is.
    """
    if path.stat().st_size < _MOST_OF_A_POINTER and _start(path, len(_POINTER)) == _POINTER:
        raise ModelError(
            f"{path}: this is a Git-LFS pointer, which stands for a file that was not downloaded. Run 'git lfs "
            f"install' and 'git lfs pull' in {path.parent}, or name the model by its hub id."
        )


def check_safetensors(path: Path) -> None:
    """Checks that a safetensors file has the size that its header describes.

    Raises:
        ModelError: it has not, or it is no such file.
    """
    refuse_pointer(path)
    size = path.stat().st_size
    start = _start(path, 9)
    if len(start) < 9:
        raise ModelError(f"{path}: the weights cannot be loaded: the file ends after {size} bytes. {_AGAIN}")
    [length] = struct.unpack("<Q", start[:8])
    if length > _MOST_OF_A_HEADER or start[8:] != b"{":
        raise ModelError(f"{path}: the weights cannot be loaded: {_what(start)}.")
    if 8 + length > size:
        raise ModelError(
            f"{path}: the weights cannot be loaded: the file is cut: it has {size:,} bytes, its header alone "
            f"{8 + length:,}. {_AGAIN}"
        )
    try:
        header = json.loads(_start(path, 8 + length)[8:])
        end = max((facts["data_offsets"][1] for name, facts in header.items() if name != "__metadata__"), default=0)
        expected = 8 + length + int(end)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ModelError(f"{path}: the weights cannot be loaded: this is no safetensors file.") from error
    if size != expected:
        raise ModelError(
            f"{path}: the weights cannot be loaded: the file {'is cut' if size < expected else 'is damaged'}: it has "
            f"{size:,} bytes, its header describes {expected:,}. {_AGAIN}"
        )


def tensor_names(folder: Path) -> set[str]:
    """The names of the tensors in the weights of a folder, whose files are whole.

    Args:
        folder: that ``check_weights`` has passed.
    """
    if not (folder / WEIGHTS).is_file():
        return set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"])
    [length] = struct.unpack("<Q", _start(folder / WEIGHTS, 8))
    return set(json.loads(_start(folder / WEIGHTS, 8 + length)[8:])) - {"__metadata__"}


def _what(start: bytes) -> str:
    """What a file that is no safetensors file is, by its first bytes."""
    if start.startswith((b"PK\x03\x04", b"\x80")):
        return "this is a file of PyTorch, a pickle, under the name of a safetensors file"
    if start.lstrip().startswith(b"<"):
        return "this is a web page, not the file; download it again"
    return "this is no safetensors file"


def _start(path: Path, length: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(length)
