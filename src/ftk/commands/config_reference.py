"""The reference of all groups and keys, as Markdown."""

import re
from collections.abc import Iterable, Mapping

from ftk.config.keys import ConfigKeys, Entry, own_comments
from ftk.config.paths import config_files, headline, parts_of
from ftk.config.schema import SCHEMAS
from ftk.errors import ConfigError

_BEGIN = "<!-- generated: {} -->"
_END = "<!-- end of what is generated -->"
_REGION = re.compile(rf"{_BEGIN.format('([^ ]+)')}\n(.*?)(?<=\n){_END}", re.DOTALL)


def reference() -> dict[str, str]:
    """The Markdown of each part of the reference, by its name; the user's own configs are included.

    Raises:
        ConfigError: a file includes one that does not exist, or a task's class cannot be imported.
    """
    return _Page(ConfigKeys(config_files())).parts()


def updated(page: str, parts: Mapping[str, str]) -> str:
    """A page with the content between its markers replaced.

    Args:
        page: Markdown, with ``<!-- generated: NAME -->`` and ``<!-- end of what is generated -->`` around each part.
        parts: the new content by name.

    Raises:
        ConfigError: the page lacks the markers of a part, or has those of an unknown one.
    """
    found = [name for name, _ in _REGION.findall(page)]
    wrong = sorted(set(found) ^ set(parts))
    if wrong:
        what = "no markers for" if wrong[0] in parts else "markers for the unknown part"
        raise ConfigError(f"the page has {what} '{wrong[0]}': {_BEGIN.format(wrong[0])} … {_END}")
    return _REGION.sub(lambda match: marked(match[1], parts[match[1]]), page)


def marked(name: str, text: str) -> str:
    """A part of the reference between its markers."""
    return f"{_BEGIN.format(name)}\n{text}{_END}"


_OTHERS = ("evaluate", "predict", "explain", "check", "compare", "report")
"""The commands with keys that no training has."""


class _Page:
    def __init__(self, keys: ConfigKeys) -> None:
        self.keys = keys
        self.files = keys.files
        self.choices = {command: {part.name for part in parts_of(command, self.files)} for command in SCHEMAS}

    def parts(self) -> dict[str, str]:
        keys = self.keys
        finetune = keys.of_command("finetune")
        named = {name: self._section(name) for name in keys.groups()}
        return {
            "task": "\n".join(self._task(name) for name in keys.options("task")),
            "model": f"{named['model']}\nDefaults are those of `model=auto`; other models change some.\n\n"
            + _table(keys.of_section("model")),
            **{name: f"{named[name]}\n{_table(keys.of_section(name))}" for name in ("data", "schedule", "hardware")},
            **{name: f"{named[name]}\n{self._classes(name)}" for name in ("optimizer", "objective")},
            **{name: f"### {name}\n\n{_table(keys.of_section(name))}" for name in ("train", "run", "sweep")},
            "tracker": "### tracker\n\n"
            + _table(entry for entry in keys.of_command("finetune") if entry.name == "tracker"),
            "predictions": f"### predictions\n\n{_table(keys.of_section('predict'))}",
            **{name: text for name, text in named.items() if name not in keys.sections},
            **{command: f"### {command}\n\n{_table(keys.of_command(command))}" for command in _OTHERS},
            "finetune": f"### finetune\n\n{_table(one for one in finetune if one.name not in named)}",
        }

    def _section(self, group: str) -> str:
        """The heading of a group and its options, each with the first line of its file."""
        rows = []
        for name in self.keys.options(group):
            option = name.rpartition("/")[2]
            rows.append(f"| `{option}`{self._default_of(group, option)} | {_escaped(headline(self.files[name]))} |\n")
        return f"### {group}\n\n| option | |\n| --- | --- |\n{''.join(rows)}"

    def _default_of(self, group: str, option: str) -> str:
        """The commands that choose an option by default."""
        choose = [command for command, names in self.choices.items() if f"{group}/{option}" in names]
        have = [command for command, names in self.choices.items() if any(n.startswith(f"{group}/") for n in names)]
        if not choose:
            return ""
        return " (default)" if choose == have else f" (default of `{'`, `'.join(choose)}`)"

    def _classes(self, group: str) -> str:
        return "\n".join(self._passed_on(name) for name in self.keys.options(group))

    def _task(self, name: str) -> str:
        """A task with all of its keys; for a preset of another task, only the values that it changes."""
        option = name.partition("/")[2]
        text = f"### task={option}\n\n{_escaped(headline(self.files[name]))}"
        base = self.keys.base_of(name)
        if base is None:
            return f"{text}\n\n{self._passed_on(name)}"
        own = set(own_comments(self.files[name]))
        return f"{text} It is `task={base.partition('/')[2]}` with other values:\n\n{self._passed_on(name, own)}"

    def _passed_on(self, name: str, only: set[str] | None = None) -> str:
        """The keys of a config that are passed on to a class; ``only``: those of them to name."""
        target, entries = self.keys.of_class(name, only)
        group, option = name.split("/", 1)
        which = "" if group == "task" else f"`{group}={option}`, "
        return f"{which}`_target_: {target}`" + (f":\n\n{_table(entries)}" if entries else ", takes no keys.\n")


def _table(entries: Iterable[Entry]) -> str:
    rows = (f"| `{entry.name}` | {entry.type} | {entry.default} | {_escaped(entry.meaning)} |\n" for entry in entries)
    return f"| key | type | default | meaning |\n| --- | --- | --- | --- |\n{''.join(rows)}"


def _escaped(text: str) -> str:
    """Text inside a table of Markdown."""
    parts = re.split(r"(`[^`]+`)", text.replace("``", "`").replace("|", r"\|"))
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)
