"""Datasets of the ``datasets`` library, from the hub, its cache, or a folder."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ftk.contracts.row import Row
from ftk.data.readers.corpora.saved_datasets import is_saved_dataset, is_saved_dict, load_saved
from ftk.data.readers.names.class_names import naming_of
from ftk.data.readers.names.split_names import SPLITS
from ftk.errors import DataError, first_line
from ftk.system.network.hub_client import BrokenOff, TooBusy, bounded_or_offline
from ftk.system.network.routes import Route
from ftk.system.paths import expanded

_SPLIT_ADVICE = "A split that it does not have is left out with data.<split>=null."
_SCRIPT_ADVICE = (
    "ftk runs no program of a dataset. The hub keeps the rows of most such datasets as Parquet: data.name=<hub id> "
    "data.revision=refs/convert/parquet."
)


def read_hub(name: str, subset: str | None, revision: str | None, split: str) -> Iterator[Row]:
    """One row an example; integers of a ClassLabel column become the names of their classes.

    Args:
        name: hub id, a folder of data files, or a folder that ``save_to_disk`` wrote.
        subset: the dataset's configuration.
        revision: branch, tag or commit on the hub.
        split: ``train``, or any slice that the library understands, such as ``train[:10%]``.

    Raises:
        DataError: the dataset or the split cannot be loaded.
    """
    data = _load(name, subset, revision, split)
    for number, values in enumerate(named_rows(data), start=1):
        yield Row(values, f"{name}[{split}]", number)


def read_saved(folder: Path) -> Iterator[Row]:
    """The rows of a Dataset that ``save_to_disk`` wrote.

    Raises:
        DataError: it cannot be loaded.
    """
    for number, values in enumerate(named_rows(_undecoded(load_saved(folder))), start=1):
        yield Row(values, str(folder), number)


def named_rows(data: Any) -> Iterator[dict[str, Any]]:
    """The rows of a ``datasets.Dataset``; integers of a ClassLabel column become the names of their classes.

    -1, the number of a row without a class, becomes ``NoClass``.
    """
    namings = {column: naming for column, feature in data.features.items() if (naming := naming_of(feature))}
    for values in data.with_format(None):
        yield {column: namings[column](value) if column in namings else value for column, value in values.items()}


def dataset_fingerprint(name: str, subset: str | None, revision: str | None, split: str) -> str:
    """The library's fingerprint of a dataset, which changes whenever its files or the way they are read change.

    Raises:
        DataError: the dataset or the split cannot be loaded.
    """
    return str(_load(name, subset, revision, split)._fingerprint)


def _load(name: str, subset: str | None, revision: str | None, split: str) -> Any:
    import datasets
    import huggingface_hub

    datasets.disable_progress_bars()
    place = f"{name}[{split}]"
    folder = expanded(name)
    local = folder.is_dir() or datasets.config.HF_HUB_OFFLINE
    try:
        if is_saved_dict(folder) or is_saved_dataset(folder):
            data = _saved(folder, split, place)
        else:
            with nullcontext() if local else bounded_or_offline(name):
                data = datasets.load_dataset(
                    str(folder) if folder.is_dir() else name, subset, split=split, revision=revision
                )
    except DataError:
        raise
    except Exception as error:  # the library raises errors of many libraries below it; each ends the reading
        of_network = isinstance(error, (OSError, TooBusy, BrokenOff)) or "Timeout" in type(error).__name__
        if of_network and not local:
            route = Route.to(huggingface_hub.constants.ENDPOINT)
            advice = (
                f"The hub was asked: {route}. HF_HUB_OFFLINE=1 reads what an earlier run has fetched, and asks no hub."
            )
        else:
            advice = _SCRIPT_ADVICE if "cripts are no longer" in str(error) else _SPLIT_ADVICE
        raise DataError(
            f"{place}: the dataset cannot be loaded ({type(error).__name__}: {first_line(error)}). {advice}"
        ) from error
    return _undecoded(data)


def _undecoded(data: Any) -> Any:
    """A dataset whose images stay the bytes of their files: ftk decodes images itself, within its own bounds."""
    import datasets

    for column, feature in data.features.items():
        if isinstance(feature, (datasets.Image, datasets.Audio, datasets.Video)):
            data = data.cast_column(column, type(feature)(decode=False))
    return data


def _saved(folder: Path, split: str, place: str) -> Any:
    """One split of what ``save_to_disk`` wrote; a Dataset without the name of its split is ``train``."""
    saved = load_saved(folder)
    if not isinstance(saved, dict):
        saved = {str(saved.split or "train"): saved}
    if split not in saved:
        lacking = " ".join(f"data.{name}=null" for name in SPLITS[1:] if name not in saved)
        advice = f" Leave out what it does not have: {lacking}." if lacking else ""
        raise DataError(f"{place}: there is no such split; there is {', '.join(saved)}.{advice}")
    return saved[split]
