"""Lists that are spelled as text: how JSON, Python, NumPy and R write them into the cells of tables.

Python itself cannot read what NumPy writes: it takes ``['a' 'b']`` for a list of one text, ``ab``.
"""

import ast
import json
import re
import warnings
from typing import Any, NoReturn

_CALLS = (
    r"(?:\w+\.)*(?:array|list|tuple|set|frozenset|tensor|c|deque|Index|Series|o?dict_keys|o?dict_values"
    r"|str_|bool_|u?int\d*|float\d*)"
)
_BEGINS = re.compile(rf"""\s*(?:\[|["']\s*[\[{{]|<\w+Array>\s*\[|{_CALLS}\(\s*[\[{{("')])""")
"""How a text begins that is meant as a list: a bracket, a list in quotes, or a call around a list."""
_HAS_ITEMS = re.compile(r"""\s*(?:[^\s\["']|["']?\s*\[\s*(?:u?["'{\]]|\w+\())""")
_MAY_BEGIN = re.compile(r"""\s*[({]\s*(?:u?["'\d\-}({\[]|(?:True|False|None)\b|np\.)""")
"""How a tuple, a set or an object begins; other texts begin like this, too."""
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<string>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<call>{_CALLS}\()
    |(?P<keyword>[A-Za-z_]\w*\s*=\s*(?:'[^']*'|"[^"]*"|[\w.]+(?:\([^()]*\))?))
    |(?P<word>(?:np\.|numpy\.)?(?P<value>[Nn]one|[Nn]ull|NULL|[Tt]rue|TRUE|[Ff]alse|FALSE|nan|NaN|NA|inf)_?(?![\w-]))
    |(?P<dots>\.\.\.)
    |(?P<mark>[\[\](){{}},:])""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"none": None, "null": None, "na": None, "true": True, "false": False}
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_AROUND = re.compile(r"^\s*<\w+Array>|\s*Length: \d+, dtype: [^\n]*$")
"""What pandas writes around an array."""
_SCALAR = re.compile(r"(?:np\.|numpy\.|torch\.)?(?:tensor|array|u?int\d+|float\d+|bool_?|str_)\(.*\)", re.DOTALL)
"""A value that NumPy or torch printed with its type: ``np.int64(3)``, ``tensor(1)``."""
_PRINTED = re.compile(r"\n(?:Name: .*, |Length: \d+, )*dtype: \w+\s*$")
"""How a column ends that pandas printed."""
_QUOTED = re.compile(r"""\s*(["'])(?:[^"']*|.*["']\s*,\s*["'].*)\1\s*,?\s*""", re.DOTALL)
_ESCAPED = re.compile(r"\\u[dD]|\\U0000[dD]")
_HALF = re.compile("[\ud800-\udfff]")
_DEPTH = 50
"""Lists inside of lists that are read."""


class ListFault(ValueError):
    """Why a text that begins like a list spells none; the text of the error is the reason in words."""


class Shortened(ListFault):
    """The text of a list from which items were left out when it was written."""


def begins_like_list(text: str) -> bool:
    """Whether a text begins as only a list does."""
    return _has_bracket(text) and _BEGINS.match(text) is not None


def begins_with_items(text: str) -> bool:
    """Whether a text begins as a list of texts or of objects does: a text in brackets, ``[sic]``, begins otherwise."""
    return _HAS_ITEMS.match(text) is not None and begins_like_list(text)


def list_of(value: Any, *, braces: bool = False) -> Any:
    """The list or the object that a text spells; any other value as it is.

    Args:
        value: of a column. JSON, the lists, tuples and sets of Python, the arrays of NumPy, pandas and torch, and the
            vectors of R are read; and any of them that is a text of JSON once more.
        braces: whether a text that begins with a brace is no text either.

    Raises:
        ListFault: a text begins like a list, and spells none.
    """
    if not isinstance(value, str):
        return value.tolist() if hasattr(value, "tolist") else value  # an array in a data frame
    if not _has_bracket(value):
        return _unprinted(value)
    if begins_like_list(value) or (braces and value.lstrip().startswith("{")):
        return _spelled(value)
    if _MAY_BEGIN.match(value):
        try:
            return _spelled(value)
        except ListFault:
            return value
    return _unprinted(value)


def list_or_value(value: Any) -> Any:
    """As ``list_of``; a text that begins like a list and spells none stays as it is."""
    try:
        return list_of(value)
    except ListFault:
        return value


def quoted_items(text: str) -> list[str] | None:
    """The items of a list without its brackets, ``'room', 'price'`` or ``'room'``; None for any other text."""
    if not _QUOTED.fullmatch(text):
        return None
    try:
        found = _spelled(f"[{text}]")
    except ListFault:
        return None
    plain = all(isinstance(item, str) and item and item == item.strip() for item in found)
    return found if plain else None


def scalar_of(text: str) -> Any:
    """The value that NumPy or torch printed with its type, ``np.int64(3)``; any other text as it is."""
    if not text.endswith(")") or not _SCALAR.fullmatch(text):
        return text
    try:
        found = _Scanner(text).read()
    except ListFault:
        return text
    return found if isinstance(found, (str, int, float)) else text


def _has_bracket(text: str) -> bool:
    """Whether a text can be a list at all; most cells cannot, and this is quick."""
    return "[" in text or "(" in text or "{" in text


def _unprinted(text: str) -> str:
    """A text that is no column as pandas prints it.

    Raises:
        ListFault: it is one.
    """
    if "dtype: " in text and _PRINTED.search(text):
        raise ListFault("it is a column of pandas as it is printed")
    return text


def _spelled(text: str) -> Any:
    value = _unquoted(text)
    if _ESCAPED.search(text) and _HALF.search(json.dumps(value, ensure_ascii=False)):
        raise ListFault("it holds half of a surrogate pair, which is no character")
    return value


def _unquoted(text: str) -> Any:
    value: Any = text
    for _ in range(3):  # a list in quotes, and in quotes again
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):  # a number of too many digits is a plain ValueError
            value = _Scanner(value).read()
        if not isinstance(value, str):
            return value
        if not begins_like_list(value) and not _MAY_BEGIN.match(value):
            break
    raise ListFault("it is a text in quotes")


class _Scanner:
    """Reads the value that a text spells, one token after the other."""

    def __init__(self, text: str) -> None:
        self.text = _AROUND.sub("", text)
        self.at = 0
        self.kind, self.token = "", ""
        self.spaced = False
        self._next()

    def read(self) -> Any:
        """The value of the whole text.

        Raises:
            ListFault: it is none.
        """
        value = self._value(0)
        if self.kind != "end":
            raise ListFault("text follows the list")
        return value

    def _next(self) -> None:
        """Go on to the next token; ``spaced`` says whether white space is before it."""
        self.spaced, before = False, self.kind
        while True:
            if self.at >= len(self.text):
                self.kind, self.token = "end", ""
                return
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                self._unknown(before)
            self.at, self.kind, self.token = match.end(), str(match.lastgroup), match.group()
            if self.kind == "word":
                self.token = match["value"]
            if self.kind != "space":
                return
            self.spaced = True

    def _unknown(self, before: str) -> NoReturn:
        if self.text[self.at] in "\"'":
            raise ListFault("a quote is not closed")
        if before == "string" and not self.spaced:
            raise ListFault("a quote ends inside of an item")
        raise ListFault("its items have no quotes")

    def _is(self, mark: str) -> bool:
        return self.kind == "mark" and self.token == mark

    def _value(self, depth: int) -> Any:
        kind, token = self.kind, self.token
        if depth > _DEPTH:
            raise ListFault("its lists are nested too deeply")
        if kind == "end":
            raise ListFault("its end is missing")
        if kind == "dots":
            raise Shortened("items were left out, '...', when it was written")
        self._next()
        if kind == "string":
            return _text(token)
        if kind == "number":
            return _number(token)
        if kind == "word":
            return _WORDS[token.lower()] if token.lower() in _WORDS else float(token)
        if kind == "call":
            return self._call(token, depth)
        if token in _CLOSING:
            return self._items(token, depth)
        raise ListFault("a bracket or a comma is not where it belongs")

    def _call(self, name: str, depth: int) -> Any:
        """What is inside of ``array([…], dtype=object)``, of ``str_('…')``, or of R's ``c("…", "…")``."""
        found = []
        while not self._is(")"):
            if self.kind == "keyword":
                self._next()
            else:
                found.append(self._value(depth + 1))
            if self._is(","):
                self._next()
            elif not self._is(")"):
                raise ListFault("a bracket is not closed")
        self._next()
        if name == "c(":
            return found
        return found[0] if found else []

    def _items(self, opening: str, depth: int) -> Any:
        """The items of a list, a tuple, a set or an object, up to its end."""
        closing, commas, spaces = _CLOSING[opening], 0, 0
        items: list[Any] = []
        pairs: list[tuple[Any, Any]] = []
        while not self._is(closing):
            if items or pairs:
                if self._is(","):
                    commas += 1
                    self._next()
                    if self._is(closing):
                        break
                elif self.kind == "end":
                    raise ListFault("its end is missing")
                elif self.spaced:
                    spaces += 1
                else:
                    raise ListFault("its items have nothing between them")
            item = self._value(depth + 1)
            if opening == "{" and self._is(":"):
                self._next()
                pairs.append((item, self._value(depth + 1)))
            else:
                items.append(item)
        self._next()
        if (commas and spaces) or (pairs and (items or spaces)):
            raise ListFault("some of its items have no comma between them")
        if pairs or (opening == "{" and not items):
            return _object(pairs)
        return items[0] if opening == "(" and len(items) == 1 and not commas else items


def _object(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name, _ in pairs):
        raise ListFault("the keys of an object are no texts")
    return dict(pairs)


def _text(token: str) -> str:
    token = token.removeprefix("u")
    if "\\" not in token:
        return token[1:-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of escapes that it does not know, and keeps them
        try:
            return str(ast.literal_eval(token.replace("\n", "\\n").replace("\r", "\\r")))
        except (ValueError, SyntaxError) as error:
            raise ListFault("a text has an escape that cannot be read") from error


def _number(token: str) -> int | float:
    try:
        return int(token)
    except ValueError:  # or too many digits
        return float(token)
