"""What a model folder says of its calibration is checked before it is used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from ftk.calibration.kept import FILE, Kept
from ftk.errors import ModelError
from ftk.tasks.shared.confidence import CLASSES

GOOD = {"method": "vector", "names": ["a", "b"]}


def written(folder: Path, arrays: dict[str, Any]) -> Path:
    save_file({name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}, folder / FILE)
    return folder


@pytest.mark.parametrize("entry", [3, [], {}, {"method": "other"}, {"method": "vector", "names": 7}])
def test_another_entry_is_refused(tmp_path: Path, entry: Any) -> None:
    with pytest.raises(ModelError):
        Kept.read(tmp_path, {"calibration": entry})


@pytest.mark.parametrize(
    "arrays",
    [
        {"map.one": [[1.0, 1.0]], "map.other": [0.0, 0.0]},
        {"map.one": [1.0, np.nan], "map.other": [0.0, 0.0]},
        {"map.one": [1.0], "map.other": [0.0, 0.0]},
        {"map.one": [1.0, 1.0]},
        {"conformal": []},
        {"unknown": [1.0]},
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    def used() -> None:
        kept = Kept.read(tmp_path, {"calibration": GOOD})
        assert kept is not None
        kept.rescored(CLASSES, tmp_path)

    written(tmp_path, arrays)
    with pytest.raises(ModelError):
        used()


def test_a_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no tensors")
    with pytest.raises(ModelError):
        Kept.read(tmp_path, {"calibration": GOOD})


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    assert Kept.read(tmp_path, {}) is None
