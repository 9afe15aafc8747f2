"""Lines that are decoded in blocks are those that are decoded one by one."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_helpers import standard_input
from ftk.data.readers.decoding import blocks
from ftk.data.readers.decoding.lines import numbered_lines
from ftk.data.readers.decoding.once import STDIN, inputs, open_live
from ftk.errors import DataError

PIECES = st.sampled_from(
    [
        b"a",
        b"word ",
        b"caf\xc3\xa9",
        b"caf\xe9 ",
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b"\0",
        b"\x1b$B",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
    ]
)


class _Pipe(io.RawIOBase):
    """Bytes that can be read once, in the order in which they come."""

    def __init__(self, content: bytes) -> None:
        self._left = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        return self._left.readinto(into)


def found(path: Path | str, encoding: str, ends: bool, broken: bool) -> list[tuple[int, str, str]]:
    """Number, text and fault of each line, and the error that ends them."""
    lines: list[tuple[int, str, str]] = []
    try:
        for number, text in numbered_lines(path, encoding, ends=ends, broken=broken):
            lines.append((number, str(text), getattr(text, "fault", "").replace(str(path), "FILE")))
    except DataError as error:
        lines.append((0, "", str(error).replace(str(path), "FILE")))
    return lines


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=12), st.sampled_from(["auto", "utf-8", "cp1252"]), st.booleans(), st.booleans())
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_file_has_the_lines_of_the_same_bytes_from_a_pipe(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    pieces: list[bytes],
    encoding: str,
    ends: bool,
    broken: bool,
) -> None:
    content = b"".join(pieces)
    file = tmp_path / "in.txt"
    file.write_bytes(content)
    monkeypatch.setattr(blocks, "BLOCK", size)
    with standard_input(content), inputs():
        open_live(STDIN)
        assert found(file, encoding, ends, broken) == found(STDIN, encoding, ends, broken)
