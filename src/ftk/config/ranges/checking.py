"""Checks of the config of `ftk check`."""

from collections.abc import Iterator

from ftk.config.choices import Init
from ftk.config.mistakes import Mistake
from ftk.config.ranges.data import check_data
from ftk.config.ranges.model import check_model
from ftk.config.ranges.run import check_hardware
from ftk.config.ranges.splits import check_test_share
from ftk.config.ranges.training import check_train
from ftk.config.schema import CheckConfig
from ftk.config.spelling.writing import as_word


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
    yield from _suspects(config)
    if config.task is None:
        yield Mistake("task=null", "Say what the data is for: task=ner, for instance ('ftk configs list task').")


def _suspects(config: CheckConfig) -> Iterator[Mistake]:
    wanted = config.suspects
    if not isinstance(wanted, bool) and not (isinstance(wanted, str) and wanted):
        yield Mistake(
            f"suspects={as_word(wanted)}", "It is true, false, or the name of a file: suspects=doubtful.jsonl."
        )
    if wanted is False and config.run is not None:
        yield Mistake(f"run={config.run}", "Only suspects=true reads the losses of a run.")
    model = config.model
    if wanted is not False and model is not None and (model.init is not Init.pretrained or model.towers):
        advice = (
            "Suspects are found by states of a pretrained encoder of texts, as model=minilm; without model by TF-IDF."
        )
        yield Mistake(f"suspects={as_word(wanted)} model.init={model.init.value}", advice)
