"""Predictions of pipes come as their lines do, and a stopped prediction goes on where it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, assert_refused, read_jsonl, run_ftk, toy_sentences, write_conll, write_jsonl
from data_helpers import standard_input
from ftk.contracts import finding_kinds as kinds
from ftk.inference import pipeline

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    data = write_conll(folder / "train.conll", toy_sentences(8))
    assert run_ftk("finetune", *TINY, f"data.train={data}", "train.max_steps=1", f"run.dir={folder / 'run'}") == 0
    return folder / "run" / "best"


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 64 rows, each of which is written down."""
    monkeypatch.setattr(pipeline.Predictions.examples, "__kwdefaults__", {**_DEFAULTS, "at_once": 64})
    monkeypatch.setattr("ftk.report.output.partial_output._SECONDS", 0.0)
    for name in ("_GAP", "_LONGEST"):  # so that rows of a pipe come in full parts on a busy machine, too
        monkeypatch.setattr(f"ftk.inference.arriving.{name}", 10.0)


_DEFAULTS = pipeline.Predictions.examples.__kwdefaults__
ROWS = [{"id": number, "text": f"Ada Berg went to Oslo, number {number}"} for number in range(300)]


@pytest.fixture
def process(checkpoint: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A ``ftk predict`` that reads standard input."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from ftk.cli import main; main()", "predict", f"checkpoint={checkpoint}"]
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(
                [*command, "input=-", *argv], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, bufsize=0
            )
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        with one:  # closes its pipes
            pass


LINES = {
    "auto": (b"Rita sleeps\n", b"Ada too\n"),
    "text": (b"Rita sleeps\n", "Größe\n".encode("cp1252")),
    "jsonl": (b'{"text": "Rita sleeps"}\n', b'{"text": "Ada too"}\n'),
    "csv": (b"id,text\n1,Rita sleeps\n", b"2,Ada too\n"),
    "conll": (b"Rita\nsleeps\n\n", b"Ada\ntoo\n\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("format", LINES)
def test_a_record_comes_when_its_line_has_come(process: Callable[..., Any], format: str) -> None:
    running = process(f"data={format}", "data.bad_rows=keep")
    for line in LINES[format] * (2 if format == "text" else 1):
        running.stdin.write(line)
        assert json.loads(running.stdout.readline())  # the pipe stays open: waiting for more would be for ever
    running.stdin.close()
    assert running.stdout.read() == b""
    assert running.wait() == 0


@pytest.mark.slow
def test_a_first_line_that_cannot_be_used_does_not_end_a_pipe(process: Callable[..., Any]) -> None:
    running = process("data=jsonl", "data.bad_rows=keep")
    for line, key in ((b'{"text": 7}\n', "error"), (b'{"text": "Rita sleeps"}\n', "entities")):
        running.stdin.write(line)
        assert key in json.loads(running.stdout.readline())
    running.stdin.close()
    assert running.wait() == 0


@pytest.mark.usefixtures("small_parts")
def test_a_pipe_of_bad_rows_alone_is_refused(ftk: Callable[..., Result], checkpoint: Path) -> None:
    with standard_input(b'{"txt": "Rita"}\n{"txt": "Ada"}\n'):
        result = ftk("predict", f"checkpoint={checkpoint}", "input=-", "data.bad_rows=keep", "--json")
    assert_refused(result, kinds.MISSING_TEXT_OR_TOKENS, count=2)


@pytest.mark.slow
def test_a_pipe_that_stays_open_and_a_signal(process: Callable[..., Any]) -> None:
    running = process()
    running.stdin.write(b"Rita sleeps\n")
    running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 143


def test_rows_before_a_bad_one_of_a_pipe_are_predicted(ftk: Callable[..., Result], checkpoint: Path) -> None:
    with standard_input(b'{"text": "Rita"}\n{"text": 7\n'):
        result = ftk("predict", f"checkpoint={checkpoint}", "input=-", "data=jsonl", "--json")
    assert_refused(result, "data.bad_rows=keep")
    assert [json.loads(line)["text"] for line in result.out.splitlines() if '"type"' not in line] == ["Rita"]


def test_findings_about_a_pipe_are_reported(ftk: Callable[..., Result], checkpoint: Path) -> None:
    with standard_input(b'{"text": "Rita"}\n{"text": 7}\n'):
        result = ftk("predict", f"checkpoint={checkpoint}", "input=-", "data.bad_rows=keep", "--json")
    assert result.code == 0
    assert result.found(kinds.STREAM_OF_OBJECTS)
    assert result.count(kinds.BAD_ROW) == 1


def _stopped_after(rows: int, monkeypatch: pytest.MonkeyPatch, stop: Callable[[], None]) -> None:
    """Let a prediction stop when so many rows have a record."""
    records, done = pipeline.Predictions.records, 0

    def counted(self: Any, examples: Any, notes: Any) -> Iterator[Any]:
        nonlocal done
        for record in records(self, examples, notes):
            if done == rows:
                stop()
            done += 1
            yield record

    monkeypatch.setattr(pipeline.Predictions, "records", counted)


def _fail() -> None:
    raise OSError("the disk went away")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("format", ["jsonl", "stdin"])
@pytest.mark.parametrize("stop", [_fail, lambda: signal.raise_signal(signal.SIGTERM)])
def test_a_stopped_prediction_goes_on(
    ftk: Callable[..., Result], checkpoint: Path, format: str, stop: Callable[[], None]
) -> None:
    write_jsonl("in.jsonl", ROWS)
    content = Path("in.jsonl").read_bytes()

    def predict(output: str, *argv: str) -> Result:
        source = "-" if format == "stdin" else "in.jsonl"
        with standard_input(content):
            return ftk("predict", f"checkpoint={checkpoint}", f"input={source}", f"output={output}", *argv, "--json")

    assert predict("whole.jsonl").code == 0
    for rows in (100, 120):
        with pytest.MonkeyPatch.context() as patch:
            _stopped_after(rows, patch, stop)
            assert predict("out.jsonl", "run.resume=true").code in (1, 143)
        assert not Path("out.jsonl").exists()
        assert len(read_jsonl("out.jsonl.part")) >= rows // 64 * 64
    assert_refused(predict("out.jsonl"), "run.resume=true goes on")
    with Path("out.jsonl.part").open("a") as part:
        part.write('{"id": 7')  # as a process leaves it that is killed
    resumed = predict("out.jsonl", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "going on after 128 rows" in resumed.texts
    assert Path("out.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    assert {path.name for path in Path().iterdir()} - {"cache"} == {"in.jsonl", "whole.jsonl", "out.jsonl"}


@pytest.mark.usefixtures("small_parts")
def test_what_a_prediction_cannot_go_on_with(
    ftk: Callable[..., Result], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl("in.jsonl", ROWS)
    argv = [f"checkpoint={checkpoint}", "output=out.jsonl", "--json"]
    with pytest.MonkeyPatch.context() as patch:
        _stopped_after(100, patch, _fail)
        assert ftk("predict", *argv, "input=in.jsonl").code == 1
    left = Path("out.jsonl.part").read_bytes(), Path(".out.jsonl.part.state").read_bytes()
    argv.append("run.resume=true")
    write_jsonl("fewer.jsonl", ROWS[:50])
    assert_refused(ftk("predict", *argv, "input=fewer.jsonl"), "the input has 50 rows")
    write_jsonl("others.jsonl", [{"id": 0, "text": "another"}, *ROWS[1:]])
    assert_refused(ftk("predict", *argv, "input=others.jsonl"), "are others now")
    assert_refused(ftk("predict", *argv, "input=in.jsonl", "hardware.precision=fp32"), "precision: was")
    assert_refused(ftk("predict", *argv, "input=in.jsonl", "run.overwrite=true"), "not both")
    assert_refused(ftk("predict", *argv[:-1], "run.resume=force", "input=in.jsonl"), "run.resume=true")
    assert_refused(ftk("predict", argv[0], "run.resume=true", "input=in.jsonl", "--json"), "output=<file>")
    assert left == (Path("out.jsonl.part").read_bytes(), Path(".out.jsonl.part.state").read_bytes())
    Path(".out.jsonl.part.state").write_text("{")
    for key in ("run.resume=true", "run.overwrite=true"):
        assert_refused(ftk("predict", *argv[:-1], key, "input=in.jsonl"), "missing or damaged")
    Path(".out.jsonl.part.state").write_bytes(left[1])
    assert ftk("predict", *argv[:-1], "run.overwrite=true", "input=fewer.jsonl").code == 0
    assert len(read_jsonl("out.jsonl")) == 50
    assert {path.name for path in Path().glob("*out*")} | {path.name for path in Path().glob(".out*")} == {"out.jsonl"}


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_an_output_that_another_process_writes(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_jsonl("in.jsonl", ROWS)
    argv = [f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl"]
    with pytest.MonkeyPatch.context() as patch:
        _stopped_after(100, patch, _fail)
        assert ftk("predict", *argv).code == 1
    script = (
        "import sys\nfrom pathlib import Path\nfrom ftk.system.locks import lock_name\n"
        "with lock_name(Path('out.jsonl'), warn=print):\n    print(True, flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        for key in ("run.resume=true", "run.overwrite=true", "run.resume=false"):
            assert_refused(ftk("predict", *argv, key, "--json"), f"process {holder.pid}")
        holder.communicate()
    assert ftk("predict", *argv, "run.resume=true").code == 0


def test_an_output_that_is_piped_is_written_as_it_is(ftk: Callable[..., Result], checkpoint: Path) -> None:
    os.mkfifo("out")
    assert_refused(
        ftk("predict", f"checkpoint={checkpoint}", "input=in.jsonl", "output=out", "--json"), "no regular file"
    )


@pytest.mark.usefixtures("small_parts")
def test_bad_rows_that_are_kept_from_some_row_on(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_jsonl("in.jsonl", [*ROWS[:100], {"id": 100, "text": 7}, *ROWS[100:]])
    argv = [f"checkpoint={checkpoint}", "input=in.jsonl", "output=out.jsonl", "--json"]
    assert_refused(ftk("predict", *argv), "data.bad_rows=keep")
    argv += ["run.resume=true", "data.bad_rows=keep"]
    with pytest.MonkeyPatch.context() as patch:
        _stopped_after(200, patch, _fail)
        stopped = ftk("predict", *argv)
    assert "the disk went away" in stopped.texts
    with Path(".out.jsonl.part.state").open("a") as state:
        state.write('{"rows": 2')  # as a full disk leaves it
    with pytest.MonkeyPatch.context() as patch:
        _stopped_after(10, patch, _fail)
        assert "the disk went away" in ftk("predict", *argv).texts
    resumed = ftk("predict", *argv)
    assert resumed.code == 0, resumed.err
    assert ftk("predict", *argv[:2], "output=whole.jsonl", "data.bad_rows=keep").code == 0
    assert Path("out.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


def test_jobs_of_a_sweep_write_a_file_each(ftk: Callable[..., Result], checkpoint: Path) -> None:
    write_jsonl("in.jsonl", ROWS[:8])
    line = ["predict", "-m", f"checkpoint={checkpoint}", "input=in.jsonl", "predict.scores=all,1", "--json"]
    for key in ("run.overwrite=true", "run.overwrite=false"):
        assert_refused(ftk(*line, "output=out.jsonl", key), "Several jobs would write this file")
    assert not Path("out.jsonl").exists()
    result = ftk(*line, "output=out-${hydra:job.num}.jsonl")
    assert result.code == 0, result.err
    assert all(one.startswith('{"type": ') for one in result.err.splitlines())
    assert [len(read_jsonl(f"out-{number}.jsonl")) for number in (0, 1)] == [8, 8]
