"""A headless Chromium for tests, driven over its DevTools protocol; `scripts/browser` installs it."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
"""The program; None where it is not installed."""
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
)
_PATIENCE = 60


class Tab:
    """A tab of the browser.

    Attributes:
        requests: the addresses that pages have asked for, the pages themselves included.
        problems: errors and warnings of the console, and exceptions.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: Any, session: str) -> None:
        self.requests: list[str] = []
        self.problems: list[str] = []
        self._loop = loop
        self._socket = socket
        self._session = session
        self._number = 0
        self._events: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def open(self, path: Path, *, width: int = 900, dark: bool = False, height: int = 900) -> None:
        """Open a file and wait until it is loaded."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.send("Page.navigate", url=path.absolute().as_uri())
        self._wait(lambda: "Page.loadEventFired" in self._events)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, or of its promise."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write a picture of the whole page."""
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def send(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Send a command of the protocol and wait for its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": arguments, "sessionId": self._session}
        self._run(self._socket.write_message, json.dumps(message))
        answer: dict[str, Any] = {}

        def answered() -> bool:
            return bool(answer)

        while not answered():
            received = self._receive()
            if received.get("id") == number:
                assert "error" not in received, received
                answer = {"result": {}, **received}
        result: dict[str, Any] = answer["result"]
        return result

    def _wait(self, done: Any) -> None:
        end = time.monotonic() + _PATIENCE
        while not done():
            assert time.monotonic() < end, "the browser does not answer"
            self._receive()

    def _receive(self) -> dict[str, Any]:
        received: dict[str, Any] = json.loads(self._run(self._socket.read_message))
        method, values = received.get("method", ""), received.get("params", {})
        self._events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(values["exceptionDetails"])[:500])
        elif method == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            self.problems.append(values["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and values["type"] in ("error", "warning", "assert"):
            self.problems.append(json.dumps(values["args"])[:500])
        return received

    def _run(self, function: Any, *arguments: Any) -> Any:
        async def result() -> Any:
            return await asyncio.wait_for(function(*arguments), _PATIENCE)

        return self._loop.run_until_complete(result())


@contextmanager
def browser() -> Iterator[Tab]:
    """A tab of a new browser, whose profile is empty."""
    assert CHROMIUM is not None
    from tornado.websocket import websocket_connect

    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port, address = _port(Path(profile) / "DevToolsActivePort", process)

            async def connected() -> Any:
                return await websocket_connect(f"ws://127.0.0.1:{port}{address}", max_message_size=1 << 28)

            socket = loop.run_until_complete(connected())
            session = loop.run_until_complete(_attached(socket))
            yield Tab(loop, socket, session)
            socket.close()
        finally:
            process.terminate()
            process.wait(_PATIENCE)
            loop.close()


async def _attached(socket: Any) -> str:
    """The session of a new tab."""

    async def answer(number: int, method: str, **arguments: Any) -> dict[str, Any]:
        await socket.write_message(json.dumps({"id": number, "method": method, "params": arguments}))
        while (received := json.loads(await socket.read_message())).get("id") != number:
            pass
        result: dict[str, Any] = received["result"]
        return result

    target = await answer(1, "Target.createTarget", url="about:blank")
    session = await answer(2, "Target.attachToTarget", targetId=target["targetId"], flatten=True)
    return str(session["sessionId"])


def _port(file: Path, process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """The port and the address that the browser writes when it is ready."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the browser does not start"
        lines = file.read_text().split("\n") if file.exists() else []
        if len(lines) >= 2 and lines[1]:
            return int(lines[0]), lines[1]
        time.sleep(0.05)
    raise AssertionError("the browser does not start")
