"""The blocks of docs/python.md run in order and print what the page shows."""

import contextlib
import io
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.torch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```output\n(.*?)^```\n)?", flags=re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_blocks_print_what_is_shown(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")  # where conftest has it
    scope: dict[str, object] = {"__name__": "page"}
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) > 8
    for code, shown in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), scope)
        found = re.sub(r"rows/[0-9a-f]{32}\.jsonl", "rows/{digest}.jsonl", printed.getvalue().replace(cache, "{cache}"))
        assert found == shown
