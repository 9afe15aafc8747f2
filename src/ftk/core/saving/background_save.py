"""Saves in the background: a copy is taken at once, and written while the next steps run."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from ftk.errors import RunError


class Saver:
    """Writes one save at a time. Its error is raised when the next one starts, or when someone waits for it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="save")
        self._running: Future[None] | None = None

    def start(self, write: Callable[[], None]) -> None:
        """Wait for the previous save, then write in the background."""
        self.wait()
        self._running = self._pool.submit(write)

    def check(self) -> None:
        """Raise the error of a finished save; does not wait for one that is being written."""
        if self._running is not None and self._running.done():
            self.wait()

    def wait(self) -> None:
        """Wait until the save is written.

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
