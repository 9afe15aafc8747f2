"""What a forced resume compares with what the run has learned: refused with a way out, or said."""

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, assert_refused, read_jsonl, run_ftk, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.finding_kinds import resuming
from ftk.contracts.findings import FindingKind
from small_models import save_model_folder

pytestmark = pytest.mark.torch

WORDS = {"apple": "red round", "pear": "green soft", "plum": "blue small", "quince": "yellow hard"}


def fruit(*labels: str, rows: int = 30, text: str = "fruit") -> list[dict[str, Any]]:
    return [
        {"text": f"{WORDS[label]} {text} {n}", "label": label}
        for n, label in ((n, labels[n % len(labels)]) for n in range(rows))
    ]


FILES = {
    "abc.jsonl": fruit("apple", "pear", "plum"),
    "fewer.jsonl": fruit("apple", "pear", "plum", rows=12),
    "more.jsonl": fruit("apple", "pear", "plum", rows=45),
    "ab.jsonl": fruit("apple", "pear"),
    "bcd.jsonl": fruit("pear", "plum", "quince"),
    "abcd.jsonl": fruit("apple", "pear", "plum", "quince"),
    "other.jsonl": fruit("apple", "pear", "plum", text="in the basket"),
    "sets.jsonl": [{"text": row["text"], "label": [row["label"]]} for row in fruit("apple", "pear", "plum")],
    "numbers.jsonl": [{"text": row["text"], "label": n % 3} for n, row in enumerate(fruit("apple", "pear", "plum"))],
    "small.jsonl": [{"text": f"row {n} {n % 5}", "score": n % 5} for n in range(30)],
    "large.jsonl": [{"text": f"row {n} {n % 5}", "score": 100 * (n % 5) + 7} for n in range(30)],
}
TASK = {"small.jsonl": "regression", "sets.jsonl": "multi-label"}


def write_files() -> None:
    for name, rows in FILES.items():
        write_jsonl(name, rows)


def argv_of(train: str, validation: str = "") -> list[str]:
    task = TASK.get(train, "text-classification")
    steps = ("train.epochs=2", "train.batch_size=5", "train.eval_every=3", "train.log_every=1")
    data = (f"data.train={train}", f"data.validation={validation or train}")
    return ["finetune", f"task={task}", *TINY, *data, *steps, "run.dir=run"]


@pytest.fixture(scope="module")
def stopped_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """By the file that a run learns from, a folder with this run, stopped after six of twelve steps."""
    made: dict[str, Path] = {}

    def folder_of(train: str) -> Path:
        if train not in made:
            made[train] = tmp_path_factory.mktemp("stopped")
            with contextlib.chdir(made[train]), contextlib.redirect_stderr(io.StringIO()):
                write_files()
                assert run_ftk(*argv_of(train), "run.stop_after=6") == 0
        return made[train]

    return folder_of


Stopped = Callable[[str], None]


@pytest.fixture
def stopped(stopped_runs: Callable[[str], Path]) -> Stopped:
    """Copies the stopped run of a training file, and all files, into the folder of the test."""

    def copy(train: str) -> None:
        shutil.copytree(stopped_runs(train), ".", dirs_exist_ok=True)

    return copy


REFUSED: dict[str, tuple[str, tuple[str, ...], FindingKind | str]] = {
    "other labels, as many": ("abc.jsonl", ("data.train=bcd.jsonl", "data.validation=bcd.jsonl"), kinds.NEW_LABELS),
    "one more label": ("abc.jsonl", ("data.train=abcd.jsonl",), kinds.NEW_LABELS),
    "a label in validation data": (
        "abc.jsonl",
        ("data.train=abcd.jsonl", "data.validation=null"),
        kinds.NEW_LABELS,
    ),
    "another column of labels": ("abc.jsonl", ("data.columns.label=text",), kinds.NEW_LABELS),
    "another task": ("abc.jsonl", ("task=multi-label",), kinds.TASK_CHANGED),
    "a task of numbers": ("sets.jsonl", ("task=text-classification", "data.train=abc.jsonl"), kinds.TASK_CHANGED),
    "another target": ("small.jsonl", ("data.columns.label=number", "data.train=renamed.jsonl"), kinds.NEW_LABELS),
    "another model": ("abc.jsonl", ("model.dropout=0.3",), "the model of a resumed run cannot be changed"),
}


FAST = ("other labels, as many", "another task", "another model")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in REFUSED]
)
def test_what_cannot_go_on_is_refused(ftk: Callable[..., Result], stopped: Stopped, name: str) -> None:
    train, words, reason = REFUSED[name]
    stopped(train)
    write_jsonl("renamed.jsonl", [{"text": row["text"], "number": row["score"]} for row in FILES["small.jsonl"]])
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    validation = () if any(word.startswith("data.validation") for word in words) else (f"data.validation={train}",)
    if "another target" in name or "a task of" in name:
        validation = (f"data.validation={words[-1].partition('=')[2]}",)
    result = ftk(*argv_of(train), *words, *validation, "run.resume=force", "data.unseen_labels=count", "--json")
    assert_refused(result, reason)
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_the_way_out_works(ftk: Callable[..., Result], stopped: Stopped) -> None:
    stopped("abc.jsonl")
    result = ftk(*argv_of("bcd.jsonl"), "run.resume=force")
    command = next(line for line in result.err.splitlines() if line.startswith("ftk finetune task="))
    again = ftk(*shlex.split(command)[1:], "--json")
    assert again.code == 0, again.err
    assert again.found(kinds.NEW_HEAD)
    assert json.loads(Path("run-2/best/ftk.json").read_text())["labels"] == ["pear", "plum", "quince"]


GOES_ON: dict[str, tuple[str, tuple[str, ...], list[FindingKind]]] = {
    "the same": ("abc.jsonl", (), []),
    "fewer rows, and their steps are done": (
        "abc.jsonl",
        ("data.train=fewer.jsonl",),
        [kinds.OTHER_SIZE, kinds.OTHER_EPOCH, kinds.NOTHING_LEFT, kinds.KEPT_VOCABULARY],
    ),
    "more rows": (
        "abc.jsonl",
        ("data.train=more.jsonl",),
        [kinds.OTHER_SIZE, kinds.OTHER_EPOCH, kinds.RATE_JUMPS, kinds.KEPT_VOCABULARY],
    ),
    "fewer steps than are done": ("abc.jsonl", ("train.max_steps=4",), [kinds.NOTHING_LEFT]),
    "more epochs": ("abc.jsonl", ("train.epochs=3",), [kinds.RATE_JUMPS]),
    "another rate": ("abc.jsonl", ("optimizer.lr=1e-5",), [kinds.RATE_JUMPS]),
    "another schedule": ("abc.jsonl", ("schedule=constant",), [kinds.RATE_JUMPS]),
    "another validation": ("abc.jsonl", ("data.validation=other.jsonl",), [kinds.BEST_SCORE_RESET]),
    "less of validation": (
        "abc.jsonl",
        ("data.limit={validation: 12}",),
        [kinds.BEST_SCORE_RESET, kinds.OTHER_SIZE],
    ),
    "a label is gone": (
        "abc.jsonl",
        ("data.train=ab.jsonl", "data.validation=ab.jsonl"),
        [kinds.LOST_LABELS, kinds.BEST_SCORE_RESET, kinds.KEPT_VOCABULARY],
    ),
    "numbers of another scale": (
        "small.jsonl",
        ("data.train=large.jsonl",),
        [kinds.KEPT_STATISTICS, kinds.KEPT_VOCABULARY],
    ),
}
LISTED = kinds.kinds_in(resuming)


@pytest.mark.slow
@pytest.mark.parametrize("name", GOES_ON)
def test_what_goes_on_is_listed(ftk: Callable[..., Result], stopped: Stopped, name: str) -> None:
    train, words, expected = GOES_ON[name]
    stopped(train)
    result = ftk(*argv_of(train), *words, "run.resume=force", "--json")
    assert result.code == 0, result.err
    found = {one.kind.id for one in result.findings} & LISTED.keys()
    assert found == {kind.id for kind in expected}
    metrics = json.loads(Path("run/metrics.json").read_text())
    saved = json.loads(Path("run/best/ftk.json").read_text())
    assert metrics["best_step"] == saved["step"]
    again = ftk("evaluate", "checkpoint=run/best", f"data.test={words_of(words, train)}", "run.dir=scored")
    assert again.code == 0 or "data.limit" in str(words), again.err
    if "data.limit" not in str(words):
        scored = json.loads(Path("scored/metrics.json").read_text())["test"]
        assert scored["loss"] == pytest.approx(metrics["validation"]["loss"], rel=1e-3)


def words_of(words: tuple[str, ...], train: str) -> str:
    """The file of validation."""
    named = [word.partition("=")[2] for word in words if word.startswith("data.validation=")]
    return named[0] if named else train


@pytest.mark.slow
def test_a_reset_best_score_is_not_forgotten(ftk: Callable[..., Result], stopped: Stopped) -> None:
    """Neither by a run that ends before its next save."""
    stopped("abc.jsonl")
    argv = [*argv_of("abc.jsonl", "other.jsonl"), "run.stop_after=6"]
    assert ftk(*argv, "run.resume=force").code == 0
    score = json.loads(Path("run/last/trainer.json").read_text())["progress"]["best_metrics"]
    result = ftk(*argv[:-1], "run.resume=true", "--json")
    assert result.code == 0, result.err
    assert not result.count(kinds.BEST_SCORE_RESET)
    events = [event for event in read_jsonl("run/metrics.jsonl") if event["split"] == "validation"]
    assert score["loss"] not in [event["loss"] for event in events]


@pytest.mark.slow
def test_validations_go_on_with_longer_intervals(ftk: Callable[..., Result]) -> None:
    write_files()
    assert ftk(*argv_of("abc.jsonl"), "train.eval_every=1", "run.stop_after=6").code == 0
    result = ftk(*argv_of("abc.jsonl"), "train.eval_every=4", "run.resume=force")
    assert result.code == 0, result.err
    events = read_jsonl("run/metrics.jsonl")
    assert [event["step"] for event in events if event["split"] == "validation"] == [1, 2, 3, 4, 5, 8, 12]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resume", "later", "data"),
    [
        ("true", "pos neg mid", "numbers.jsonl"),
        ("force", "pos neg mid", "numbers.jsonl"),
        ("force", "pos mid", "two.jsonl"),
        ("force", "mid pos", "two.jsonl"),
    ],
)
def test_numbers_of_labels_keep_their_names(ftk: Callable[..., Result], resume: str, later: str, data: str) -> None:
    write_files()
    write_jsonl("two.jsonl", [row for row in FILES["numbers.jsonl"] if row["label"] < 2])
    names = Path("names.txt")
    names.write_text("neg\npos\nmid\n")
    assert ftk(*argv_of("numbers.jsonl"), "task.label_names=names.txt", "run.stop_after=1").code == 0
    names.write_text("\n".join(later.split()))
    argv = [*argv_of(data), "task.label_names=names.txt"]
    result = ftk(*argv, f"run.resume={resume}", "--json")
    assert_refused(result, kinds.RENAMED_NUMBERS)


@pytest.mark.slow
def test_a_run_of_an_earlier_release_goes_on_without_names_that_no_row_has(ftk: Callable[..., Result]) -> None:
    write_files()
    argv = argv_of("numbers.jsonl")
    assert ftk(*argv, "task.label_names=[neg,pos,mid]", "run.stop_after=4").code == 0
    result = ftk(*argv, "task.label_names=[neg,pos,mid,none]", "run.resume=force")
    assert result.code == 0, result.err
    assert json.loads(Path("run/best/ftk.json").read_text())["labels"] == ["mid", "neg", "pos"]


@pytest.mark.slow
def test_the_best_model_is_scored_with_its_own_fields_by_a_later_resume(ftk: Callable[..., Result]) -> None:
    write_files()
    argv = [*argv_of("sets.jsonl"), "train.metric=loss", "optimizer.lr=1e-12"]
    assert ftk(*argv, "task.threshold=0.5", "run.stop_after=7").code == 0
    forced = [*argv, "task.threshold=0.2"]
    assert ftk(*forced, "run.stop_after=8", "run.resume=force").code == 0
    result = ftk(*forced, "run.resume=true", "--json")
    assert result.code == 0, result.err
    assert "task.threshold=0.5" in result.found(kinds.BEST_OF_OTHER_FIELDS).values["fields"]
    assert ftk("evaluate", "checkpoint=run/best", "data.test=sets.jsonl", "run.dir=scored").code == 0
    scored = json.loads(Path("scored/metrics.json").read_text())["test"]
    validation = json.loads(Path("run/metrics.json").read_text())["validation"]
    assert scored["f1_micro"] == pytest.approx(validation["f1_micro"])


@pytest.mark.slow
def test_what_was_tuned_is_no_statistic_of_a_run_that_tunes_no_more(ftk: Callable[..., Result]) -> None:
    write_files()
    assert ftk(*argv_of("sets.jsonl"), "run.stop_after=6").code == 0
    result = ftk(*argv_of("sets.jsonl"), "task.threshold=0.5", "run.resume=force", "--json")
    assert result.code == 0, result.err
    assert not result.count(kinds.KEPT_STATISTICS)


@pytest.mark.slow
def test_the_pooling_that_a_model_brought_stays(ftk: Callable[..., Result]) -> None:
    """Whatever was saved last, and with a state that lacks the files of sentence-transformers."""
    modules = [{"type": "st.models.Transformer", "path": ""}, {"type": "st.models.Pooling", "path": "1_Pooling"}]
    folder = save_model_folder(Path("m"), "bert")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode": "cls"}))
    (folder / "modules.json").write_text(json.dumps(modules))
    pairs = [{"query": f"Ada {number}", "positive": f"to Oslo {number}"} for number in range(24)]
    write_jsonl("pairs.jsonl", pairs)
    write_jsonl("some.jsonl", pairs[:12])
    tiny = [word for word in TINY if not word.startswith("model=")]
    argv = ["finetune", "task=ranking", "model=auto", "model.name=m", *tiny, "data.train=pairs.jsonl", "run.dir=run"]
    argv += ["train.max_steps=6", "train.batch_size=4", "train.eval_every=1"]
    assert ftk(*argv, "data.validation=pairs.jsonl", "run.stop_after=2").code == 0
    argv += ["data.validation=some.jsonl"]
    assert ftk(*argv, "run.stop_after=2", "run.resume=force").code == 0
    assert json.loads(Path("run/last/1_Pooling/config.json").read_text())["pooling_mode_cls_token"] is True
    manifest = json.loads(Path("run/last/ftk.json").read_text())
    for name in ("modules.json", "1_Pooling/config.json"):
        Path("run/last", name).unlink()
        del manifest["files"][name]
    Path("run/last/ftk.json").write_text(json.dumps(manifest))
    assert ftk(*argv, "run.resume=true").code == 0
    assert json.loads(Path("run/last/ftk.json").read_text())["task"]["fields"]["pooling"] == "first"


@pytest.mark.slow
def test_a_model_that_is_fitted_at_once_does_not_go_on(ftk: Callable[..., Result]) -> None:
    write_files()
    argv = ["finetune", "task=text-classification", "model=tfidf-linear", "hardware=cpu", "run.dir=run"]
    assert ftk(*argv, "data.train=abc.jsonl", "data.validation=abc.jsonl").code == 0
    result = ftk(*argv, "data.train=more.jsonl", "data.validation=abc.jsonl", "run.resume=force", "--json")
    assert_refused(result, kinds.FITTED_ONCE)
    again = ftk(*argv, "data.train=abc.jsonl", "data.validation=other.jsonl", "run.resume=force", "--json")
    assert again.code == 0, again.err
    assert again.found(kinds.BEST_SCORE_RESET)


@pytest.mark.slow
def test_early_stopping_says_why(ftk: Callable[..., Result]) -> None:
    write_files()
    result = ftk(*argv_of("abc.jsonl"), "train.patience=2", "train.epochs=20", "optimizer.lr=1e-12", "--json")
    assert result.code == 0, result.err
    found = result.found(kinds.PATIENCE_ENDED)
    assert (found.values["step"], found.values["best_step"], found.values["times"]) == (9, 3, 2)
