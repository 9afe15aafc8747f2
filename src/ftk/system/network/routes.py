"""The way to a host: itself, or the proxy that the environment names."""

from __future__ import annotations

import queue
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080, "socks5h": 1080}


class Unreachable(OSError):
    """A host or its proxy takes no connection; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is asked.

    Attributes:
        host: its address, as ``https://huggingface.co``.
        proxy: that of the proxy, without its password; None if the host is asked directly.
    """

    host: str
    proxy: str | None

    @classmethod
    def to(cls, url: str) -> Route:
        """The route to the host of a URL, by ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``."""
        parts = urlsplit(url)
        host = urlunsplit((parts.scheme, _address(parts.netloc), "", "", ""))
        proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all")
        if not proxy or proxy_bypass(parts.hostname or ""):
            return cls(host, None)
        named = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return cls(host, urlunsplit((named.scheme, _address(named.netloc), "", "", "")))

    def __str__(self) -> str:
        return self.host if self.proxy is None else f"{self.host} through the proxy {self.proxy}"

    def connect(self, seconds: float) -> None:
        """Open a connection and close it.

        The name and all addresses behind it share the time; a client gives each address its own.

        Args:
            seconds: how long that may take.

        Raises:
            Unreachable: there is no connection.
        """
        first = urlsplit(self.proxy or self.host)
        try:
            name, port = first.hostname, first.port or _PORTS.get(first.scheme)
        except ValueError:
            name, port = None, None
        if not name or port is None:
            raise Unreachable(f"{self.proxy or self.host} is no address of a server, as https://huggingface.co is")
        answers: queue.SimpleQueue[OSError | None] = queue.SimpleQueue()
        # In a thread, because nothing ends the search for a name early, and a signal would have to wait for it.
        threading.Thread(target=_try, args=(name, port, seconds, answers), daemon=True).start()
        try:
            error = answers.get(timeout=seconds)
        except queue.Empty:
            raise Unreachable(f"{self._first} takes no connection within {seconds:g} s") from None
        if isinstance(error, socket.gaierror):
            raise Unreachable(f"the name of {self._first} cannot be resolved ({error.strerror})") from error
        if error is not None:
            raise Unreachable(f"{self._first} takes no connection ({error.strerror or error})") from error

    @property
    def _first(self) -> str:
        """What is connected to."""
        return self.host if self.proxy is None else f"the proxy {self.proxy}"


def _try(name: str, port: int, seconds: float, answers: queue.SimpleQueue[OSError | None]) -> None:
    try:
        with socket.create_connection((name, port), timeout=seconds):
            pass
    except OSError as error:
        answers.put(error)
    except UnicodeError as error:  # the name has a part that is empty or too long
        answers.put(socket.gaierror(0, str(error)))
    else:
        answers.put(None)


def _address(netloc: str) -> str:
    """A network location without name and password of a user."""
    return netloc.rpartition("@")[2]
