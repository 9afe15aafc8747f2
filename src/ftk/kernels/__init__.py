"""Faster implementations of what models compute; each is tested for equality with the plain implementation."""

from ftk.kernels.embedding import train_only_seen_embeddings
from ftk.kernels.install import Unfit, install_allowed, use_fast_kernels, use_proven_kernels
from ftk.kernels.ways import prediction_ways, training_ways

__all__ = [
    "Unfit",
    "install_allowed",
    "prediction_ways",
    "train_only_seen_embeddings",
    "training_ways",
    "use_fast_kernels",
    "use_proven_kernels",
]
