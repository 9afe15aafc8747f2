"""Reads weights and writes safetensors, in a process that ``convert`` starts for it.

The job comes as JSON on standard input, the answer goes as JSON to standard output. Before a file is opened, the
process gives up what reading weights does not need: sockets, other processes, writing elsewhere, and memory without
end.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ftk.errors import FtkError, first_line
from ftk.models.converting.confinement import give_up
from ftk.models.converting.tied import import_architectures, tied_names

_SHARD = 5_000_000_000
"""Largest size of a written file, in bytes, if no tensor is larger."""
_MOST_ENTRIES = 1 << 20
_GLOBAL = re.compile(r"\bGLOBAL (\S+)")
_NO_MEMORY = ("can't allocate memory", "Cannot allocate memory", "not enough memory")
_CUT = ("unexpected EOF", "unexpected pos", "Ran out of input", "truncated")


class Refused(Exception):
    """A file that is not read; the text says why."""


def main() -> None:
    """Does the job and answers."""
    job = json.loads(sys.stdin.read())
    folder, target = Path(job["folder"]), Path(job["target"])
    files = [folder / name for name in job["files"]]
    try:
        if any(path.suffix != ".safetensors" for path in files):
            import_architectures()  # which needs folders and libraries of its own
        give_up(target, job)
        answer = _convert(folder, files, target)
    except Refused as error:
        answer = {"error": str(error)}
    except (MemoryError, RuntimeError) as error:
        if not _is_about_memory(error):
            raise
        more = f"{job['memory']:,} bytes of memory, the limit for files of this size"
        answer = {"error": f"reading it takes more than {more}."}
    except (FtkError, OSError) as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


def _convert(folder: Path, files: list[Path], target: Path) -> dict[str, Any]:
    """Reads each file and writes its tensors; files that are large, or several, become shards."""
    shards: list[tuple[Path, list[str]]] = []
    owner: dict[str, str] = {}
    dropped: list[str] = []
    size = 0
    for path in files:
        tensors = _tensors(path)
        dropped += _separate(tensors, folder)
        for name in tensors:
            if name in owner:
                raise Refused(f"the tensor {name} is in {owner[name]}, and again in {path.name}.")
            owner[name] = path.name
        for names in _parts(tensors):
            part = {name: tensors[name] for name in names}
            written = target / f"part-{len(shards):05d}.safetensors"
            save_file(part, written, metadata={"format": "pt"})
            shards.append((written, names))
            size += sum(tensor.nbytes for tensor in part.values())
    _name(shards, target, size)
    return {"tensors": len(owner), "size": size, "tied": sorted(dropped)}


def _name(shards: list[tuple[Path, list[str]]], target: Path, size: int) -> None:
    """Gives the files their names, and writes the index of several."""
    if len(shards) == 1:
        shards[0][0].rename(target / "model.safetensors")
        return
    index: dict[str, str] = {}
    for number, (path, names) in enumerate(shards, start=1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        path.rename(target / name)
        index |= dict.fromkeys(names, name)
    text = json.dumps({"metadata": {"total_size": size}, "weight_map": index}, indent=2, sort_keys=True)
    (target / "model.safetensors.index.json").write_text(text + "\n", encoding="utf-8")


def _parts(tensors: dict[str, torch.Tensor]) -> Iterator[list[str]]:
    """The names of the tensors, as many at a time as fit into one file."""
    names: list[str] = []
    size = 0
    for name, tensor in tensors.items():
        if names and size + tensor.nbytes > _SHARD:
            yield names
            names, size = [], 0
        names.append(name)
        size += tensor.nbytes
    yield names


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors in a file.

    Raises:
        Refused: it has something else, or is not whole.
    """
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as stream:
            return {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    state = _unpickled(path)
    if not isinstance(state, dict):
        raise Refused(f"{path.name} holds an object of type {type(state).__name__}, and not tensors by name.")
    found: dict[str, torch.Tensor] = {}
    other: list[str] = []
    for name, value in state.items():
        if isinstance(name, str) and type(value) in (torch.Tensor, torch.nn.Parameter) and _is_plain(value):
            found[name] = value.detach()
        else:
            other.append(f"{name} ({_called(value)})")
    if other:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""
        raise Refused(
            f"{path.name} holds more than tensors by name: {', '.join(other[:3])}{more}. Save the state dict alone "
            "with torch.save(model.state_dict(), …), where the model was trained."
        )
    if not found:
        raise Refused(f"{path.name} holds no tensors.")
    return found


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether safetensors can hold a tensor: dense, in memory, and with no more elements than are stored."""
    return (
        tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and not tensor.is_quantized
        and not tensor.is_nested
        and tensor.nbytes <= tensor.untyped_storage().nbytes()
    )


def _called(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    if value.device.type == "meta":
        return "a tensor without data"
    if value.layout is not torch.strided or value.is_nested:
        return "a sparse or nested tensor"
    return "a quantized tensor" if value.is_quantized else "a tensor that is larger than its data"


def _unpickled(path: Path) -> Any:
    """What a pickle holds, read with ``weights_only``: it can name tensors and containers, and nothing else.

    Raises:
        Refused: it names something else, or is not whole.
    """
    with path.open("rb") as stream:
        zipped = stream.read(4) == b"PK\x03\x04"
    if zipped:
        _check_archive(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except MemoryError:
        raise
    except Exception as error:  # torch raises errors of several types for what a file can have wrong
        _refuse(path, error)


def _is_about_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY)


def _refuse(path: Path, error: Exception) -> NoReturn:
    text = str(error)
    if _is_about_memory(error):
        raise MemoryError from error
    if match := _GLOBAL.search(text):
        raise Refused(
            f"{path.name} names {match[1].rstrip('.,')}, which is no tensor and could run code when it is read, so it "
            "is refused. Take the model from another source, or save its state dict alone where it was trained."
        ) from error
    if isinstance(error, EOFError) or any(words in text for words in _CUT):
        raise Refused(f"{path.name} is cut: it ends before its content does. Download it again.") from error
    reason = re.search(r"WeightsUnpickler error:\s*(.+)", text)
    said = reason[1] if reason else f"{type(error).__name__}: {first_line(error)}"
    raise Refused(f"{path.name} cannot be read as weights of PyTorch ({said[:300]}).") from error


def _check_archive(path: Path) -> None:
    """Refuses an archive that torch did not write: its entries are never compressed, and lie beside each other.

    Raises:
        Refused: it is cut, or would expand.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused(f"{path.name} is cut: the list at its end is missing. Download it again.") from error
    if len(entries) > _MOST_ENTRIES:
        raise Refused(f"{path.name} has {len(entries):,} entries; at most {_MOST_ENTRIES:,} are read.")
    if any(entry.filename.endswith("/constants.pkl") for entry in entries):
        raise Refused(f"{path.name} is a TorchScript program, and not a state dict.")
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise Refused(f"{path.name} is compressed ({entry.filename}), which torch.save never does; it is refused.")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise Refused(
            f"{path.name} has entries that lie over each other, which torch.save never writes; it is refused."
        )


def _separate(tensors: dict[str, torch.Tensor], folder: Path) -> list[str]:
    """Makes tensors independent of each other, in place; returns the names of those that the model ties again.

    Names that the model ties to one that stays are left out, as transformers leaves them out; others that share memory
    get a copy of their own.
    """
    places = {name: _place(tensor) for name, tensor in tensors.items() if tensor.numel()}
    # The class of the model is only asked where there is something to ask.
    tied = tied_names(folder) if len(set(places.values())) < len(places) else {}
    dropped = [name for name, source in tied.items() if name in places and places[name] == places.get(source)]
    for name in dropped:
        del tensors[name]
    end = 0
    for name in sorted(tensors, key=lambda name: tensors[name].data_ptr()):
        tensor = tensors[name] = tensors[name].contiguous()
        if tensor.numel() and tensor.data_ptr() < end:
            tensors[name] = tensor.clone()
        end = max(end, tensor.data_ptr() + tensor.nbytes)
    return dropped


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Where a tensor's data are and how they are read: equal for tensors that are one."""
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype


if __name__ == "__main__":
    main()
