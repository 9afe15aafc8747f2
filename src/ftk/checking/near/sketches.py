"""Rows in a form in which those that are nearly equal are found quickly: a few numbers for each, and its text.

The minima of a row, one for each of some permutations of all shingles, are those of another row with the probability of
the Jaccard similarity of the two (Broder, On the Resemblance and Containment of Documents, 1997).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ftk.checking.near.shingles import DENSE_WIDTH, WIDTH, Hashes, form_of, hashes_of, width_of
from ftk.data.batching.permutation import mix
from ftk.errors import DataError

BANDS, IN_BAND = 16, 6
MINIMA = BANDS * IN_BAND

_FACTORS = (mix(np.arange(MINIMA, dtype=np.uint64)) | np.uint64(1)).astype(np.uint32)
"""What each permutation multiplies a shingle by: odd, so that it is a permutation of all 32-bit numbers."""
_CHARACTERS = 16_384
"""Characters that are looked at together: their shingles stay in the cache of a core."""
_IN_MEMORY = 256 * 2**20
"""Bytes of texts that are kept in memory; more are in a temporary file."""


class Sketches:
    """The sketches of rows, in the order in which they were added: some 200 bytes for each, and its text.

    Args:
        rows: how many there will be.

    Attributes:
        keys: [bands, rows] a number for the minima of each band; equal for rows whose minima are.
        parts: [rows, minima] a byte of each minimum.
        has: [rows] whether the row has shingles, and with them minima.
        forms: [rows] the hash of the row as it is compared.
        exact: [rows] the hash of the row as it is, without blanks around its texts.
    """

    def __init__(self, rows: int) -> None:
        self.keys = np.zeros((BANDS, rows), dtype=np.uint32)
        self.parts = np.zeros((rows, MINIMA), dtype=np.uint8)
        self.has = np.zeros(rows, dtype=np.bool_)
        self.forms = np.zeros(rows, dtype=np.int64)
        self.exact = np.zeros(rows, dtype=np.int64)
        self._ends = np.zeros(rows + 1, dtype=np.int64)
        self._texts: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._number = 0

    def __del__(self) -> None:
        if hasattr(self, "_texts"):  # it could be made
            self._texts.close()

    def add(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Add rows, each of one text or more.

        Raises:
            DataError: there is no room for their texts.
        """
        forms: list[str] = []
        size = 0
        for texts in rows:
            form = form_of(texts)
            at = self._number + len(forms)
            self.forms[at], self.exact[at] = hash(form), hash(tuple(map(str.strip, texts)))
            forms.append(form)
            size += len(form)
            if size >= _CHARACTERS:
                self._sketch(forms)
                forms, size = [], 0
        if forms:
            self._sketch(forms)

    def form(self, row: int) -> str:
        """The texts of a row, as they are compared."""
        self._texts.seek(self._ends[row])
        return self._texts.read(int(self._ends[row + 1] - self._ends[row])).decode("utf-8", "surrogatepass")

    def alike(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
        """[pairs] how many minima the rows of each pair share, or a few more.

        Args:
            one: [pairs] their first rows.
            other: [pairs] their second rows.
        """
        found: NDArray[np.int64] = np.count_nonzero(self.parts[one] == self.parts[other], axis=1)
        return found

    def _sketch(self, forms: list[str]) -> None:
        begin = self._number
        self._number += len(forms)
        written = [form.encode("utf-8", "surrogatepass") for form in forms]
        try:
            self._texts.write(b"".join(written))
        except OSError as error:
            raise DataError(
                f"{tempfile.gettempdir()}: temporary files for the search for near-duplicates cannot be written: "
                f"{error.strerror}. The variable TMPDIR names another folder; check.near_duplicates=null does without."
            ) from error
        ends = self._ends[begin] + np.cumsum([len(one) for one in written], dtype=np.int64)
        self._ends[begin + 1 : self._number + 1] = ends
        widths = np.fromiter(map(width_of, forms), dtype=np.int64, count=len(forms))
        for width in (WIDTH, DENSE_WIDTH):
            chosen = np.flatnonzero(widths == width)
            if len(chosen):
                self._keep(hashes_of([forms[at] for at in chosen.tolist()], width, begin + chosen))

    def _keep(self, hashes: Hashes) -> None:
        """Keep the minima of some rows."""
        if not len(hashes.texts):
            return
        minima = np.empty((MINIMA, len(hashes.texts)), dtype=np.uint32)
        turned = np.empty_like(hashes.values)
        for number, factor in enumerate(_FACTORS):
            np.multiply(hashes.values, factor, out=turned)
            np.minimum.reduceat(turned, hashes.starts, out=minima[number])
        self.has[hashes.texts] = True
        self.parts[hashes.texts] = minima.astype(
            np.uint8
        ).T  # the lowest byte; the highest ones are small, being minima
        for band in range(BANDS):
            key = np.zeros(len(hashes.texts), dtype=np.uint32)
            for one in minima[band * IN_BAND : (band + 1) * IN_BAND]:
                key ^= one
                key *= np.uint32(0x9E3779B1)
                key ^= key >> np.uint32(15)
            self.keys[band, hashes.texts] = key
