"""What the suites that train have in common: turns, ratios, and one table of all contenders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.speed.page import Measured, gigabytes, table
from benchmarks.speed.pairs import (
    Contender,
    Ratio,
    Sample,
    column,
    median,
    padding_share,
    ratio,
    tokens_per_second,
)
from benchmarks.speed.settings import Settings

FTK = "ftk"
FTK_FP32 = "ftk, fp32"
TRAINER = "Trainer"
TRAINER_BEST = "Trainer, its best"
BARE = "bare loop"
PRODUCTS = "matrix products"

Samples = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The sizes of an encoder."""

    layers: int
    hidden: int
    intermediate: int

    @property
    def matrix(self) -> int:
        """Parameters of the layers that are multiplied with each token."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)

    def operations(self, length: float, head: float = 0.0) -> float:
        """FLOP of a forward and a backward pass for each token: 6 P + 12 L d s.

        Args:
            length: tokens that a token attends to.
            head: parameters of the head, as far as it has to see the token.
        """
        return 6 * (self.matrix + head) + 12 * self.layers * self.hidden * length


SMALL = Architecture(layers=6, hidden=384, intermediate=1536)
BASE = Architecture(layers=12, hidden=768, intermediate=3072)


def products(settings: Settings) -> Contender:
    """The contender that measures the attainable rate, in each precision that the machine has."""
    return Contender(
        name=PRODUCTS,
        module="products",
        options={
            "shape": [2048, SMALL.hidden, SMALL.intermediate],
            "precisions": ["fp32", "bf16"] if settings.bf16 else ["fp32"],
        },
    )


def ratios(samples: Samples) -> dict[str, Ratio]:
    """Real tokens a second of ftk over those of its peers, by the last part of a target's key."""

    def rates(name: str) -> list[float]:
        return column(samples[name], tokens_per_second)

    return {
        "defaults": ratio(rates(FTK), rates(TRAINER)),
        "fp32": ratio(rates(FTK_FP32), rates(TRAINER)),
        "best": ratio(rates(FTK), rates(TRAINER_BEST)),
    }


def core_cost(samples: Samples, what: str) -> Measured:
    """What the core takes beside the bare loop, as time for the same tokens."""
    found = ratio(column(samples[BARE], tokens_per_second), column(samples[FTK], tokens_per_second))
    return Measured("core", f"{what} {found.percent_above()}", found.median <= 1.03)


def contender_table(
    samples: Samples, facts: Mapping[str, Sample], ends: Mapping[str, Sample], operations: float, reached: str
) -> str:
    """One line for each contender.

    Args:
        samples: of the rounds.
        facts: what each said when it was ready.
        ends: what each said at its end.
        operations: FLOP that a real token takes.
        reached: ``f1`` or ``loss``, the key of what each reached.
    """
    rows = []
    for name in (FTK, FTK_FP32, TRAINER, TRAINER_BEST, BARE):
        rates = column(samples[name], tokens_per_second)
        precision = facts[name]["precision"]
        attainable = [sample.get(precision) for sample in samples[PRODUCTS]]
        share = "–"
        if None not in attainable:
            share = f"{median([rate * operations / top for rate, top in zip(rates, attainable, strict=True)]):.0%}"  # type: ignore[operator]
        value = ends[name].get(reached)
        rows.append(
            [
                name,
                precision,
                f"{median(rates):,.0f}",
                f"{median(column(samples[name], lambda sample: sample['seconds'] / sample['steps'])):.3f} s",
                str(ratio(rates, column(samples[TRAINER], tokens_per_second))),
                f"{padding_share(samples[name]):.1%}",
                share,
                gigabytes(max(sample["peak"] for sample in samples[name])),
                "–" if value is None else f"{value:.4f}",
            ]
        )
    head = ["", "precision", "tokens/s", "a step", f"over {TRAINER}", "padding", "of attainable", "peak memory"]
    return table([*head, {"f1": "test F1", "loss": "held-out loss"}[reached]], rows)


def attainable_line(samples: Samples) -> str:
    """The attainable rates in words."""
    first: dict[str, Any] = samples[PRODUCTS][0]
    told = [
        f"{median([sample[name] for sample in samples[PRODUCTS]]) / 1e9:,.0f} GFLOP/s in {name}"
        for name in ("fp32", "bf16")
        if name in first
    ]
    return (
        f"Attainable by matrix products of 2048 × {SMALL.hidden} × {SMALL.intermediate}, in the same rounds: "
        f"{' and '.join(told)}. The share is that of the products which the real tokens need."
    )
