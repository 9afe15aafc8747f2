"""Large imports run without the garbage collector, and choose how threads wait."""

import gc
import sys
from collections.abc import Iterator

import pytest

from ftk.system.startup import fast_import


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_runs_again_after_the_import() -> None:
    with fast_import("no.such.module"):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_the_collector_runs_again_when_the_import_fails() -> None:
    with pytest.raises(ImportError), fast_import("no_such_module"):
        import no_such_module  # noqa: F401
    assert gc.isenabled()


def test_nothing_changes_if_the_module_is_imported_already_or_the_collector_is_off() -> None:
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


def test_the_wait_policy_is_not_chosen_again_once_torch_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenMP has read the variable by then, so that a new value would be reported but not used."""
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
