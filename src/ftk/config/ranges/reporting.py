"""Checks of the config of `ftk report`."""

from collections.abc import Iterator

from ftk.config.mistakes import Mistake
from ftk.config.schema import ReportConfig
from ftk.config.spelling.writing import as_word

_SPLITS = ("test", "validation")


def check_reporting(config: ReportConfig) -> Iterator[Mistake]:
    """All mistakes in the config that its values alone show."""
    report = config.report
    if report.split is not None and report.split not in _SPLITS:
        yield Mistake(f"report.split={report.split}", f"Only these splits have predictions: {' and '.join(_SPLITS)}.")
    if report.output is not None and not report.output:
        yield Mistake("report.output=", "Name the file to write: report.output=<file>.")
    if config.explain and not report.texts:
        yield Mistake(
            "explain=true report.texts=false",
            "Explanations are of the words of texts, and the page is to have no texts; leave out one of the two keys.",
        )
    slices = report.slices if isinstance(report.slices, list) else [report.slices]
    if not all(isinstance(one, str) and one for one in slices):
        yield Mistake(f"report.slices={as_word(report.slices)}", "Name columns of the data: report.slices=[source].")
