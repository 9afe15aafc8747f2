"""Large imports run without the garbage collector, and choose how threads wait."""

import gc
import sys
from collections.abc import Iterator

import pytest

from ftk.system.startup import importing


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_runs_again_after_the_import() -> None:
    with importing("no.such.module"):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_the_collector_runs_again_when_the_import_fails() -> None:
    with pytest.raises(ImportError), importing("no_such_module"):
        import no_such_module  # noqa: F401
    assert gc.isenabled()


def test_nothing_changes_if_the_module_is_imported_already_or_the_collector_is_off() -> None:
    frozen = gc.get_freeze_count()
    assert "json" in sys.modules
    with importing("json"):
        assert gc.isenabled()
    gc.disable()
    try:
        with importing("no.such.module"):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert gc.get_freeze_count() == frozen


def test_the_wait_policy_is_not_chosen_again_once_torch_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenMP has read the variable by then, so that a new value would be reported but not used."""
    looked: list[object] = []
    monkeypatch.setattr("ftk.system.startup.settle", looked.append)
    monkeypatch.setitem(sys.modules, "torch", sys.modules[__name__])
    with importing("a_module_that_is_not_there"):
        pass
    assert looked == []
    monkeypatch.delitem(sys.modules, "torch")
    with importing("a_module_that_is_not_there"):
        pass
    assert len(looked) == 1
