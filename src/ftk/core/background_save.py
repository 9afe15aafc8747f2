"""Saves that go on beside the training: a copy is taken at once, and written while the next steps run."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from ftk.errors import RunError


class Saver:
    """One save at a time. What went wrong in it is raised where the next one begins, or where it is waited for."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="save")
        self._running: Future[None] | None = None

    def start(self, write: Callable[[], None]) -> None:
        """Wait for the save before, then write in the background."""
        self.wait()
        self._running = self._pool.submit(write)

    def check(self) -> None:
        """Raise what a finished save raised; one that is still written is left alone."""
        if self._running is not None and self._running.done():
            self.wait()

    def wait(self) -> None:
        """Wait until what was started is written.

        Raises:
            RunError: it could not be written.
        """
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def __enter__(self) -> "Saver":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        if error is None:
            self.wait()
        elif isinstance(error, RunError) and self._running is not None and (failed := self._running.exception()):
            raise RunError(f"{error}\n{failed}") from error
