"""Two processes with one output: the second is told who has it, and nobody publishes another's half."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.errors import RunError
from ftk.report.output.output_file import reserved, taken
from ftk.report.records import json_lines

NAMES = ("o.jsonl", "a,b c='d'.jsonl", "🍐.jsonl", "-o", "n" * 250)


@pytest.mark.parametrize("name", NAMES)
def test_the_second_is_told_who_has_it(name: str) -> None:
    path = Path(name)
    with reserved(path, overwrite=True, warn=pytest.fail):
        assert f"process {os.getpid()}" in str(taken(path))
        with pytest.raises(RunError, match=f"process {os.getpid()}"), reserved(path, overwrite=True, warn=pytest.fail):
            pytest.fail("two have it")
    assert taken(path) is None
    assert os.listdir() == []


def test_the_halves_of_two_are_never_one_file() -> None:
    with json_lines(Path("o.jsonl")) as first, json_lines(Path("o.jsonl")) as second:
        for number in range(1000):
            first({"first": number})
            second({"second": number})
    lines = Path("o.jsonl").read_text().splitlines()
    assert lines == [f'{{"first": {number}}}' for number in range(1000)]


def test_a_file_that_appeared_meanwhile_is_not_replaced() -> None:
    Path("o.jsonl").write_text("another's")
    with pytest.raises(RunError, match=r"run\.overwrite=true"), reserved(Path("o.jsonl"), overwrite=False, warn=print):
        pytest.fail("it is replaced")
    with reserved(Path("o.jsonl"), overwrite=True, warn=print):
        assert Path("o.jsonl").read_text() == "another's"


def test_what_killed_ones_left_is_removed() -> None:
    for name in (".o.jsonl.7-abcd.tmp", ".o.jsonl.lock", ".p.jsonl.7-abcd.tmp"):
        Path(name).write_text("")
    with reserved(Path("o.jsonl"), overwrite=False, warn=pytest.fail), json_lines(Path("o.jsonl")) as write:
        write({})
    assert sorted(os.listdir()) == [".p.jsonl.7-abcd.tmp", "o.jsonl"]


def test_standard_output_needs_no_reservation() -> None:
    with reserved(None, overwrite=False, warn=pytest.fail), reserved(None, overwrite=False, warn=pytest.fail):
        assert os.listdir() == []


def test_predict_refuses_at_once_a_file_that_another_process_writes(ftk: Callable[..., Result]) -> None:
    Path("in.txt").write_text("Rita sleeps\n")
    words = ("predict", "checkpoint=none", "input=in.txt", "output=o.jsonl")
    free = ftk(*words)
    with reserved(Path("o.jsonl"), overwrite=True, warn=pytest.fail):
        held = ftk(*words)
    assert "output=o.jsonl" not in free.err
    assert f"process {os.getpid()}" in held.err
    assert held.code == 1
