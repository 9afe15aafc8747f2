"""The errors of Hydra, OmegaConf and YAML, reworded and with the file that they are about.

The messages of these libraries are matched by regular expressions. If a new version rewords one of them, the user sees
the new wording, and ``tests/config/test_mistakes.py`` fails.
"""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from ftk.config import schema
from ftk.system.spelling import did_you_mean

_KINDS = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}
_NOISE = ("object_type=", "full_key:", "reference_type=", "See ", "Set the environment variable")


def explain(error: Exception, folders: Sequence[Path]) -> tuple[str, str]:
    """The place of an error (the file or the key; empty if unknown), and its text.

    Args:
        error: raised by Hydra, OmegaConf or YAML while a config was composed.
        folders: the user's folders of configs, in the order in which they are searched.
    """
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}", f"This is not YAML: {error.problem}."
    if isinstance(error, UnicodeDecodeError):
        broken = [path for folder in folders for path in sorted(folder.rglob("*.yaml")) if not _is_text(path)]
        return ", ".join(map(str, broken)), "A config is a text file in UTF-8."
    text = _without_noise(error)
    where = re.match(r"In '([^']+)': (?:\w+ raised while composing config:\s*)?", text)
    if where is not None:
        text = text[where.end() :]
    full_key = _full_key(error)
    what = _file(where[1], folders) if where is not None else full_key
    advice = reworded(text)
    if where is not None and full_key == where[1].partition("/")[0]:
        advice += " If it sets keys of other sections, its first line must be '# @package _global_'."
    return what, f"{full_key}: {advice}" if where is not None and full_key else advice


def _without_noise(error: Exception) -> str:
    """The message of the error, and that of its cause if it says more."""
    cause = error.__cause__
    texts = [str(error)]
    if isinstance(cause, (OmegaConfBaseException, HydraException)):
        # "Error merging override train.epochs=a" alone says nothing.
        texts = [str(cause)] if texts[0].startswith("Error merging override") else [*texts, str(cause)]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    search_path = next((number for number, line in enumerate(lines) if line == "Config search path:"), len(lines))
    return "\n".join(line for line in lines[:search_path] if line and not line.startswith(_NOISE))


def _full_key(error: Exception) -> str:
    for found in (error, error.__cause__):
        match = re.search(r"full_key: (\S+)", str(found))
        if match is not None:
            return match[1]
    return ""


def _file(name: str, folders: Sequence[Path]) -> str:
    return next((str(path) for folder in folders if (path := folder / f"{name}.yaml").is_file()), "")


def reworded(text: str) -> str:
    """A message of OmegaConf in plainer words; unchanged if it is not one of the common ones."""
    if match := re.search(r"Value '(.*)' of type '.*' could not be converted to (\w+)", text):
        return f"It must be {_KINDS.get(match[2], match[2])}; '{match[1]}' is not."
    if match := re.search(r"Value '(.*)' is not a valid bool", text):
        return f"It must be true or false; '{match[1]}' is neither."
    if match := re.search(r"Invalid value '(.*)', expected one of \[(.*)\]", text):
        known = match[2].split(", ")
        return f"It must be one of {match[2]}; '{match[1]}' is not.{did_you_mean(match[1], known)}"
    if re.search(r"field '.*' is not Optional", text):
        return "It cannot be null."
    if match := re.search(r"Interpolation key '(.*)' not found", text):
        return f"${{{match[1]}}} points at no key of the config."
    if match := re.search(r"\w+ raised while resolving interpolation: (.*)", text):
        return match[1].strip('"') + "."
    if match := re.search(r"Cannot convert '.*' to string: '(.*)'", text):
        return f"It must be one text; '{match[1]}' is not."
    if match := re.search(r"Invalid type assigned: (\w+) is not a subclass of (\w+)\. value: (.*)", text):
        return f"It is a section with its own keys; '{match[3]}' is not a section."
    if match := re.search(r"Key '(.*)' not in '(\w+)'", text):
        fields = getattr(schema, match[2], None)
        names = [field.name for field in dataclasses.fields(fields)] if dataclasses.is_dataclass(fields) else []
        hint = did_you_mean(match[1], names) or (f" There are: {', '.join(names)}." if names else "")
        return f"There is no key '{match[1]}'.{hint}"
    if match := re.match(r"(?s)Could not override '([^']+)'.*is not in struct", text):
        return f"There is no key '{match[1]}'."
    if match := re.match(r"Could not (?:find|load) '([^']+)'\.?\s*(?:Available options in '.*':\s*)?((?s:.*))", text):
        known = match[2].split()
        group, _, option = match[1].rpartition("/")
        hint = did_you_mean(option, known)
        listing = f" There are: {', '.join(known)}." if known else ""
        return f"There is no config '{match[1]}'.{hint}{listing}" if group else f"There is no config '{match[1]}'."
    return text


def _is_text(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True
