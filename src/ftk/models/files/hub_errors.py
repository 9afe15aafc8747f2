"""Says in words what went wrong with the hub."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator

from ftk.errors import ModelError, first_line

_AGAIN = "Run the same command again to go on: complete files are kept"

_MOST_ATTEMPTS = 30
"""How often the connection may break while one file is fetched."""


class Unavailable(ModelError):
    """The hub did not give the files; the text says why and what to do, without the name of the model."""


class _Attempts(logging.Filter):
    """Ends a download whose connection breaks again and again.

    The client tries again for as long as data arrive, and that is without end if a server begins anew each time. Its
    warnings are where the attempts can be counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every warning pass.

        Raises:
            Unavailable: one file was tried too often.
        """
        if "Error while downloading" in str(record.msg) and isinstance(record.args, tuple) and record.args:
            url = str(record.args[0])
            self.counts[url] += 1
            if self.counts[url] > _MOST_ATTEMPTS:
                raise Unavailable(f"the download broke off {_MOST_ATTEMPTS} times ({url}). {_AGAIN}")
        return True


@contextlib.contextmanager
def explained(name: str, revision: str | None) -> Iterator[None]:
    """Says in words what went wrong with the hub.

    Raises:
        Unavailable: anything did.
    """
    from huggingface_hub.errors import HFValidationError

    log, attempts = logging.getLogger("huggingface_hub.file_download"), _Attempts()
    log.addFilter(attempts)
    try:
        yield
    except ModelError:
        raise
    except HFValidationError as error:
        raise Unavailable(f"skipped, '{name}' is not a valid hub id") from error
    except Exception as error:  # the client raises errors of several libraries; all mean that the model is unavailable
        raise Unavailable(_meaning(error, name, revision)) from error
    finally:
        log.removeFilter(attempts)


def _meaning(error: Exception, name: str, revision: str | None) -> str:
    """What an error of the hub's client means, and what to do."""
    from huggingface_hub import constants

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
        return f"the hub answered with an error ({status}). Run the same command again later"
    if any("Timeout" in kind for kind in kinds):
        return (
            f"no answer in time. HF_HUB_ETAG_TIMEOUT={constants.HF_HUB_ETAG_TIMEOUT} and HF_HUB_DOWNLOAD_TIMEOUT="
            f"{constants.HF_HUB_DOWNLOAD_TIMEOUT} say how many seconds to wait. {_AGAIN}"
        )
    if "ConnectError" in kinds or "ConnectionError" in kinds:
        return f"it cannot be reached ({first_line(chain[-1])}). Check the connection, HF_ENDPOINT and any proxy"
    reason = first_line(error)
    broken = "Consistency check failed" in reason or kinds & {
        "RemoteProtocolError",
        "ReadError",
        "ChunkedEncodingError",
    }
    if broken:
        return f"the download broke off ({reason}). {_AGAIN}"
    kind = type(error).__name__
    return f"{kind}: {reason}" if reason != kind else kind
