"""What is looked at in a model folder before any library reads it: a folder is data, and may come from anyone.

transformers reads pickles only if it is let to, and runs a folder's code only if it is trusted; both are refused where
it is called. This is about what it would do on its own: follow a path out of the folder, load an adapter's base model
from elsewhere, fetch kernels, or build whatever sizes a config names.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.errors import ModelError

_MOST_BYTES = {"config.json": 1 << 24, "tokenizer_config.json": 1 << 26}
_MOST_BYTES |= dict.fromkeys(("generation_config.json", "preprocessor_config.json", "processor_config.json"), 1 << 20)
_MOST_OF_OTHERS = 1 << 30
_MOST_LAYERS = 4096
_MOST_LABELS = 1 << 20
_MOST = 1 << 31
"""The largest number that any size of an architecture can have."""
_LAYERS = re.compile(
    r"layers|^((en|de)coder_)?depth$|(^|_)(n_layer|depths|blocks?|repeats|stages|block_sizes|blocks_per_stage)$"
)
"""Names of what a model is built of one by one, or of lists of such numbers."""
_STAGES = re.compile(r"(^|_)(depths|repeats|block_sizes|blocks_per_stage)$|(^|_)(n|num|numb)_.*(layers|blocks)$")
"""Of these, whose lists have numbers that add up; other lists say which layers are of a kind."""
_SIZES = re.compile(
    r"(^|_)(size|dim|width|head|channel|embedding|expert|label|length|layer|depth|block|stage|repeat)s?(_|$)|"
    r"(^|_)hidden(_|$)|^(num|n|d)_"
)
"""Names of what is counted; of other numbers with a fraction some are large or infinite by nature, as limits are."""
_ATTENTION = (None, "eager", "sdpa", "flex_attention")
"""Ways to compute attention that come with torch; for any other name transformers may fetch code."""
_REFUSED = {
    "transformers_weights": "it names other weights than those of the folder",
    "quantization_config": "quantized weights are not read; use the model in its full precision",
}


def check_folder(folder: Path) -> None:
    """Refuse a model folder that would have more done than read its weights, its config and its tokenizer.

    Raises:
        ModelError: what in which file, and why.
    """
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder}: this is an adapter (adapter_config.json), whose base model is elsewhere; merge it into that "
            "model first."
        )
    for path in sorted(folder.glob("*.json")):
        values = _read(path)
        if path.name == "config.json":
            _check_config(path, values)
        elif path.name.endswith(".index.json"):
            _check_index(path, values)


def _read(path: Path) -> Any:
    try:
        size, most = path.stat().st_size, _MOST_BYTES.get(path.name, _MOST_OF_OTHERS)
        if size > most:
            raise ModelError(f"{path}: {size:,} bytes are more than such a file can need ({most:,}).")
        if path.name in ("config.json", "tokenizer_config.json") or path.name.endswith(".index.json"):
            return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelError(f"{path}: this cannot be read as JSON ({reason}).") from error
    return None


def _check_config(path: Path, values: Any) -> None:
    if not isinstance(values, dict):
        raise ModelError(f"{path}: this describes no model; it is {type(values).__name__}, not a mapping.")
    for name, value in _entries(values):
        last = name.rpartition(".")[2]
        if last in _REFUSED and value is not None:
            raise ModelError(f"{path}: {name}: {_REFUSED[last]}.")
        if last.endswith("attn_implementation") and any(one not in _ATTENTION for one in _names(value)):
            raise ModelError(f"{path}: {name}={value}: attention code from elsewhere is not loaded.")
        if last.endswith("_implementation") and any("/" in str(one) for one in _names(value)):
            raise ModelError(f"{path}: {name}={value}: code from elsewhere is not loaded.")
        _check_numbers(path, name, value)
    labels = values.get("id2label")
    if isinstance(labels, dict) and len(labels) > _MOST_LABELS:
        raise ModelError(f"{path}: id2label has {len(labels):,} labels; no model has so many.")


def _check_numbers(path: Path, name: str, value: Any) -> None:
    """Refuse numbers of which a model would be built that no machine holds, or for hours."""
    last = name.rpartition(".")[2]
    most = _MOST_LAYERS if _LAYERS.search(last) else _MOST_LABELS if last in ("num_labels", "_num_labels") else _MOST
    counted = _SIZES.search(last) is not None or most < _MOST
    numbers = [one for one in _numbers(value) if counted or isinstance(one, int)]
    for number in numbers:
        if not abs(number) <= most:  # which is so of what is no number, too
            raise ModelError(f"{path}: {name}={number}: no model has so many.")
    if isinstance(value, list) and counted and len(numbers) > _MOST_LAYERS:
        raise ModelError(f"{path}: {name} has {len(numbers):,} numbers; no model has so many.")
    if isinstance(value, list) and _STAGES.search(last) and (all_of_them := sum(map(abs, numbers))) > _MOST_LAYERS:
        raise ModelError(f"{path}: {name} adds up to {all_of_them}: no model has so many.")


def _check_index(path: Path, values: Any) -> None:
    parts = values.get("weight_map") if isinstance(values, dict) else None
    if not isinstance(parts, dict):
        raise ModelError(f"{path}: there is no weight_map in it.")
    for name in {str(part) for part in parts.values()}:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise ModelError(f"{path}: '{name}' is not the name of a safetensors file of this folder.")


def _names(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else [value]


def _numbers(value: Any) -> list[int | float]:
    """A number, or those in a list and in the lists in it."""
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
    """Every entry of a config and of those in it, by its dotted name."""
    left = [*reversed(values.items())]
    while left:  # nesting as deep as JSON may have it
        name, value = left.pop()
        yield name, value
        for inner in reversed(value) if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                left.extend((f"{name}.{key}", one) for key, one in reversed(inner.items()))
