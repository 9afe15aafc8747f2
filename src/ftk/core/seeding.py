"""Random numbers of a training step as a function of the seed and the step: nothing to save, nothing to restore."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed_step(seed: int, step: int) -> None:
    """Seed torch for one optimizer step, so that its dropout is a function of (seed, step)."""
    torch.manual_seed(_mixed(seed, step))


@contextmanager
def drawn(seed: int, step: int, micro_batch: int, number: int) -> Iterator[None]:
    """A context with its own dropout: the n-th draw of a micro batch, a function of (seed, step, micro batch, n).

    The random numbers outside of it continue afterwards as if it had not been there.
    """
    devices = range(torch.cuda.device_count())  # none without a GPU
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(_mixed(seed, step, micro_batch, number))
        yield


def _mixed(*numbers: int) -> int:
    digest = hashlib.blake2b(":".join(map(str, numbers)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
