"""The keys of the section compare."""

from dataclasses import dataclass

from ftk.config.choices import Compared, Required, ScoredSplit


@dataclass(kw_only=True, slots=True)
class ComparingConfig:
    """How `ftk compare` compares."""

    of: Compared
    """`models`: would these models differ so on other rows? Rows are resampled; one run a side will do. `recipes`:
    would other seeds of these configs differ so, too? Needs three runs a side. `auto`: recipes if a side has several
    runs."""
    split: ScoredSplit
    """The split of run folders whose predictions are compared."""
    score: str | None
    """The score to compare, such as `f1_macro`; null: the one that chose the best model of the runs."""
    margin: float
    """The largest difference that does not matter, in points: hundredths of a score up to 1, units of one up to 100,
    per cent of an error of the first side. A difference that is within it for sure is called equivalent."""
    level: float
    """How likely an interval holds the true difference. 1 - level is the rate of false alarms."""
    resamples: int
    """How often rows are drawn."""
    require: Required | None
    """The exit code is 3 unless each side is `better` than the first; or at least `equivalent`: within the margin for
    sure, or better. null: the exit code does not depend on the verdict."""
    group: str | None
    """A key of the predictions, such as `author`: rows that share its value are drawn together. null: documents, where
    the predictions name them or the data marks them; the questions about one text; the rows of one query."""
    task: str | None
    """The task of files of predictions: `ner`; null: that of the runs beside them, or what their keys say."""
    gold: str | None
    """The key that has the gold standard in files of predictions, if it is not called as ftk calls it: `gold_label`."""
    alike: bool
    """Whether it is also said how alike the models are (do they fail on the same rows?), what was changed between the
    sides, and which rows and labels that moved."""
    examples: int
    """How many of the rows that are won, and of those that are lost, are shown."""
    cka: bool
    """Whether the layers of the models are compared as well: linear CKA of their states for the rows of the split. It
    loads the models, and takes as long as predicting."""
