import json
from pathlib import Path

import pytest

from ftk.cli import run
from ftk.commands.run_words import run_words
from ftk.errors import RunError


def test_what_exists_is_a_path_and_the_rest_are_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "seed=2", "configs"):
        (tmp_path / name).mkdir()
    words = run_words(["a", "compare.margin=0.5", "seed=2", "--config-dir", "configs", "--", "b", "-m"])
    assert words.groups == ((Path("a"), Path("seed=2")), (Path("b"),))
    assert words.keys == ("compare.margin=0.5", "--config-dir", "configs", "-m")


def test_a_folder_that_is_not_there_is_named_with_the_one_that_is_like_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs-of-may").mkdir()
    with pytest.raises(RunError, match="runs-of-may"):
        run_words(["runs-of-mai"])


def test_a_long_value_is_a_key(tmp_path):
    word = f"data.train={'x' * 5000}"
    assert run_words([word]).keys == (word,)


def test_json_may_stand_before_the_command(capsys):
    assert run(["--json", "sweep", "nowhere"]) == 1
    assert json.loads(capsys.readouterr().err)["type"] == "error"
