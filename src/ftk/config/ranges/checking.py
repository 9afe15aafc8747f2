"""Checks of the config of `ftk check`."""

from collections.abc import Iterator

from ftk.config.mistakes import Mistake
from ftk.config.ranges.data import check_data
from ftk.config.ranges.model import check_model
from ftk.config.ranges.run import check_hardware
from ftk.config.ranges.splits import check_test_share
from ftk.config.ranges.training import check_train
from ftk.config.schema import CheckConfig


def check_checking(config: CheckConfig) -> Iterator[Mistake]:
    """All mistakes in the config that its values alone show."""
    yield from check_data(config.data)
    yield from check_test_share(config.data)
    yield from check_hardware(config.hardware)
    yield from check_train(config.train)
    if config.model is not None:
        yield from check_model(config.model)
    least = config.check.near_duplicates
    if least is not None and not 0 < least <= 1:
        yield Mistake(f"check.near_duplicates={least}", "It is a similarity above 0 and up to 1; null for none.")
    if config.task is None:
        yield Mistake("task=null", "Say what the data is for: task=ner, for instance ('ftk configs list task').")
