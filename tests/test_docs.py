"""Links in the documentation lead somewhere, and its reference of keys is up to date."""

import re
import tomllib
from pathlib import Path

import pytest

from ftk.commands import WITH_JSON
from ftk.commands.config_reference import reference, updated
from ftk.config.paths import shipped_configs

TOP = Path(__file__).resolve().parents[1]
PAGES = sorted(path for folder in ("docs", "benchmarks", "src") for path in (TOP / folder).rglob("*.md")) + sorted(
    TOP.glob("*.md")
)
TASKS = sorted(path.stem for path in shipped_configs().glob("task/*.yaml"))


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TOP).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_reference_of_keys_is_up_to_date() -> None:
    page = (TOP / "docs/configs.md").read_text(encoding="utf-8")
    assert updated(page, reference()) == page, "docs/configs.md is out of date: run 'ftk configs docs docs'"


def test_each_task_has_a_page() -> None:
    pages = {path.stem for path in (TOP / "docs/tasks").glob("*.md")}
    assert pages == set(TASKS) - {"ner", "mlm"}, "write docs/tasks/<task>.md; docs/adding-a-task.md lists all steps"
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    unlinked = [name for name in pages if f"docs/tasks/{name}.md" not in readme]
    assert unlinked == [], (
        "add a row for each to the table of tasks in README.md, and count the tasks in its first list"
    )


def test_the_readme_names_each_extra_and_each_command_with_json() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    extras = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [name for name in extras if f"'.[{name}]'" not in readme] == []
    sentence = readme.partition("With `--json`,")[2].partition(" show")[0].partition("\nshow")[0]
    assert sorted(re.findall(r"`(\w+)`", sentence)) == sorted(WITH_JSON)
