"""Datasets of the ``datasets`` library, from the hub, its cache, or a folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftk.data.rows import Row
from ftk.errors import DataError


def read_hub(name: str, subset: str | None, revision: str | None, split: str) -> Iterator[Row]:
    """One row an example; integers of a ClassLabel column become the names of their classes.

    Args:
        name: hub id, a folder of data files, or a folder that ``save_to_disk`` wrote.
        subset: the dataset's configuration.
        revision: branch, tag or commit on the hub.
        split: ``train``, or any slice that the library understands, such as ``train[:10%]``.

    Raises:
        DataError: the dataset or the split cannot be had.
    """
    import datasets

    datasets.disable_progress_bars()
    place = f"{name}[{split}]"
    folder = Path(name).expanduser()
    try:
        if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
            saved = datasets.load_from_disk(str(folder))
            data: Any = saved[split] if isinstance(saved, datasets.DatasetDict) else saved
        else:
            data = datasets.load_dataset(name, subset, split=split, revision=revision)
    except KeyError as error:
        raise DataError(f"{place}: there is no such split; there are {', '.join(saved)}.") from error  # type: ignore
    except Exception as error:  # the library raises errors of many libraries below it; each ends the reading
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{place}: the dataset cannot be loaded ({type(error).__name__}: {reason}).") from error
    names = {column: _class_names(feature) for column, feature in data.features.items()}
    for number, values in enumerate(data, start=1):
        for column, classes in names.items():
            if classes is not None:
                values[column] = _named(values[column], classes)
        yield Row(values, place, number)


def _class_names(feature: Any) -> list[str] | None:
    inner = getattr(feature, "feature", feature)
    return getattr(inner, "names", None)


def _named(value: Any, classes: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(item, classes) for item in value]
    return classes[value] if isinstance(value, int) and 0 <= value < len(classes) else value
