"""Standard streams that are closed, full, without a reader or some characters: the exit code says what happened."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, toy_sentences, write_conll, write_lines

FTK = shlex.join([sys.executable, "-c", "from ftk.cli import main; main()"])


def shell(command: str, **environment: str) -> tuple[int, str, str]:
    """What a command line of ``sh`` ends with; ``ftk`` in it is this ftk."""
    script = re.sub(r"\bftk(?= )", lambda _: FTK, command)  # not in the name of a folder
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **environment},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ftk help >&-", 0),
        ("ftk help 2>&-", 0),
        ("ftk help <&-", 0),
        ("ftk help <&- >&- 2>&-", 0),
        ("ftk nonsense >&- 2>&-", 1),
        ("ftk --version > /dev/full", 1),
        pytest.param("ftk predict checkpoint=none input=none >&- 2>&- <&-", 1, marks=pytest.mark.slow),
        pytest.param("ftk help data.limit > /dev/full", 1, marks=pytest.mark.slow),
        ("{ ftk help | cat; } </dev/null", 0),
    ],
)
def test_the_exit_code_is_the_documented_one(command: str, code: int) -> None:
    assert shell(command)[0] == code


def without_reader(*argv: str, stream: str = "stdout") -> int:
    """The exit code of a command that writes to a pipe whose reader is gone."""
    read, write = os.pipe()
    os.close(read)
    others = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    done = subprocess.run([*shlex.split(FTK), *argv], **{**others, stream: write}, check=False)  # type: ignore[call-overload]
    os.close(write)
    assert b"Traceback" not in (done.stderr or b"")
    return int(done.returncode)


@pytest.mark.parametrize(
    "command",
    [
        "help",
        "--version",
        pytest.param("help data.limit", marks=pytest.mark.slow),
        pytest.param("configs list", marks=pytest.mark.slow),
        pytest.param("finetune --cfg job", marks=pytest.mark.slow),
        pytest.param("finetune --help", marks=pytest.mark.slow),
        pytest.param("completion bash", marks=pytest.mark.slow),
        pytest.param("env", marks=pytest.mark.slow),
    ],
)
def test_a_reader_that_is_gone(command: str) -> None:
    assert without_reader(*command.split()) == 141


@pytest.mark.slow
def test_an_error_that_nobody_reads_keeps_its_code() -> None:
    assert without_reader("predict", "checkpoint=none", "input=none", stream="stderr") == 1


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8", "utf-16", "koi8-r"])
def test_messages_are_written_in_every_encoding(encoding: str) -> None:
    code, out, err = shell("ftk help data.columns; ftk finetune model=Größe", PYTHONIOENCODING=encoding)
    assert code == 1
    assert out
    assert err


def test_a_closed_stream_keeps_its_number() -> None:
    ready = "import os; from ftk.system.processes.streams import make_ready; make_ready()"
    script = f"{ready}; print(os.open('/dev/null', 0) > 2)"
    code = f"{shlex.join([sys.executable, '-c', f'{script}; os._exit(0 if os.open(os.devnull, 0) > 2 else 7)'])}"
    for closed in ("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"):
        assert subprocess.run(["sh", "-c", f"{code} {closed}"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import run_ftk

    folder = tmp_path_factory.mktemp("model")
    data = write_conll(folder / "train.conll", toy_sentences(8))
    assert run_ftk("finetune", *TINY, f"data.train={data}", "train.max_steps=1", f"run.dir={folder / 'run'}") == 0
    return folder / "run" / "best"


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ftk predict {model} input=in.txt output=out.jsonl >&-", 0),
        ("ftk predict {model} input=in.txt output=out.jsonl >&- 2>&- <&-", 0),
        ("ftk predict {model} input=in.txt >&-", 1),
        ("ftk predict {model} input=- <&-", 1),
        ("ftk predict {model} input=- </dev/null", 0),
        ("ftk predict {model} input=/dev/null", 0),
        ("ftk predict {model} input=in.txt >/dev/full", 1),
        ("{{ ftk predict {model} input=in.txt; echo $? >code; }} | head -1 >/dev/null; exit $(cat code)", 141),
    ],
)
def test_predict_and_evaluate_end_as_documented(model: Path, command: str, code: int) -> None:
    write_lines("in.txt", [f"Ada Berg went to Oslo {number}" for number in range(5000)])
    write_conll("t.conll", toy_sentences(8))
    assert shell(command.format(model=f"checkpoint={model}"))[0] == code
    if "output=" in command:
        assert len(Path("out.jsonl").read_text().splitlines()) == 5000


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_predict_evaluate_and_training_without_a_reader(model: Path, stream: str, flags: tuple[str, ...]) -> None:
    write_lines("in.txt", ["Ada Berg went to Oslo"] * 5000)
    data = f"data.test={write_conll('t.conll', toy_sentences(8))}"
    assert without_reader("predict", f"checkpoint={model}", "input=in.txt", *flags, stream=stream) == 141
    if stream == "stdout":
        assert without_reader("evaluate", f"checkpoint={model}", data, *flags) == 141
        assert without_reader("finetune", *TINY, "data.train=t.conll", "run.dir=run", *flags) == 141
        assert not Path("run/metrics.json").exists()


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16", "cp037"])
def test_records_are_utf8_in_every_locale(model: Path, encoding: str) -> None:
    write_lines("in.txt", ["Größe 你好 💩"])
    command = f"ftk predict checkpoint={model} input=in.txt > out.jsonl"
    assert shell(command, PYTHONIOENCODING=encoding, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")[0] == 0
    assert json.loads(Path("out.jsonl").read_text(encoding="utf-8"))["text"] == "Größe 你好 💩"


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("flags", ["", "--json", "-m run.seed=1,2"])
def test_a_training_whose_output_is_closed_saves_its_state(ftk: Callable[..., Result], flags: str) -> None:
    write_conll("train.conll", toy_sentences(40))
    argv = (*TINY, "data.train=train.conll", "train.epochs=200", "train.log_every=1", "run.dir=run", "run.curves=false")
    command = f"{{ ftk finetune {shlex.join(argv)} {flags}; echo $? >code; }} | head -30 >/dev/null; exit $(cat code)"
    code, _, err = shell(command)
    assert code == 141
    assert ("sweep.dir=run" if "-m" in flags else "run.resume=true") in err
    assert len([*Path("run").rglob("last/trainer_state.json"), *Path("run").rglob("last/ftk.json")]) >= 1
