"""Values as they are written on a command line: for ftk, and quoted for a shell."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ftk.config.spelling.reading import value_of

_PLAIN = re.compile(r"[\w./+@%*-]+")
"""What a name may be made of without quotation marks, wherever it stands."""
_PLAIN_ALONE = re.compile(r"(?:[\w./+@%*:#~?-][\w./+@%*:=#~?-]*)?")
"""What a value may be made of that is neither in a list nor in a mapping."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_WORD_OF_SHELL = re.compile(
    r"""\$'(?P<escaped>(?:[^'\\]|\\.)*)'(?=\s|$) | (?:'[^']*' | "(?:[^"\\]|\\.)*" | \\. | [^\s'"\\])+""",
    re.VERBOSE | re.DOTALL,
)
_LETTERS = {"\n": "n", "\t": "t"}


def as_word(value: Any) -> str:
    """A value as it is written on a command line: ``[a,"b c"]``, ``{spam: 2, "true": 1}``, ``"x, y"``.

    Texts stand in quotation marks where they would be read as something else.
    """
    if isinstance(value, Path) and str(value).startswith("~"):
        value = f"./{value}"  # the folder of that name, and no home
    return _name(str(value), _PLAIN_ALONE) if isinstance(value, (str, Path)) else _part(value)


def _part(value: Any) -> str:
    """A value inside of a list or a mapping."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_part, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)}: {_part(part)}' for key, part in value.items())}}}"
    if value is None:
        return "null"
    if isinstance(value, (str, Path)):
        return _name(str(value), _PLAIN)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        return _part(key)
    return key if _PLAIN.fullmatch(key) and isinstance(value_of(key), str) else in_quotes(key)


def _name(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text) and isinstance(value_of(text), str):
        return text
    if plain is _PLAIN_ALONE and _NUMBER.fullmatch(text):
        return text  # of a file or a column, whose key takes both
    return in_quotes(without_interpolation(text))


def in_quotes(text: str, sign: str = '"') -> str:
    """A text in quotation marks: a mark in it has a backslash before it, and backslashes before a mark are doubled."""
    return sign + re.sub(rf"(\\*)({sign}|\Z)", lambda found: found[1] * 2 + (found[2] and f"\\{sign}"), text) + sign


def without_interpolation(text: str) -> str:
    """The text that OmegaConf reads as this one: ``${`` in it names no key."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def pasted(value: Any) -> str:
    """A value after ``key=``, so that a shell passes it on as ``as_word`` writes it."""
    return quoted(as_word(value))


def quoted(word: str) -> str:
    """A word for a shell, in one line: ``'a b'``; with control characters ``$'a\\nb'``, as bash and zsh read it."""
    if all(character.isprintable() for character in word):
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    if character in _LETTERS:
        return f"\\{_LETTERS[character]}"
    kept = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", kept))


def command(words: Sequence[str]) -> str:
    """A command line of these words, in one line, that a shell splits into them."""
    return " ".join(map(quoted, words))


def words_of(line: str) -> list[str]:
    """The words of a line that ``command`` has made."""
    return [_unquoted(found) for found in _WORD_OF_SHELL.finditer(line)]


def _unquoted(found: re.Match[str]) -> str:
    if found["escaped"] is None:
        return "".join(shlex.split(found[0]))
    signs = {letter: sign for sign, letter in _LETTERS.items()}
    parts = re.split(r"\\([0-7]{3}|.)", found["escaped"], flags=re.DOTALL)
    for at in range(1, len(parts), 2):
        code = parts[at]
        byte = int(code, 8) if len(code) == 3 else None
        parts[at] = signs.get(code, code) if byte is None else chr(byte if byte < 128 else 0xDC00 + byte)
    return "".join(parts).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def shown(line: str) -> str:
    """A command line within a sentence: between quotation marks, or backquotes if it has some of its own."""
    return f"`{line}`" if "'" in line else f"'{line}'"
