"""A dataset of a hub that cannot be reached: what was fetched before is read, and that is said."""

import time
from pathlib import Path

import pytest

from fake_hub import FakeHub, use_hub
from ftk.data.readers.hub import read_hub
from ftk.errors import DataError
from ftk.system.network.lines import shown_by


def keep(cache: Path, texts: list[str]) -> None:
    """Put a dataset into the cache of the library, as a download does."""
    import datasets
    from datasets.arrow_writer import ArrowWriter

    folder = cache / "someone___data" / "default" / "0.0.0" / "abc"
    folder.mkdir(parents=True)
    features = datasets.Features({"text": datasets.Value("string")})
    with ArrowWriter(path=str(folder / "data-train.arrow"), features=features) as writer:
        for text in texts:
            writer.write({"text": text})
        number, size = writer.finalize()
    split = {"name": "train", "num_bytes": size, "num_examples": number, "dataset_name": "data"}
    info = datasets.DatasetInfo(
        features=features,
        builder_name="parquet",
        dataset_name="data",
        config_name="default",
        version="0.0.0",
        splits=datasets.SplitDict.from_split_dict([split]),
    )
    info.write_to_directory(str(folder))


@pytest.mark.slow
def test_what_was_fetched_before_is_read_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    use_hub(FakeHub("http://127.0.0.1:9"), tmp_path / "hub", monkeypatch)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    keep(tmp_path / "datasets", ["one", "two"])
    lines: list[str] = []
    began = time.monotonic()
    with shown_by(lambda text, warning: lines.append(text)):
        rows = [row.values for row in read_hub("someone/data", None, None, "train")]
        with pytest.raises(DataError, match=r"http://127\.0\.0\.1:9"):
            list(read_hub("someone/other", None, None, "train"))
    assert rows == [{"text": "one"}, {"text": "two"}]
    assert "someone/data is taken from what was fetched before" in lines[0]
    assert time.monotonic() - began < 20
