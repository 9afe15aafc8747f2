"""Says in words what went wrong with the hub."""

import contextlib
from collections.abc import Iterator

from ftk.errors import ModelError, first_line
from ftk.system.network.hub_client import BrokenOff, TooBusy, bounded
from ftk.system.network.routes import Route, Unreachable

_AGAIN = "Run the same command again to go on: complete files are kept"
_CHECK = "Check the connection, HF_ENDPOINT and any proxy (http_proxy, https_proxy, no_proxy)"


class Unavailable(ModelError):
    """The hub did not give the files; the text says why and what to do, without the name of the model."""


@contextlib.contextmanager
def explained(name: str, revision: str | None) -> Iterator[None]:
    """A block that waits for the hub within limits, and says in words what went wrong with it.

    Raises:
        Unavailable: anything did.
    """
    from huggingface_hub.errors import HFValidationError

    try:
        with bounded(name):
            yield
    except ModelError:
        raise
    except HFValidationError as error:
        raise Unavailable(f"skipped, '{name}' is not a valid hub id") from error
    except Exception as error:  # the client raises errors of several libraries; all mean that the model is unavailable
        raise Unavailable(_meaning(error, name, revision)) from error


def _meaning(error: Exception, name: str, revision: str | None) -> str:
    """What an error of the hub's client means, and what to do."""
    from huggingface_hub import constants

    route = Route.to(constants.ENDPOINT)
    if isinstance(error, (BrokenOff, TooBusy, Unreachable)):
        return _of_network(error, route)
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    # By name, because the client's versions use different libraries for HTTP.
    kinds = {kind.__name__ for one in chain for kind in type(one).__mro__}
    answers = [getattr(one, "response", None) for one in chain]
    status = next((answer.status_code for answer in answers if answer is not None), None)
    if "GatedRepoError" in kinds or status == 403:
        return (
            f"'{name}' is gated or closed to this account ({status}). Accept its terms at {constants.ENDPOINT}/{name}, "
            "and log in with 'hf auth login', or set HF_TOKEN"
        )
    if "RevisionNotFoundError" in kinds:
        return f"'{name}' has no revision '{revision}' (model.revision: a branch, a tag or a commit)"
    if "RepositoryNotFoundError" in kinds:
        return (
            f"there is no repository '{name}', or it is private ({status}). Check the id; for a private one log in "
            "with 'hf auth login', or set HF_TOKEN"
        )
    if status == 401:
        return "the hub does not accept the token (401). Log in with 'hf auth login', or renew HF_TOKEN"
    if status is not None and status >= 400:
        who = "it" if route.proxy is None else f"the hub or the proxy {route.proxy}"
        return f"{who} answered with an error ({status}). Run the same command again later"
    if any("Timeout" in kind for kind in kinds):
        return (
            f"no answer in time{_through(route)}. HF_HUB_ETAG_TIMEOUT={constants.HF_HUB_ETAG_TIMEOUT} and "
            f"HF_HUB_DOWNLOAD_TIMEOUT={constants.HF_HUB_DOWNLOAD_TIMEOUT} say how many seconds to wait. {_AGAIN}"
        )
    if "ProxyError" in kinds:
        return f"the proxy {route.proxy} refuses to connect to {route.host} ({first_line(error)}). {_CHECK}"
    if "ConnectError" in kinds or "ConnectionError" in kinds:
        return f"it cannot be reached{_through(route)} ({first_line(chain[-1])}). {_CHECK}"
    reason = first_line(error)
    broken = "Consistency check failed" in reason or kinds & {
        "RemoteProtocolError",
        "ReadError",
        "ChunkedEncodingError",
    }
    if broken:
        return f"the download broke off ({reason}){_through(route)}. {_AGAIN}"
    kind = type(error).__name__
    return f"{kind}: {reason}" if reason != kind else kind


def _of_network(error: Exception, route: Route) -> str:
    """What ftk's own limits mean."""
    if isinstance(error, Unreachable):
        return f"it cannot be reached: {error}. {_CHECK}"
    if isinstance(error, TooBusy):
        return f"it {error}{_through(route)}. Run the same command again then; an account of one's own has other limits"
    return f"{error}. {_AGAIN}"


def _through(route: Route) -> str:
    return "" if route.proxy is None else f" through the proxy {route.proxy}"
