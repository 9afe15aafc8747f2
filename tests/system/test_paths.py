"""``~`` and ``~name``, with and without a home folder that someone knows."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.api.sources import rows_in_memory
from ftk.errors import ConfigError, DataError
from ftk.system.cache import cache_folder
from ftk.system.paths import expanded

NOBODY = (
    "~x.csv",
    "~nobodyhere/o.jsonl",
    "~nobodyhere",
    "~Größe/x",
    "~🍐",
    "~a b/c",
    "~.",
    "~$HOME/x",
    "~-1",
    "~x=1/y",
)


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and a user that the system does not know, as in a container."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "FTK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.parametrize("path", ["a.csv", "/a/b", "", "a~b", "./~x", "a/~", "🍐", "a,b c='d'=\"e\""])
def test_other_paths_stay_as_they_are(path: str) -> None:
    assert expanded(path) == Path(path)


def test_homes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert expanded("~/x") == Path("/home/ada/x")
    assert expanded(Path("~")) == Path("/home/ada")
    user = pwd.getpwuid(os.getuid())
    assert expanded(f"~{user.pw_name}/x") == Path(user.pw_dir) / "x"


@pytest.mark.parametrize("path", NOBODY)
def test_a_user_who_is_not_there_is_refused_in_words(path: str) -> None:
    with pytest.raises(ConfigError, match="there is no user"):
        expanded(path)
    assert expanded(f"./{path}") == Path(path)


@pytest.mark.parametrize("path", NOBODY)
def test_a_file_of_this_very_name_is_meant(path: str) -> None:
    place = Path(".", path)
    place.parent.mkdir(exist_ok=True)
    place.touch()
    assert expanded(path) == Path(path)


@pytest.mark.parametrize("path", ["~", "~/x", "~/"])
def test_no_home_is_refused_in_words(no_home: None, path: str) -> None:
    with pytest.raises(ConfigError, match="HOME is not set"):
        expanded(path)


def test_a_cache_without_a_home_needs_a_name(no_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"data\.cache_dir"):
        cache_folder(None)
    assert cache_folder("here") == Path("here")
    monkeypatch.setenv("FTK_CACHE", "there")
    assert cache_folder(None) == Path("there")


@pytest.mark.parametrize(
    "words",
    [
        "finetune data.train=~x.csv",
        "finetune data.train=[~x.csv,~y.csv]",
        "finetune run.dir=~nobodyhere/run",
        "finetune model=auto model.name=~nobodyhere/model",
        "finetune model.tokenizer.name=~nobodyhere/model",
        pytest.param("finetune model=tiny data=hub data.name=~nobodyhere/data", marks=pytest.mark.slow),
        "pretrain model=tiny data.cache_dir=~nobodyhere/cache",
        "pretrain data.train=~x.txt",
        "evaluate checkpoint=~nobodyhere/best",
        "predict checkpoint=~nobodyhere/best input=x.txt",
        "predict checkpoint=best input=~x.txt",
        "predict checkpoint=best input=x.txt output=~nobodyhere/o",
        "convert ~nobodyhere/a b",
        "convert a ~nobodyhere/b",
        "configs copy ~nobodyhere/configs",
        "finetune --config-dir ~nobodyhere/configs",
    ],
)
def test_no_key_ends_in_a_traceback(ftk: Callable[..., Result], words: str) -> None:
    result = ftk(*words.split())
    assert result.code == 1
    assert "~" in result.err
    assert not [path for path in Path().iterdir() if path.name != "runs"]


def test_errors_of_rows_in_memory_need_no_home(no_home: None) -> None:
    with pytest.raises(DataError, match="a row"), rows_in_memory():
        raise DataError("a row")
