"""Whatever fails while a state is saved: one that is whole is there, and what is not whole is never taken for it."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.torch

FACTS = {"task": {"name": "x"}, "labels": None, "max_length": 8, "stride": 0}


class Model:
    """What save asks of a model: its tensors, and to write itself."""

    def __init__(self, value: float) -> None:
        import torch

        self.weights = {"weight": torch.full((64,), value)}

    def state_dict(self) -> dict[str, Any]:
        return self.weights

    def save_pretrained(self, folder: Path, state_dict: Any = None) -> None:
        from safetensors.torch import save_file

        save_file(state_dict or self.weights, folder / "model.safetensors")
        (folder / "config.json").write_text("{}", encoding="utf-8")


class State:
    """What save asks of a trainer's state."""

    def __init__(self, step: int, model: Any) -> None:
        import torch

        self.model = model
        self._tensors = {"0.exp_avg": torch.full((64,), float(step))}
        self._step = step

    def tensors(self) -> dict[str, Any]:
        return self._tensors

    def numbers(self) -> dict[str, Any]:
        return {"progress": {"step": self._step}}


class Tokenizer:
    """What save asks of a tokenizer."""

    def save_pretrained(self, folder: Path) -> None:
        (folder / "tokenizer.json").write_text('{"a": 1}', encoding="utf-8")


def save_step(run: Path, step: int) -> None:
    """One save of ``last``, which stays as ``previous``."""
    from ftk.core.saving.checkpoint import save, snapshot_of_state

    model: Any = Model(float(step))
    state: Any = State(step, model)
    taken = snapshot_of_state(state, model.state_dict(), Tokenizer(), {**FACTS, "step": step})
    save(run / "last", taken, keep=run / "previous")


def recovered(run: Path) -> tuple[int, list[str]]:
    """The step of the state that a resumed run would go on from, read back, and what was said."""
    from safetensors.torch import load_file

    from ftk.core.saving.checkpoint import recover

    said: list[str] = []
    step = int(recover(run / "last", run / "previous", say=said.append)["step"])
    assert json.loads((run / "last" / "trainer.json").read_text())["progress"]["step"] == step
    assert set(load_file(run / "last" / "trainer.safetensors")["0.exp_avg"].tolist()) == {float(step)}
    assert set(load_file(run / "last" / "model.safetensors")["weight"].tolist()) == {float(step)}
    return step, said


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the disk does what fsync asks of it is not what is tested; where it is called is."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with the states of steps 1 and 2."""
    folder = tmp_path / "run"
    folder.mkdir()
    save_step(folder, 1)
    save_step(folder, 2)
    return folder


def test_the_state_before_is_kept(run: Path) -> None:
    assert json.loads((run / "previous" / "trainer.json").read_text())["progress"]["step"] == 1
    assert recovered(run) == (2, [])
    assert sorted(path.name for path in run.iterdir()) == ["last", "previous"]


OPERATIONS = ("os.fsync", "Path.rename", "Path.mkdir", "shutil.rmtree", "save_file", "Path.write_text", "sha256")


def faulty(monkeypatch: pytest.MonkeyPatch, act: Callable[[str, int], None]) -> list[str]:
    """Call ``act`` with the name and the number of each operation before it is done; returns those that were begun."""
    import os

    from ftk.core.saving import checkpoint
    from ftk.models.loading import verified_folder as models

    begun: list[str] = []

    def wrapped(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            begun.append(name)
            act(name, len(begun))
            return plain(*args, **kwargs)

        return call

    places: list[tuple[Any, str, str]] = [
        (os, "fsync", "os.fsync"),
        (Path, "rename", "Path.rename"),
        (Path, "mkdir", "Path.mkdir"),
        (shutil, "rmtree", "shutil.rmtree"),
        (checkpoint, "save_file", "save_file"),
        (Path, "write_text", "Path.write_text"),
        (models, "sha256", "sha256"),
    ]
    for owner, attribute, name in places:
        monkeypatch.setattr(owner, attribute, wrapped(name, getattr(owner, attribute)))
    return begun


def number_of_operations(run: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        begun = faulty(patch, lambda name, number: None)
        save_step(run, 3)
    assert set(begun) == set(OPERATIONS)
    return len(begun)


class Killed(BaseException):
    """The process ends here."""


def copies(run: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A copy of the run for each operation of a save."""
    shutil.copytree(run, tmp_path / "counted")
    for number in range(1, number_of_operations(tmp_path / "counted") + 1):
        yield number, Path(shutil.copytree(run, tmp_path / f"run-{number}"))


def test_an_error_at_any_operation_leaves_a_whole_state(run: Path, tmp_path: Path) -> None:
    from ftk.errors import RunError

    seen = set()
    for number, copy in copies(run, tmp_path):

        def act(name: str, now: int, number: int = number) -> None:
            if now == number:
                seen.add(name)
                raise OSError(28, "No space left on device")

        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, act)
            with suppress(RunError):  # by the last operations all is done, and nothing is left to fail
                save_step(copy, 3)
        assert recovered(copy)[0] in (2, 3)
    assert seen == set(OPERATIONS)


def test_the_end_of_the_process_at_any_operation_leaves_a_whole_state(run: Path, tmp_path: Path) -> None:
    """What is on the disk at that moment is copied away, for nothing is tidied up after a kill."""
    for number, copy in copies(run, tmp_path):
        left = tmp_path / f"left-{number}"

        def act(
            name: str,
            now: int,
            number: int = number,
            copy: Path = copy,
            left: Path = left,
            copytree: Any = shutil.copytree,
        ) -> None:
            if now == number:
                copytree(copy, left)
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            faulty(patch, act)
            with pytest.raises(Killed):
                save_step(copy, 3)
        assert recovered(left)[0] in (2, 3)
        save_step(left, 4)
        assert recovered(left)[0] == 4


def test_a_power_cut_at_any_operation_leaves_a_whole_state(run: Path, tmp_path: Path) -> None:
    """All that was not flushed is cut to half; what was flushed and renamed stands."""
    import os

    for number, copy in copies(run, tmp_path):
        left = tmp_path / f"left-{number}"
        flushed: set[int] = {path.stat().st_ino for path in copy.rglob("*")}
        copytree, fsync = shutil.copytree, os.fsync

        def remember(handle: int, fsync: Any = fsync, flushed: set[int] = flushed) -> None:
            fsync(handle)
            flushed.add(os.fstat(handle).st_ino)

        def act(
            name: str,
            now: int,
            number: int = number,
            copy: Path = copy,
            left: Path = left,
            flushed: set[int] = flushed,
            copytree: Any = copytree,
        ) -> None:
            if now != number:
                return
            copytree(copy, left)
            for path in copy.rglob("*"):
                if path.is_file() and path.stat().st_ino not in flushed:
                    lost = left / path.relative_to(copy)
                    os.truncate(lost, lost.stat().st_size // 2)
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", remember)
            faulty(patch, act)
            with pytest.raises(Killed):
                save_step(copy, 3)
        assert recovered(left)[0] in (2, 3)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "trainer.safetensors", "trainer.json", "ftk.json", "config.json"]
)
def test_a_flipped_bit_is_found_and_the_state_before_is_taken(run: Path, tmp_path: Path, name: str) -> None:
    from ftk.errors import ModelError
    from ftk.models.loading.verified_folder import verify_folder

    path = run / "last" / name
    whole = path.read_bytes()
    expected = verify_folder(run / "last")
    for bit in range(0, 8 * len(whole), 7 if len(whole) < 1000 else 13):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            found = verify_folder(run / "last")
        except ModelError:
            continue
        assert name == "ftk.json"
        assert found == expected  # white space, or the case of an escape: it says the same
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    step, said = recovered(run)
    assert step == 1
    assert any(name in line for line in said)
    assert any("resuming from" in line and "(step 1)" in line for line in said)


@pytest.mark.parametrize("name", ["model.safetensors", "trainer.safetensors", "trainer.json", "ftk.json"])
def test_a_file_that_is_cut_or_gone_is_found(run: Path, name: str) -> None:
    path = run / "last" / name
    path.write_bytes(path.read_bytes()[:-2])  # the last one is a line end
    assert recovered(run)[0] == 1
    save_step(run, 5)
    (run / "last" / name).unlink()
    assert recovered(run)[0] == 1


def test_where_nothing_is_whole_all_problems_are_reported(run: Path) -> None:
    from ftk.core.saving.checkpoint import recover
    from ftk.errors import ModelError

    for name in ("last", "previous"):
        (run / name / "trainer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"last/trainer\.json(.|\n)*previous/trainer\.json"):
        recover(run / "last", run / "previous", say=print)
    assert (run / "last").is_dir()
    assert (run / "previous").is_dir()


def test_a_finished_state_that_never_got_its_name_is_taken(run: Path) -> None:
    save_step(run, 3)
    (run / "last").rename(run / ".last.new")
    assert recovered(run)[0] == 3
    assert sorted(path.name for path in run.iterdir()) == ["last", "previous"]


def test_what_is_written_otherwise_than_meant_is_found(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checksum would be right: it is made of what was written."""
    from ftk.core.saving import checkpoint
    from ftk.errors import RunError

    save_file = checkpoint.save_file

    def other(tensors: dict[str, Any], path: Path) -> None:
        save_file({name: tensor + 1 for name, tensor in tensors.items()}, path)

    monkeypatch.setattr(checkpoint, "save_file", other)
    with pytest.raises(RunError, match=r"step 3 cannot be saved \(0\.exp_avg was not written correctly\)"):
        save_step(run, 3)
    assert recovered(run)[0] == 2


def test_of_two_that_are_whole_the_one_that_is_wanted_is_taken(run: Path) -> None:
    from ftk.core.saving.checkpoint import recover

    save_step(run, 3)
    assert recover(run / "last", run / "previous", say=print, step=2)["step"] == 2


def test_a_snapshot_is_of_its_moment(tmp_path: Path) -> None:
    """Training continues while it is written."""
    from safetensors.torch import load_file

    from ftk.core.saving.checkpoint import save, snapshot_of_state

    model: Any = Model(1.0)
    state: Any = State(1, model)
    taken = snapshot_of_state(state, model.state_dict(), Tokenizer(), {**FACTS, "step": 1})
    model.weights["weight"].fill_(7.0)
    state.tensors()["0.exp_avg"].fill_(7.0)
    save(tmp_path / "last", taken)
    assert set(load_file(tmp_path / "last" / "model.safetensors")["weight"].tolist()) == {1.0}
    assert set(load_file(tmp_path / "last" / "trainer.safetensors")["0.exp_avg"].tolist()) == {1.0}


def test_a_save_in_the_background_that_fails_is_reported() -> None:
    from ftk.core.saving.background_save import Saver
    from ftk.errors import RunError

    def fail() -> None:
        raise RunError("no space")

    with pytest.raises(RunError, match="no space"), Saver() as saver:
        saver.start(fail)
    saver = Saver()
    saver.start(fail)
    with pytest.raises(RunError, match="no space"):
        saver.start(lambda: None)
