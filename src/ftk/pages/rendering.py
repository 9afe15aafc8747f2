"""Makes one HTML file of the values of a page. Whatever comes from data is text there, never markup."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ftk
from ftk.errors import printable
from ftk.pages.blocks import Examples, Section
from ftk.pages.svg import COLOURS, bar
from ftk.system.atomic import replaced
from ftk.system.strict_json import dumps

GENERATOR = f"ftk {ftk.__version__}"
_MARK = b'<meta name="generator" content="ftk '


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows.

    Attributes:
        title: of the page.
        kind: what the page is, such as ``report``.
        lead: the result in a sentence or two.
        sections: in their order.
        footer: how the page was made.
        warnings: what a reader has to know before all else.
    """

    title: str
    kind: str
    lead: str
    sections: Sequence[Section]
    footer: str
    warnings: Sequence[str] = ()


def write_page(page: Page, path: Path) -> None:
    """Write a page as one file, which replaces an earlier one as a whole.

    Raises:
        OSError: the file cannot be written.
    """
    # Half of a surrogate pair, as texts may have, is written as its escape.
    content = rendered(page).encode("utf-8", "backslashreplace")
    with replaced(path) as temporary:
        temporary.unlink(missing_ok=True)
        with open(temporary, "xb") as stream:
            stream.write(content)


def is_page(path: Path) -> bool:
    """Whether a file is a page that ftk wrote."""
    try:
        with open(path, "rb") as stream:
            return _MARK in stream.read(2000)
    except OSError:
        return False


def rendered(page: Page) -> str:
    """The HTML of a page. It loads nothing: its style and its script are in it, and it allows no others."""
    from markupsafe import Markup

    style, script = _source("style.css"), _source("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            generator=GENERATOR,
            style=Markup(style),
            style_hash=_digest(style),
            script=Markup(script),
            script_hash=_digest(script),
        )
    )


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(bar=bar, colours=COLOURS)
    environment.filters.update(items_json=items_json, orders_json=orders_json)
    return environment


def _visible(value: Any) -> Any:
    """A text with its control characters as their escapes, and anything else as it is."""
    return printable(value) if type(value) is str else value


@cache
def _source(name: str) -> str:
    return Path(__file__).with_name("templates").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def items_json(block: Examples) -> Any:
    """The items of a list of examples for a ``script`` element: no text in them can end it."""
    from markupsafe import Markup

    text = dumps(list(block.items))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def orders_json(block: Examples) -> str:
    """The orders of a list of examples, for an attribute."""
    return json.dumps(list(block.orders))
