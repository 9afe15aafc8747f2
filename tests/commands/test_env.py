"""``ftk env``: what a bug report needs."""

import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest

from conftest import Result
from ftk import __version__
from ftk.config.paths import shipped_configs


def facts(text: str) -> dict[str, str]:
    return {line[:16].strip(): line[16:] for line in text.splitlines()}


@pytest.mark.torch
def test_env_names_versions_and_hardware(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTK_CONFIG_PATH", ".")
    result = ftk("env")
    assert (result.code, result.err) == (0, "")
    said = facts(result.out)
    assert said["ftk"] == __version__
    assert said["python"] == ".".join(map(str, sys.version_info[:3]))
    assert said["torch"] == version("torch")
    assert said["hydra-core"] == version("hydra-core")
    assert said["configs"] == str(shipped_configs())
    assert int(said["threads"]) >= 1
    assert said["cpu bf16"] in ("native", "not native")
    assert "none" not in said["own configs"]


def test_env_answers_where_torch_is_broken(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result = ftk("env")
    assert (result.code, result.err) == (0, "")
    said = facts(result.out)
    assert said["ftk"] == __version__
    assert said["gpus"].startswith("unknown: torch cannot be imported (")
    assert said["own configs"] == "none (FTK_CONFIG_PATH)"


@pytest.mark.parametrize(("argv", "code"), [(["--help"], 0), (["foo"], 1)])
def test_usage(ftk: Callable[..., Result], argv: list[str], code: int) -> None:
    result = ftk("env", *argv)
    assert result.code == code
    assert "usage: ftk env" in (result.err if code else result.out)
    assert not (result.out if code else result.err)
