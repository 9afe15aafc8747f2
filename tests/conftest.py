"""Shared by the tests: the command line, run in this process, and small corpora."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ftk import cli
from ftk.config.choices import Normalization, Vocabulary
from ftk.config.schema import TokenizerConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding, FindingKind
from ftk.tasks import finding_kinds as task_kinds

# Two workers with two threads each on two cores wait for each other; one thread each is faster and gives equal bytes.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

# How long generating takes says something about the machine, not about ftk.
settings.register_profile("ftk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ftk")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TINY = ("model=tiny", "model.default_lr=3e-3", "hardware=cpu", "hardware.threads=1")
"""A model that trains in seconds."""
KINDS = {**kinds.kinds_in(kinds), **kinds.kinds_in(task_kinds)}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run the tests of a module in one worker, so that no other worker builds its fixtures again.

    The contract builds its fixtures once per task, so each task is a unit of its own.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            module, _, name = nodeid.partition("::")
            return f"{module}[{name.partition('[')[2]}" if module.endswith("test_contract.py") else module

    return ByModule(config, log)


FEW = 2
"""Cases of a long table of command lines that the fast tests try; the slow tests have the others."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark most cases of long tables as slow, if each of them runs a command: that takes a fifth of a second.

    The first and the last case stay.
    """
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if {"ftk", "hub"} & {*getattr(item, "fixturenames", ())} and not item.get_closest_marker("slow"):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in tables.values():
        kept = {round(at * (len(cases) - 1) / (FEW - 1)) for at in range(FEW)} if len(cases) > FEW else None
        for at, item in enumerate(cases):
            if kept is not None and at not in kept:
                item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class Result:
    """What a command line printed, and its exit code; with ``--json``, also what it found."""

    code: int
    out: str
    err: str
    json: bool = False

    @property
    def events(self) -> list[dict[str, Any]]:
        """The objects that a command with ``--json`` showed, those of standard error last."""
        assert self.json, "without --json, findings are only shown as sentences"
        lines = (*self.out.splitlines(), *self.err.splitlines())
        return [json.loads(line) for line in lines if line.startswith('{"type": ')]

    @property
    def findings(self) -> list[Finding]:
        """What was found, in its order; errors come last."""
        saved: list[dict[str, Any]] = []
        for event in self.events:
            saved += [event] if event["type"] == "finding" else event.get("findings", [])
        names = ("severity", "policy", "values", "split", "count", "places")
        return [Finding(KINDS[one["kind"]], *(one[name] for name in names)) for one in saved]

    def found(self, kind: FindingKind, split: str | None = None, **values: Any) -> Finding:
        """The one finding of a kind, about a split, with these values among its own."""
        of_kind = [one for one in self.findings if one.kind == kind and split in (None, one.split)]
        [found] = [one for one in of_kind if all(one.values[name] == value for name, value in values.items())]
        return found

    def count(self, kind: FindingKind) -> int:
        """How often a kind was found."""
        return sum(one.count for one in self.findings if one.kind == kind)

    @property
    def errors(self) -> list[tuple[FindingKind, int]]:
        """The kinds that stopped the command, and how often each was found."""
        return [(one.kind, one.count) for one in self.findings if one.severity == "error"]

    @property
    def texts(self) -> str:
        """The texts of all events but findings: messages, and why the command ended."""
        return "\n".join(event["text"] for event in self.events if "text" in event and event["type"] != "finding")


Reason = str | FindingKind | tuple[FindingKind, dict[str, Any]]
"""Why a command ends: words of an error, or a kind of findings, with or without some of their values."""


def assert_refused(result: Result, reason: Reason, count: int = 1) -> None:
    """Assert that a command with ``--json`` ended for one reason, and how often its kind was found."""
    assert result.code == 1
    assert "Traceback" not in result.err
    if isinstance(reason, str):
        assert reason in result.texts
        return
    kind, values = reason if isinstance(reason, tuple) else (reason, {})
    assert result.errors == [(kind, count)]
    assert result.found(kind, **values)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in a folder of its own, without the environment settings of the user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FTK_CONFIG_PATH", raising=False)
    monkeypatch.delenv("FTK_TRACEBACK", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("FTK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def ftk(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run one command line: ``ftk("finetune", "task=ner")``."""

    def run(*argv: str) -> Result:
        capfd.readouterr()
        code = run_ftk(*argv)
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err, "--json" in argv)

    return run


def run_ftk(*argv: str) -> int:
    """Run one command line in this process; returns its exit code.

    A training draws no curves, fits no baselines and writes no report and no card unless ``argv`` sets ``run.curves``,
    ``train.baselines``, ``run.report`` and ``run.card``: most of them take half as long as a tiny training.
    """
    runs = not any(word.startswith("--") and word != "--json" for word in argv)
    off = {"run.report": "false"} if runs and argv[:1] == ("evaluate",) else {}
    if runs and argv[:1] in (("pretrain",), ("finetune",)):
        off = {"run.curves": "false", "train.baselines": "none", "run.report": "false", "run.card": "false"}
    for key, value in off.items():
        if not any(word.startswith(f"{key}=") for word in argv):
            argv = (*argv, f"{key}={value}")
    return cli.run(list(argv))


def write_lines(path: Path | str, lines: Iterable[str]) -> str:
    """Write a text file; returns its path for a command line."""
    Path(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def write_jsonl(path: Path | str, rows: Iterable[dict[str, Any]]) -> str:
    """Write JSON lines; returns the path for a command line."""
    return write_lines(path, (json.dumps(row, ensure_ascii=False) for row in rows))


def read_jsonl(path: Path | str) -> list[dict[str, Any]]:
    """The records of a file of JSON lines."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def assert_close(one: Any, other: Any) -> None:
    """Assert that values of JSON are equal, and floats to four digits."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_close(value, other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_close(left, right)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-4)
    else:
        assert one == other


def write_conll(path: Path | str, sentences: Sequence[Sequence[tuple[str, ...]]]) -> str:
    """Write sentences of (token, …, tag) rows as tab-separated columns; returns the path for a command line."""
    lines: list[str] = []
    for sentence in sentences:
        lines += ["\t".join(row) for row in sentence]
        lines.append("")
    return write_lines(path, lines)


def word_pieces(size: int) -> TokenizerConfig:
    """The settings of a WordPiece vocabulary of this size, learned from the training texts."""
    return TokenizerConfig(
        name=None,
        train=Vocabulary.wordpiece,
        vocab_size=size,
        lowercase=False,
        normalization=Normalization.none,
        special_tokens={},
        extra_tokens=[],
        max_characters=10**6,
    )


NAMES = ("Ada", "Boris", "Chen", "Dora", "Emil", "Fatou", "Goran", "Hana")
PLACES = ("Oslo", "Lima", "Accra", "Kyoto", "Turin", "Quito", "Minsk", "Dakar")


def toy_sentences(number: int) -> list[list[tuple[str, str]]]:
    """Sentences that a tiny model learns in seconds: people travel to places."""
    sentences = []
    for i in range(number):
        name, place = NAMES[i % len(NAMES)], PLACES[(i * 3 + i // 8) % len(PLACES)]
        sentence = [(name, "B-PER"), ("Berg", "I-PER"), ("went", "O"), ("to", "O"), (place, "B-LOC")]
        sentence += [(word, "O") for word in ("by", "slow", "train", "again")[: i % 5]] + [(".", "O")]
        sentences.append(sentence)
    return sentences


def toy_corpus(folder: Path) -> tuple[str, ...]:
    """Write a toy corpus of 48, 16 and 16 sentences; returns the overrides that name its files."""
    parts = {"train": 48, "validation": 16, "test": 16}
    return tuple(
        f"data.{split}={write_conll(folder / f'{split}.conll', toy_sentences(number))}"
        for split, number in parts.items()
    )


@pytest.fixture
def toy(tmp_path: Path) -> tuple[str, ...]:
    """The overrides that name a toy corpus in the folder of the test."""
    return toy_corpus(tmp_path)
