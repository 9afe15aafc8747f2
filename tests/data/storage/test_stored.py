"""Lists in temporary files are read like lists."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import SOME
from ftk.data.storage.stored import ScratchFile, Stored, StoredWriter, taken
from ftk.errors import DataError

ITEMS = st.lists(st.text(max_size=3), max_size=200)


def stored(items: list[str]) -> Stored[str]:
    writer: StoredWriter[str] = StoredWriter(Path("scratch"), lambda item: (item, item[::-1]))
    writer.extend(items)
    return writer.finished()


@SOME
@given(items=ITEMS, begin=st.integers(-250, 250), step=st.integers(-3, 3).filter(bool), seed=st.integers(0, 9))
def test_it_is_a_list(items: list[str], begin: int, step: int, seed: int) -> None:
    found = stored(items)
    assert list(found) == items
    assert len(found) == len(items)
    assert list(found[begin::step]) == items[begin::step]
    assert [found[at] for at in range(-len(items), len(items))] == items + items
    assert [item for part in found.parts(7) for item in part] == items
    assert [len(part) for part in found.parts(7)][:-1] == [7] * ((len(items) - 1) // 7)
    assert all(len(part) == 1 for part in found.parts(7, bytes_in_part=0))
    with pytest.raises(IndexError):
        found[len(items)]
    order = np.random.default_rng(seed).permutation(len(items))
    some = taken(found, order)
    assert list(some) == list(taken(items, order))
    assert list(taken(some, [*range(0, len(items), 2)])) == list(some)[::2]
    if items:
        assert (some.hashes == [[hash(item), hash(item[::-1])] for item in some]).all()  # type: ignore[attr-defined]


def test_files_leave_nothing_behind() -> None:
    found = stored(["a", "b"])
    assert list(found) == ["a", "b"]
    assert list(Path("scratch").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named() -> None:
    Path("scratch").write_text("a file", encoding="utf-8")
    with pytest.raises(DataError, match=r"^scratch: .*data\.cache_dir"):
        stored(["a"])


def test_a_full_disk_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr("ftk.data.storage.stored.scratch_file", lambda _: full)
        with pytest.raises(DataError, match=r"No space left on device.*data\.cache_dir"):
            ScratchFile(Path("scratch")).append(b"x")
