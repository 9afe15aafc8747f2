"""Checks the JSON files of an untrusted model folder before any library reads them.

transformers reads pickles and runs a folder's code only if asked to, and ftk never asks. This module guards against
what transformers does on its own: follow a path out of the folder, load an adapter's base model from elsewhere,
download kernels, or build a model of any size that a config names.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.errors import ModelError
from ftk.models.files.weights import INDEX, explain_adapter
from ftk.models.files.whole import refuse_pointers

_MOST_BYTES = {"config.json": 1 << 24, "tokenizer_config.json": 1 << 26}
_MOST_BYTES |= dict.fromkeys(("generation_config.json", "preprocessor_config.json", "processor_config.json"), 1 << 20)
_MOST_OF_OTHERS = 1 << 30
_MOST_LAYERS = 4096
_MOST_LABELS = 1 << 20
_MOST = 1 << 31
"""Upper bound for every size in a config."""
_LAYERS = re.compile(
    r"layers|^((en|de)coder_)?depth$|(^|_)(n_layer|depths|blocks?|repeats|stages|block_sizes|blocks_per_stage)$"
)
"""Keys that count layers, or list such counts."""
_STAGES = re.compile(r"(^|_)(depths|repeats|block_sizes|blocks_per_stage)$|(^|_)(n|num|numb)_.*(layers|blocks)$")
"""Of these, the keys whose lists add up to a number of layers; other lists select layers."""
_SIZES = re.compile(
    r"(^|_)(size|dim|width|head|channel|embedding|expert|label|length|layer|depth|block|stage|repeat)s?(_|$)|"
    r"(^|_)hidden(_|$)|^(num|n|d)_"
)
"""Keys of sizes; other numbers with a fraction, such as limits, may legitimately be large or infinite."""
_ATTENTION = (None, "eager", "sdpa", "flex_attention")
"""Attention implementations that come with torch; for any other name transformers may download code."""
_REFUSED = {
    "transformers_weights": "it names weights outside of the folder",
    "quantization_config": "quantized weights are not supported; use the model in full precision",
}


def check_untrusted_folder(folder: Path) -> None:
    """Refuses a model folder that would do more than provide weights, a config and a tokenizer.

    Raises:
        ModelError: names the file, the key and the reason.
    """
    if (folder / "adapter_config.json").exists():
        raise ModelError(f"{folder}: {explain_adapter(str(folder))}.")
    refuse_pointers(folder)
    for path in sorted(folder.glob("*.json")):
        values = _read(path)
        if path.name == "config.json":
            _check_config(path, values)
        elif path.name == INDEX:
            _check_index(path, values)


def _read(path: Path) -> Any:
    try:
        size, most = path.stat().st_size, _MOST_BYTES.get(path.name, _MOST_OF_OTHERS)
        if size > most:
            raise ModelError(f"{path}: the file has {size:,} bytes, but at most {most:,} are allowed.")
        if path.name in ("config.json", "tokenizer_config.json") or path.name.endswith(".index.json"):
            return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelError(f"{path}: the file is not valid JSON ({reason}).") from error
    return None


def _check_config(path: Path, values: Any) -> None:
    if not isinstance(values, dict):
        raise ModelError(f"{path}: expected a JSON object that describes a model, got {type(values).__name__}.")
    for name, value in _entries(values):
        last = name.rpartition(".")[2]
        if last in _REFUSED and value is not None:
            raise ModelError(f"{path}: {name}: {_REFUSED[last]}.")
        if last.endswith("attn_implementation") and any(one not in _ATTENTION for one in _names(value)):
            raise ModelError(f"{path}: {name}={value}: ftk does not load attention code from elsewhere.")
        if last.endswith("_implementation") and any("/" in str(one) for one in _names(value)):
            raise ModelError(f"{path}: {name}={value}: ftk does not load code from elsewhere.")
        _check_numbers(path, name, value)
    labels = values.get("id2label")
    if isinstance(labels, dict) and len(labels) > _MOST_LABELS:
        raise ModelError(f"{path}: id2label has {len(labels):,} labels; at most {_MOST_LABELS:,} are allowed.")


def _check_numbers(path: Path, name: str, value: Any) -> None:
    """Refuses sizes whose model would not fit into any machine, or take hours to build."""
    last = name.rpartition(".")[2]
    most = _MOST_LAYERS if _LAYERS.search(last) else _MOST_LABELS if last in ("num_labels", "_num_labels") else _MOST
    counted = _SIZES.search(last) is not None or most < _MOST
    numbers = [one for one in _numbers(value) if counted or isinstance(one, int)]
    for number in numbers:
        if not abs(number) <= most:  # written this way to refuse NaN, too
            raise ModelError(f"{path}: {name}={number}: at most {most:,} is allowed.")
    if isinstance(value, list) and counted and len(numbers) > _MOST_LAYERS:
        raise ModelError(f"{path}: {name} has {len(numbers):,} numbers; at most {_MOST_LAYERS:,} are allowed.")
    if isinstance(value, list) and _STAGES.search(last) and (all_of_them := sum(map(abs, numbers))) > _MOST_LAYERS:
        raise ModelError(f"{path}: {name} adds up to {all_of_them}; at most {_MOST_LAYERS:,} is allowed.")


def _check_index(path: Path, values: Any) -> None:
    parts = values.get("weight_map") if isinstance(values, dict) else None
    if not isinstance(parts, dict):
        raise ModelError(f"{path}: weight_map is missing.")
    for name in {str(part) for part in parts.values()}:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise ModelError(f"{path}: '{name}' does not name a safetensors file of this folder.")


def _names(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else [value]


def _numbers(value: Any) -> list[int | float]:
    """The number, or all numbers in a list and its nested lists."""
    found: list[int | float] = []
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left.extend(reversed(one))
        elif isinstance(one, (int, float)) and not isinstance(one, bool):
            found.append(one)
    return found


def _entries(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All entries of a config and its nested configs, by dotted name."""
    left = [*reversed(values.items())]
    while left:  # iterative, because JSON may be nested deeper than the recursion limit
        name, value = left.pop()
        yield name, value
        for inner in reversed(value) if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                left.extend((f"{name}.{key}", one) for key, one in reversed(inner.items()))
