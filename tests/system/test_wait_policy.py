"""Waiting threads sleep only if other programs use the processors and the user has not set a policy."""

import os

import pytest

from ftk.system.wait_policy import POLICY, CpuTime, choose_wait_policy


@pytest.mark.parametrize(
    ("used_by_all", "used_by_us", "policy"),
    [(1.0, 1.0, None), (1.1, 1.0, None), (1.9, 1.0, "PASSIVE"), (2.0, 0.0, "PASSIVE"), (0.0, 0.0, None)],
)
def test_it_depends_on_what_others_use(
    used_by_all: float, used_by_us: float, policy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POLICY, raising=False)
    monkeypatch.setattr(CpuTime, "now", classmethod(lambda cls: CpuTime(100 + used_by_all, 5 + used_by_us, 11.0)))
    choose_wait_policy(CpuTime(100.0, 5.0, 10.0))
    assert os.environ.get(POLICY) == policy


def test_what_the_user_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICY, "ACTIVE")
    monkeypatch.setattr(CpuTime, "now", classmethod(lambda cls: CpuTime(200.0, 5.0, 11.0)))
    choose_wait_policy(CpuTime(100.0, 5.0, 10.0))
    assert os.environ[POLICY] == "ACTIVE"


def test_a_system_that_does_not_tell_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(POLICY, raising=False)
    choose_wait_policy(None)
    monkeypatch.setattr(CpuTime, "now", classmethod(lambda cls: None))
    choose_wait_policy(CpuTime(100.0, 5.0, 10.0))
    assert POLICY not in os.environ


def test_our_own_use_is_part_of_what_all_use() -> None:
    before = CpuTime.now()
    if before is None:
        pytest.skip("this system does not tell what the processors do")
    while (now := CpuTime.now()) is not None and now.own - before.own < 0.2:
        pass
    assert now is not None
    assert now.all - before.all > 0.1
