"""Hubs and proxies that do not answer as they should: every wait ends, and then it is said who was asked."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fake_hub import FakeHub, use_hub
from ftk.models.files.hub_errors import Unavailable
from ftk.system.network.lines import shown_by

pytestmark = pytest.mark.torch

PATIENCE = 8
"""Seconds in which each of these must have ended; the client waits half a second for each answer here."""
PAGE = b"<html>Please log in</html>"


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextmanager
def server(reply: bytes | None, *, reset: bool = False) -> Iterator[int]:
    """A server that gives each request the same reply, or none; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            held.append(connection)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.recv(1)
                connection.close()
            elif reply is not None:
                threading.Thread(target=converse, args=(connection,), daemon=True).start()

    def converse(connection: socket.socket) -> None:
        assert reply is not None
        try:
            if connection.recv(65536):
                connection.sendall(reply)
            connection.close()
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for connection in held:
            connection.close()
        thread.join()


@contextmanager
def heard() -> Iterator[list[str]]:
    """What is said meanwhile."""
    lines: list[str] = []
    with shown_by(lambda text, warning: lines.append(text)):
        yield lines


def refused(name: str = "someone/model") -> str:
    """What is said of a model that cannot be fetched."""
    from ftk.models.files.hub import fetch

    began = time.monotonic()
    with pytest.raises(Unavailable) as error:
        fetch(name)
    assert time.monotonic() - began < PATIENCE
    return str(error.value)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A client that asks no other host, waits for parts of a second, and goes through no proxy."""
    from huggingface_hub import constants

    use_hub(FakeHub("http://127.0.0.1:9"), tmp_path / "hub", monkeypatch)
    for name in ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"):
        monkeypatch.setattr(constants, name, 0.5)
    return monkeypatch


def ask(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")


REPLIES = {
    "silence": (None, "no answer in time"),
    "an error": (answer("500 Oops"), "error (500)"),
    "no service": (answer("503 Service Unavailable", PAGE), "error (503)"),
    "a gateway": (answer("502 Bad Gateway", PAGE, "Content-Type: text/html"), "error (502)"),
    "a pause of an hour": (answer("429 Too Many Requests", b"", "Retry-After: 3600"), "3,600 s"),
    "another pause": (answer("429 Too Many", b"", 'ratelimit: "api";r=0;t=900'), "900 s"),
    "too many requests": (answer("429 Too Many Requests"), "error (429)"),
    "a teapot": (answer("418 I'm a teapot"), "error (418)"),
    "a page to log in": (answer("200 OK", PAGE, "Content-Type: text/html"), "JSON"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off"),
    "half an answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", "broke off"),
    "nothing at all": (b"", "broke off"),
    "a circle": (answer("302 Found", b"", "Location: /api/models/someone/model"), "redirects"),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if REPLIES[kind][0] is None else ()) for kind in REPLIES]
)
def test_a_hub_that_does_not_answer_as_it_should(environment: pytest.MonkeyPatch, kind: str) -> None:
    reply, words = REPLIES[kind]
    with server(reply) as port, heard() as lines:
        ask(environment, f"http://127.0.0.1:{port}")
        text = refused()
    assert words in text
    assert f"http://127.0.0.1:{port}" in lines[0]
    assert "someone/model" in lines[0]


def test_a_hub_that_resets_the_connection(environment: pytest.MonkeyPatch) -> None:
    with server(None, reset=True) as port:
        ask(environment, f"http://127.0.0.1:{port}")
        assert "reset" in refused() or "broke off" in refused()


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://127.0.0.1:9", "refused"),
        ("http://no-such-host.invalid", "cannot be resolved"),
        ("https://no-such-host.invalid:8443/mirror", "https://no-such-host.invalid:8443 cannot be resolved"),
        ("http://" + "a" * 70 + ".example", "cannot be resolved"),
        ("http://a..b", "cannot be resolved"),
        ("http://127.0.0.1:99999", "no address of a server"),
        ("127.0.0.1", "no address of a server"),
        ("http://", "no address of a server"),
        ("ftp://127.0.0.1:9", "ftp"),
        ("huggingface.co", "no address of a server"),
    ],
)
def test_an_address_that_leads_nowhere(environment: pytest.MonkeyPatch, endpoint: str, words: str) -> None:
    ask(environment, endpoint)
    assert words in refused()


@pytest.mark.parametrize(
    ("scheme", "reply", "words"),
    [
        ("https", answer("404 Not Found"), "404"),
        ("https", answer("407 Proxy Authentication Required"), "407"),
        ("https", answer("403 Forbidden", PAGE), "403"),
        ("https", b"", ""),
        pytest.param("https", None, "no answer in time", marks=pytest.mark.slow),
        ("http", answer("404 Not Found", PAGE), "404"),
        ("http", answer("503 Service Unavailable"), "503"),
        pytest.param("http", None, "no answer in time", marks=pytest.mark.slow),
    ],
)
def test_a_proxy_is_named_without_its_password(
    environment: pytest.MonkeyPatch, scheme: str, reply: bytes | None, words: str
) -> None:
    ask(environment, f"{scheme}://hub.example")
    with server(reply) as port, heard() as lines:
        environment.setenv(f"{scheme}_proxy", f"http://ada:secret@127.0.0.1:{port}")
        text = refused()
    assert words in text
    for said in (text, lines[0]):
        assert f"http://127.0.0.1:{port}" in said
        assert "secret" not in said


def test_a_proxy_that_is_not_there(environment: pytest.MonkeyPatch) -> None:
    ask(environment, "https://hub.example")
    environment.setenv("https_proxy", "127.0.0.1:9")
    assert "the proxy http://127.0.0.1:9 takes no connection" in refused()
    environment.setenv("no_proxy", "hub.example")
    assert "hub.example cannot be resolved" in refused()


def test_a_name_that_nobody_answers_for(environment: pytest.MonkeyPatch) -> None:
    """The search for a name has no limit of its own."""
    over = threading.Event()

    def silent(*_: Any, **__: Any) -> socket.socket:
        over.wait()
        raise OSError

    environment.setattr(socket, "create_connection", silent)
    ask(environment, "https://hub.example")
    assert "no connection within 0.5 s" in refused()
    over.set()


def test_attempts_are_counted(environment: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import http_backoff

    from ftk.system.network.hub_client import bounded

    with server(answer("503 Service Unavailable")) as port, heard() as lines:
        address = f"http://127.0.0.1:{port}"
        ask(environment, address)
        with bounded("someone/model"), pytest.raises(HfHubHTTPError, match="503"):
            http_backoff("GET", f"{address}/x")
    assert [line.partition("; attempt ")[2][:6] for line in lines[1:]] == [f"{number} of 6" for number in range(2, 7)]


def test_the_client_of_a_program_is_given_back(environment: pytest.MonkeyPatch) -> None:
    from huggingface_hub.utils import _http

    before = _http._GLOBAL_CLIENT_FACTORY
    ask(environment, "http://127.0.0.1:9")
    refused()
    assert _http._GLOBAL_CLIENT_FACTORY is before
    assert _http.get_session().event_hooks["response"] == []
