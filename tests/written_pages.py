"""Reads the pages that ``ftk report`` writes."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from conftest import Result

Ftk = Callable[..., Result]
_VOID = ("meta", "link", "br", "input", "hr", "img")


class Page(HTMLParser):
    """A page, read strictly: each element is closed, in its order, and no id comes twice."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self.data: list[list[dict[str, Any]]] = []
        self.scripts = ""
        self._json = False
        self.feed(self.text)
        self.close()
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._json = values.get("type") == "application/json"
        self.ids += [values["id"]] if "id" in values else []
        self.attributes += list(values.items())
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._json and data.strip():
            self.data.append(json.loads(data))
        elif "script" in self.open:
            self.scripts += data
        elif "style" not in self.open:
            self.shown.append(data)


def page_of(ftk: Ftk, run: Path, *words: str) -> Page:
    result = ftk("report", str(run), *words, "--json")
    assert result.code == 0, result.err
    return Page(Path(result.events[-1]["path"]))
