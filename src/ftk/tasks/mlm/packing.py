"""Which parts of documents share a block."""

from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

_TOGETHER = 4096
"""The number of parts that are packed together, the longest first; more at once hardly save padding."""


def pack(sizes: NDArray[np.int64], capacity: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pack parts into blocks: best fit among neighbours, the longest first.

    Args:
        sizes: of the parts; none is larger than the capacity.
        capacity: of a block.

    Returns:
        The numbers of the parts in the order of the blocks; and the place in that order at which each block begins,
        with the end of the last block.
    """
    order: list[int] = []
    bounds = [0]
    for begin in range(0, len(sizes), _TOGETHER):
        part = sizes[begin : begin + _TOGETHER]
        blocks: list[list[int]] = []
        room: list[tuple[int, int]] = []  # the room left in each block, sorted
        for number in np.argsort(-part, kind="stable"):
            size = int(part[number])
            at = bisect_left(room, (size, -1))
            if at < len(room):
                left, block = room.pop(at)
                blocks[block].append(begin + int(number))
            else:
                left, block = capacity, len(blocks)
                blocks.append([begin + int(number)])
            if left - size:
                insort(room, (left - size, block))
        for members in blocks:
            order += sorted(members)
            bounds.append(len(order))
    return np.array(order, dtype=np.int64), np.array(bounds, dtype=np.int64)
