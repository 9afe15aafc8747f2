"""The distinct texts of queries and candidates, each with a number, and with the prefix of its role before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ftk.contracts.text_prefix import TextPrefix
from ftk.data.batching.features import Ragged
from ftk.data.examples.rankings import RankingExample
from ftk.data.text.text_windows import TextEncoder
from ftk.tasks.ranking.policies import ROLES


class NumberedTexts:
    """Numbers texts in the order in which rows name them. A text that is both a query and a candidate has two numbers
    if the model has different prefixes for the two, else one.

    Args:
        examples: whose texts are numbered.
        prefix: of the model.
        first: the number of the first text.
    """

    def __init__(self, examples: Iterable[RankingExample], prefix: TextPrefix, first: int) -> None:
        self._of_role = {role: getattr(prefix, role) for role in ROLES}
        self._numbers: dict[tuple[str, str], int] = {}
        for example in examples:
            for role, texts in zip(ROLES, ((example.query,), example.candidates), strict=True):
                for text in texts:
                    self._numbers.setdefault((self._of_role[role], text), first + len(self._numbers))

    def __iter__(self) -> Iterator[str]:
        return (text for _, text in self._numbers)

    def query(self, text: str) -> int:
        """The number of a query."""
        return self._numbers[self._of_role["query"], text]

    def candidate(self, text: str) -> int:
        """The number of a candidate."""
        return self._numbers[self._of_role["candidate"], text]

    def tokens(self, encoder: TextEncoder) -> Ragged:
        """The sub-words of each text, by its number."""
        found = {}
        for prefix, role in {prefix: role for role, prefix in self._of_role.items()}.items():
            own = [text for before, text in self._numbers if before == prefix]
            found[prefix] = encoder.tokens(own, role=role)
        return Ragged.of([next(found[prefix])[0] for prefix, _ in self._numbers])
