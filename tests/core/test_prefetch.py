"""Steps prepared ahead are the same steps, and what fails in preparing one fails where it is used."""

import threading

import pytest

from ftk.core.prefetch import prefetch


@pytest.mark.parametrize("thread", [False, True])
def test_steps_come_in_order_from_the_first(thread: bool) -> None:
    steps = prefetch(lambda step: step * 10, 3, thread=thread)
    assert [next(steps) for _ in range(4)] == [30, 40, 50, 60]
    steps.close()
    assert not [other for other in threading.enumerate() if other.name.startswith("batches")]


def test_the_next_one_is_made_while_one_is_in_use() -> None:
    made = threading.Event()

    def prepare(step: int) -> int:
        if step == 1:
            made.set()
        return step

    steps = prefetch(prepare, 0, thread=True)
    assert next(steps) == 0
    assert made.wait(timeout=10)
    steps.close()


@pytest.mark.parametrize("thread", [False, True])
def test_a_failure_is_raised_at_its_step(thread: bool) -> None:
    def prepare(step: int) -> int:
        if step == 1:
            raise ValueError("step 1")
        return step

    steps = prefetch(prepare, 0, thread=thread)
    assert next(steps) == 0
    with pytest.raises(ValueError, match="step 1"):
        next(steps)
