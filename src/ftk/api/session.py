"""Process state that a call of the API changes and restores: signals, random numbers, threads."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ftk.errors import Interrupted, RunError, error_text
from ftk.system.signals import signals
from ftk.system.wait_policy import POLICY

_one_training = threading.Lock()
_generator = threading.RLock()
"""Held while torch's global random generator is in use: by a training, and while weights load."""


@contextmanager
def preserve_torch_state(*, threads: bool = True) -> Iterator[None]:
    """A block that has torch's global random generator to itself; the generator's state is restored at the end.

    Args:
        threads: whether torch's thread count is restored, too.
    """
    with _generator:
        _import_tqdm()
        torch: Any = sys.modules.get("torch")
        generator = torch.get_rng_state() if torch is not None else None
        on_gpus = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
        number = torch.get_num_threads() if torch is not None else None
        try:
            yield
        finally:
            torch = sys.modules.get("torch")
            if torch is not None and hasattr(torch, "get_num_threads"):  # not where its import was interrupted
                if generator is None:  # torch has a random seed after its import
                    torch.seed()
                else:
                    torch.set_rng_state(generator)
                if on_gpus is not None:
                    torch.cuda.set_rng_state_all(on_gpus)
                if threads:
                    torch.set_num_threads(number or _usual_threads())


def _import_tqdm() -> None:
    """Import the library for progress bars of transformers, without its advice to install something for notebooks.

    ftk shows none of these bars.
    """
    if "tqdm.auto" not in sys.modules:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import tqdm.auto  # noqa: F401


def _usual_threads() -> int:
    """The thread count that torch had when ftk imported it."""
    from ftk.core.hardware import THREADS

    return THREADS


@contextmanager
def preserve_process() -> Iterator[None]:
    """A block that restores the environment and the garbage collector, which faster imports change."""
    policy, frozen = os.environ.get(POLICY), gc.get_freeze_count()
    try:
        yield
    finally:
        if policy is None:
            os.environ.pop(POLICY, None)
        if not frozen:
            gc.unfreeze()


@contextmanager
def os_errors_explained() -> Iterator[None]:
    """A block in which an error of the system, such as a full disk, becomes a RunError that names the file."""
    try:
        yield
    except OSError as error:
        raise RunError(error_text(error)) from error


@contextmanager
def one_training() -> Iterator[None]:
    """A block that one training of this process enters at a time.

    Raises:
        RunError: one is already running; both would use the same random generator.
    """
    if not _one_training.acquire(blocking=False):
        raise RunError(
            "another training is running in this process. Wait until it has ended, or start this one in another "
            "process."
        )
    try:
        yield
    finally:
        _one_training.release()


@contextmanager
def stoppable(stopped: Callable[[str, Path], KeyboardInterrupt]) -> Iterator[list[Path]]:
    """A block in which a signal stops a training after its state is saved, as it does in a command.

    In the main thread the handlers of SIGINT, SIGTERM and SIGHUP are set for the duration of the block. In another
    thread Python cannot set handlers, so nothing is changed there. Yields a list; the block puts the run folder into it
    as soon as it is known.

    Args:
        stopped: makes the error of its message and the run folder.

    Raises:
        KeyboardInterrupt: SIGINT arrived; made by ``stopped`` if the folder is known. Other signals are sent again, to
            the previous handlers.
    """
    folder: list[Path] = []
    try:
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                stack.enter_context(signals(second=_interrupt))
            yield folder
    except Interrupted as interrupted:
        if interrupted.signal_number not in (0, signal.SIGINT):
            signal.raise_signal(interrupted.signal_number)
        path = folder[0] if folder else Path()
        if interrupted.signal_number == 0 or not (path / "last").is_dir():
            message = str(interrupted)
        else:
            message = f"{interrupted}\nIn Python: ftk.open_run({str(path)!r}).resume()"
        if not folder:
            raise KeyboardInterrupt(message) from interrupted
        raise stopped(message, path) from interrupted


def _interrupt(number: int) -> NoReturn:
    """A second signal ends the call at once, but not the process that called."""
    raise KeyboardInterrupt(f"interrupted by a second signal ({signal.Signals(number).name})")
