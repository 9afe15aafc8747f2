"""Which documents of the training texts are held out for validation."""

import numpy as np
from numpy.typing import NDArray

from ftk.config.data_choices import Documents
from ftk.config.schema import DataConfig
from ftk.errors import DataError


def held_out(size: NDArray[np.int64], prints: NDArray[np.uint64], data: DataConfig) -> NDArray[np.int64]:
    """A seeded share of the documents: at least one, and no more than the limit in tokens allows.

    Documents that occur once come first, so that training does not have them too. If no document is as small as the
    limit, it is the smallest one.

    Args:
        size: tokens of each document.
        prints: the fingerprint of the text of each.
        data: the share, the limit and the seed.

    Returns:
        The numbers of the documents, in ascending order.

    Raises:
        DataError: there is only one document.
    """
    filled = np.flatnonzero(size)  # a document may be empty after tokenization
    if len(filled) < 2:
        ends = (data.documents or Documents.blank_line).value
        raise DataError(
            "data.validation: the training text is a single document, of which none can be held out. Let "
            f"documents end elsewhere (data.documents={ends} now: blank_line, line or file), name a file, or train "
            "without (data.validation_share=0)."
        )
    _, which, copies = np.unique(prints[filled], return_inverse=True, return_counts=True)
    repeated = copies[which] > 1
    order = np.random.default_rng(data.split_seed).permutation(len(filled))
    order = filled[order[np.argsort(repeated[order], kind="stable")]]
    number = min(max(1, round(data.validation_share * len(filled))), len(filled) - 1)
    limit = data.validation_tokens
    if limit is None:
        return np.sort(order[:number])
    fits = order[size[order] <= limit][:number]
    held = fits[: int(np.searchsorted(np.cumsum(size[fits]), limit, side="right"))]
    return np.sort(held) if len(held) else order[np.argsort(size[order], kind="stable")][:1]
