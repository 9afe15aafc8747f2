"""The client of the hub, with a limit on every wait and a line for each host that it asks and each new attempt."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ftk.system.network.lines import say, warn
from ftk.system.network.routes import Route, Unreachable

LONGEST_PAUSE = 60
"""Seconds for which a host may ask to be left alone before a new attempt."""
MOST_BREAKS = 30
"""How often the connection may break while one file is fetched."""

_REASON = re.compile(r"(?:HTTP Error (?P<status>\d+)|'(?P<error>.*)') thrown while requesting \w+ (?P<url>\S+)", re.S)
_AGAIN = re.compile(r"(?:Retrying in|Waiting) (?P<pause>[\d.]+)s.*\[Retry (?P<number>\d+)/(?P<most>\d+)\]")

_one = threading.RLock()
"""Held in a block of ``bounded``, because the client is one for the whole process."""
_open: list[str] = []
"""What is asked for in the block that holds it."""


class TooBusy(Exception):
    """A host asks for a pause that is too long; the text says how long."""


class BrokenOff(Exception):
    """The connection broke too often while one file was fetched."""


@contextmanager
def bounded(what: str) -> Iterator[None]:
    """A block in which the client of the hub waits for nothing without a limit, and says what it waits for.

    Connecting may take ``HF_HUB_ETAG_TIMEOUT`` seconds, 10 by default, name and all addresses together; then each
    part of an answer may take as long, or ``HF_HUB_DOWNLOAD_TIMEOUT`` seconds. In a block inside of it nothing changes.

    Args:
        what: is asked for.
    """
    from huggingface_hub.utils import _http

    with _one, ExitStack() as stack:
        if _open:
            yield
            return
        _open.append(what)
        stack.callback(_open.clear)
        make: Callable[[], Any] = _http._GLOBAL_CLIENT_FACTORY
        # A program may have set a client of its own, with a way to the hub that only it knows.
        waits = _Waits(what, connects=make is _http.default_client_factory)
        for name in ("file_download", "utils._http"):
            log = logging.getLogger(f"huggingface_hub.{name}")
            stack.callback(setattr, log, "disabled", log.disabled)
            log.disabled = False  # Hydra silences the loggers that are there when a job begins
            log.addFilter(waits.heard)
            stack.callback(log.removeFilter, waits.heard)
        _http.set_client_factory(lambda: waits.watched(make()))
        stack.callback(_http.set_client_factory, make)
        yield


@contextmanager
def bounded_or_offline(what: str) -> Iterator[None]:
    """``bounded``; where the hub cannot be reached, its client uses what it has fetched before, and that is said.

    Args:
        what: is asked for.
    """
    from huggingface_hub import constants

    offline = constants.HF_HUB_OFFLINE
    with bounded(what):
        try:
            if not offline:
                Route.to(constants.ENDPOINT).connect(constants.HF_HUB_ETAG_TIMEOUT)
        except Unreachable as error:
            warn(f"{error}: {what} is taken from what was fetched before, as with HF_HUB_OFFLINE=1")
            constants.HF_HUB_OFFLINE = True
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = offline


class _Waits:
    """What is awaited in one block, and the attempts so far."""

    def __init__(self, what: str, *, connects: bool) -> None:
        self._what = what
        self._connects = connects
        self._asked: dict[Route, Unreachable | None] = {}
        """The hosts asked so far; with those that take no connection, why. The client overlooks some failures."""
        self._breaks: Counter[str] = Counter()
        self._reason = ""

    def watched(self, client: Any) -> Any:
        """A client of httpx that limits its waits."""
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks["request"], self._before],
            "response": [*hooks["response"], self._after],
        }
        return client

    def heard(self, record: logging.LogRecord) -> bool:
        """Says in ftk's words what the client logs about its attempts; lets everything else pass.

        Raises:
            BrokenOff: the connection broke too often.
        """
        text = record.getMessage()
        if "Error while downloading" in text and isinstance(record.args, tuple) and len(record.args) > 1:
            url, reason = map(str, record.args[:2])
            self._breaks[url] += 1
            if self._breaks[url] > MOST_BREAKS:
                raise BrokenOff(f"the download broke off {MOST_BREAKS} times ({url})")
            if "Max retries" not in text:
                number = self._breaks[url] + 1
                warn(f"{Route.to(url)}: a download broke off ({reason or 'no reason given'}); attempt {number}")
            return False
        if found := _REASON.search(text):
            said = f"it answered with an error ({found['status']})" if found["status"] else found["error"]
            self._reason = f"{Route.to(found['url'])}: {said}"
            return False
        if found := _AGAIN.search(text):
            attempt, most = int(found["number"]) + 1, int(found["most"]) + 1
            warn(f"{self._reason}; attempt {attempt} of {most} in {float(found['pause']):g} s")
            return False
        return True

    def _before(self, request: Any) -> None:
        """Called by the client before each request.

        Raises:
            Unreachable: the host or its proxy takes no connection.
        """
        from huggingface_hub import constants

        connect, part = constants.HF_HUB_ETAG_TIMEOUT, constants.HF_HUB_DOWNLOAD_TIMEOUT
        given = request.extensions.get("timeout") or {}
        limits = {name: given.get(name) or part for name in ("read", "write", "pool")}
        request.extensions["timeout"] = {**limits, "connect": min(given.get("connect") or connect, connect)}
        route = Route.to(str(request.url))
        if route not in self._asked:
            self._asked[route] = None
            say(
                f"asking {route} for {self._what}: at most {connect:g} s to connect, and {part:g} s for each part of "
                "an answer"
            )
            if self._connects:
                try:
                    route.connect(connect)
                except Unreachable as error:
                    self._asked[route] = error
        if (failure := self._asked[route]) is not None:
            raise failure

    def _after(self, response: Any) -> None:
        """Called by the client with each response.

        Raises:
            TooBusy: the host wants to be asked again much later.
        """
        from huggingface_hub.utils import parse_ratelimit_headers

        if response.status_code not in (408, 429, 500, 502, 503, 504):
            return
        limits = parse_ratelimit_headers(response.headers)
        asked = response.headers.get("retry-after", "").strip()
        pauses = [int(asked)] if asked.isdecimal() else []
        pauses += [limits.reset_in_seconds] if limits is not None and limits.remaining == 0 else []
        if max(pauses, default=0) > LONGEST_PAUSE:
            raise TooBusy(f"asks to be left alone for {max(pauses):,} s ({response.status_code})")
