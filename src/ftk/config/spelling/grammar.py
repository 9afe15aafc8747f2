"""Values of a command line that Hydra's grammar cannot read, or would read as something else, rewritten in it.

Hydra takes ASCII letters, digits and a few signs in names, no quotation marks around keys, and reads the key ``true``
as a truth value. Here a name is whatever stands between commas, colons and brackets, or in quotation marks, and a key
is a name.
"""

import json
import re
from typing import Any

from hydra.core.override_parser import overrides_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString, Sweep, Transformer

from ftk.config.spelling.reading import FLOAT, Call, Unreadable, values_in
from ftk.config.spelling.writing import as_word, in_quotes

_KEY = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_NO_KEY = frozenset({"null", "true", "false", "inf", "nan"})
_MAPPING = "json"
"""The function that makes a mapping of a text, because Hydra's grammar has no way to write most keys."""
_MANY = 100
"""Items from which a list is made like that, too: Hydra reads a thousand quoted texts in a second."""


def parser(**options: Any) -> OverridesParser:
    """A parser of overrides that knows how ftk writes mappings with keys of any characters."""
    teach_hydra()
    return OverridesParser.create(**options)


def teach_hydra() -> None:
    """Let all parsers of Hydra know one more function, ``json('{"key": 1}')``; calling it again changes nothing.

    Hydra has no other way to add a function: each parser gets them from one function of its module.
    """
    create = overrides_parser.create_functions
    if getattr(create, "of_ftk", False):
        return

    def with_json() -> Any:
        functions = create()
        functions.register(name=_MAPPING, func=_from_json)
        return functions

    with_json.of_ftk = True  # type: ignore[attr-defined]
    overrides_parser.create_functions = with_json


def _from_json(text: str) -> Any:
    return json.loads(text)


def has_other_keys(override: Override) -> bool:
    """Whether the value has a mapping whose keys are not names: Hydra reads ``{true: 1}`` with a truth value."""
    value = override._value
    if isinstance(value, ChoiceSweep) and value.simple_form:
        value = value.list
    return not isinstance(value, Sweep) and _has_other_keys(value)


def _has_other_keys(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_other_keys, value))
    if isinstance(value, dict):
        names = all(isinstance(key, (str, int)) and not isinstance(key, bool) for key in value)
        return not names or any(map(_has_other_keys, value.values()))
    return False


def rewritten(value: str, *, sweep: bool) -> str | None:
    """The value in Hydra's grammar; None if it cannot be read here either.

    Args:
        value: what follows ``key=``.
        sweep: whether values that commas separate are those of a sweep.
    """
    try:
        found = values_in(value)
        if len(found) != 1 and not sweep:
            return None
        return ",".join(map(in_grammar, found))
    except (Unreadable, RecursionError):
        return None


def as_people_write(word: str) -> str:
    """An override of ``rewritten`` in the spelling of the command line, if its mapping is made by ``json()``."""
    key, _, value = word.partition("=")
    if f"{_MAPPING}(" not in value or "\\u0024" in value:  # the latter may be interpolations
        return word
    return f"{key}={as_word(parser().parse_override(word).value())}"


def text_of_choice(value: Any) -> str:
    """One value of a sweep, as Hydra parsed it, in Hydra's grammar."""
    return str(Transformer.str(value)) if not _needs_json(value) else in_grammar(value)


def _needs_json(value: Any) -> bool:
    """Whether there is a key in a value that Hydra cannot write so that it reads it."""
    if isinstance(value, list):
        return any(map(_needs_json, value))
    return isinstance(value, dict) and not (
        all(map(_is_plain_key, value)) and not any(map(_needs_json, value.values()))
    )


def in_grammar(value: Any) -> str:
    """A value in Hydra's grammar. Interpolations stay what they are."""
    if isinstance(value, Call):
        return value.text
    if isinstance(value, dict):
        if not all(map(_is_plain_key, value)):
            return _as_json(value)
        return f"{{{','.join(f'{key}:{in_grammar(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(in_grammar, value))}]" if len(value) < _MANY else _as_json(value)
    value = _plain(value)
    if isinstance(value, str):
        return in_quotes(value, "'")
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _as_json(value: Any) -> str:
    """A mapping or a list as a call of ``json()``."""
    # OmegaConf reads all words that it keeps, and would take ${ in a key for an interpolation.
    text = json.dumps(_plain(value), ensure_ascii=False).replace("$", "\\u0024")
    return f"{_MAPPING}({in_quotes(text, chr(39))})"


def _is_plain_key(key: Any) -> bool:
    """Whether Hydra reads a key as itself."""
    if isinstance(key, str):
        return _KEY.fullmatch(key) is not None and key.lower() not in _NO_KEY and not FLOAT.fullmatch(key)
    return isinstance(key, int) and not isinstance(key, bool)


def _plain(value: Any) -> Any:
    """A value without what only Hydra knows."""
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Call):
        raise Unreadable
    return value
