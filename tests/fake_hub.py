"""A hub on the loopback interface that speaks what huggingface_hub asks: models with revisions, faults, and a log."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

_LARGE = (".safetensors", ".bin", ".onnx", ".h5", ".model", ".spm", ".msgpack", ".gguf")
"""Endings of the files that are stored by their SHA-256 and delivered by another address, as with Git LFS."""
TIMEOUT = 1
"""Seconds that the client waits for an answer in these tests."""


@dataclass
class Repository:
    """The files of a model by revision."""

    files: dict[str, dict[str, bytes]]
    closed: int | None = None
    """The status that files are refused with, as those of a gated model; None for an open one."""
    pull_requests: list[int] = field(default_factory=list)


@dataclass
class FakeHub:
    """What the hub has, and what was asked of it."""

    url: str = ""
    other_url: str = ""
    """The address that delivers large files. It has another host, so that the client takes it for another server."""
    models: dict[str, Repository] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    """Faults by the name of a file: 'cut' (in the middle), 'cut from the start' (each time), 'cut once', 'silent',
    'other bytes', 'too short', 'error'."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)
    finished: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, files: dict[str, bytes], revision: str = "main", **facts: Any) -> None:
        """Add a model, or another revision of one."""
        repository = self.models.setdefault(name, Repository({}, **facts))
        repository.files[revision] = files

    def add_folder(self, name: str, folder: Path, **extra: bytes) -> set[str]:
        """Add a model from a folder; returns the names of its files."""
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.add(name, {**files, **extra})
        return set(files)

    @property
    def fetched(self) -> list[str]:
        """The files whose content was asked for, each once, in alphabetical order."""
        return sorted(self.contents)


def commit_of(files: dict[str, bytes]) -> str:
    content = b"".join(name.encode() + hashlib.sha1(data).digest() for name, data in sorted(files.items()))
    return hashlib.sha1(content).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith(_LARGE)


def blob_of(name: str, data: bytes) -> str:
    return (
        hashlib.sha256(data).hexdigest()
        if is_large(name)
        else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append((self.command, path))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[0] == "cdn":
            self._content(*self._blob(parts[1]))
        elif parts[:2] == ["api", "models"]:
            self._api("/".join(parts[2:4]), parts[4:])
        elif len(parts) < 5:
            self._error(404, "")
        else:
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))

    def _api(self, name: str, rest: list[str]) -> None:
        repository = self.hub.models.get(name)
        if repository is None:
            self._error(404, "RepoNotFound")
        elif rest[:1] == ["discussions"]:
            found = [self._pull_request(name, number) for number in repository.pull_requests]
            self._json({"discussions": found, "count": len(found), "start": 0})
        elif (files := self._files(repository, rest[1] if rest else "main")) is None:
            self._error(404, "RevisionNotFound")
        elif rest[:1] == ["tree"]:
            self._json([self._entry(one, data) for one, data in files.items()])
        else:
            self._json({"id": name, "sha": commit_of(files), "siblings": [{"rfilename": one} for one in files]})

    def _resolve(self, name: str, revision: str, file: str) -> None:
        repository = self.hub.models.get(name)
        files = None if repository is None else self._files(repository, revision)
        if repository is None:
            self._error(404, "RepoNotFound")
        elif repository.closed is not None:
            self._error(repository.closed, "GatedRepo")
        elif files is None:
            self._error(404, "RevisionNotFound")
        elif file not in files:
            self._error(404, "EntryNotFound", commit_of(files))
        elif self.hub.faults.get(file) == "error":
            self._error(503, "")
        else:
            data = files[file]
            blob = blob_of(file, data)
            headers = {"X-Repo-Commit": commit_of(files), "X-Linked-Size": str(len(data))}
            if is_large(file):
                headers |= {"X-Linked-Etag": f'"{blob}"', "Location": f"{self.hub.other_url}/cdn/{blob}"}
                self._send(302, b"", headers)
            else:
                self._content(file, data, {**headers, "ETag": f'"{blob}"'})

    def _content(self, name: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        """The content of a file, or what a fault makes of it."""
        if self.command == "GET":
            self.hub.contents.add(name)
        fault = self.hub.faults.get(name) if self.command == "GET" else None
        if fault == "silent":
            self.hub.finished.wait(20)
            self.close_connection = True
            return
        if fault == "other bytes":
            data = bytes(len(data))
        if fault == "too short":
            data = data[: len(data) // 2]
        begin = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0]) if self.headers["Range"] else 0
        begin = 0 if fault == "cut from the start" else begin
        part = data[begin:]
        headers = {**(headers or {}), "Accept-Ranges": "bytes"}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        if fault in ("cut", "cut from the start", "cut once"):
            self.send_response(206 if begin else 200)
            for key, value in {**headers, "Content-Length": str(len(part))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(part[: len(data) // 2] if not begin else b"")
            self.close_connection = True
            if fault == "cut once":
                self.hub.faults.pop(name)
            return
        self._send(206 if begin else 200, part, headers)

    def _blob(self, digest: str) -> tuple[str, bytes]:
        everything = (files for one in self.hub.models.values() for files in one.files.values())
        return next(pair for files in everything for pair in files.items() if blob_of(*pair) == digest)

    def _files(self, repository: Repository, revision: str) -> dict[str, bytes] | None:
        by_commit = {commit_of(files): files for files in repository.files.values()}
        return repository.files.get(revision, by_commit.get(revision))

    def _entry(self, name: str, data: bytes) -> dict[str, Any]:
        blob = blob_of(name, data)
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": blob[:40]}
        return {**entry, "lfs": {"oid": blob, "size": len(data), "pointerSize": 130}} if is_large(name) else entry

    def _pull_request(self, name: str, number: int) -> dict[str, Any]:
        return {
            "title": "Adding `safetensors` variant of this model",
            "num": number,
            "status": "open",
            "author": {"name": "SFconvertbot"},
            "createdAt": "2023-01-01T00:00:00.000Z",
            "isPullRequest": True,
            "repo": {"name": name, "type": "model"},
        }

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, code: str, commit: str | None = None) -> None:
        self._send(status, b"", {"X-Error-Code": code, **({"X-Repo-Commit": commit} if commit else {})})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A hub that answers until the block ends."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.other_url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        hub.finished.set()
        server.shutdown()
        thread.join()
        server.server_close()


def use_hub(hub: FakeHub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client of this process ask the fake hub, with an empty cache and without waiting between attempts."""
    from huggingface_hub import constants, file_download
    from huggingface_hub.utils import _http

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for name in ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"):
        monkeypatch.setattr(constants, name, TIMEOUT)
    for module in (file_download, _http):
        monkeypatch.setattr(module, "time", SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None}))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
