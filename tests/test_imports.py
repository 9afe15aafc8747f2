"""Imports during which nobody looks for garbage."""

import gc
import sys
from collections.abc import Iterator

import pytest

from ftk.system.startup import fast_import


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_garbage_is_looked_for_again_behind_the_import() -> None:
    with fast_import("no.such.module"):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_garbage_is_looked_for_again_when_the_import_fails() -> None:
    with pytest.raises(ImportError), fast_import("no_such_module"):
        import no_such_module  # noqa: F401
    assert gc.isenabled()


def test_nothing_is_changed_where_the_module_is_there_or_the_search_is_off() -> None:
    frozen = gc.get_freeze_count()
    assert "json" in sys.modules
    with fast_import("json"):
        assert gc.isenabled()
    gc.disable()
    try:
        with fast_import("no.such.module"):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert gc.get_freeze_count() == frozen


def test_how_threads_wait_is_not_looked_at_again_once_torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenMP has read it by then; a line that says otherwise would be false."""
    looked: list[object] = []
    monkeypatch.setattr("ftk.system.startup.choose_wait_policy", looked.append)
    monkeypatch.setitem(sys.modules, "torch", sys.modules[__name__])
    with fast_import("a_module_that_is_not_there"):
        pass
    assert looked == []
    monkeypatch.delitem(sys.modules, "torch")
    with fast_import("a_module_that_is_not_there"):
        pass
    assert len(looked) == 1
