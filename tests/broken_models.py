"""Model folders whose weights are changed, with checksums that fit, as a broken training or converter leaves them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def changed(folder: Path, target: Path | str, change: Callable[[dict[str, Any]], None]) -> str:
    """Copy a model folder and change its tensors by name; returns the path for a command line."""
    from safetensors.torch import load_file, save_file

    from ftk.models.loading.verified_folder import write_manifest

    target = Path(target)
    shutil.copytree(folder, target)
    weights = load_file(target / "model.safetensors")
    change(weights)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    manifest = json.loads((target / "ftk.json").read_text(encoding="utf-8"))
    (target / "ftk.json").unlink()
    write_manifest(target, {name: value for name, value in manifest.items() if name not in ("files", "check")})
    return str(target)


def of_word(folder: Path, word: str, value: float) -> Callable[[dict[str, Any]], None]:
    """A change of the embeddings of the pieces of a word that no other word of the tests has."""
    from transformers import AutoTokenizer

    [*_, number] = AutoTokenizer.from_pretrained(str(folder))(word, add_special_tokens=False)["input_ids"]

    def change(weights: dict[str, Any]) -> None:
        name = next(name for name in weights if name.endswith("word_embeddings.weight"))
        weights[name][number] = value

    return change


def of_each_tensor(value: float) -> Callable[[dict[str, Any]], None]:
    """A change of the first number of each tensor."""

    def change(weights: dict[str, Any]) -> None:
        for name in weights:
            if weights[name].is_floating_point():
                weights[name].view(-1)[0] = value

    return change
