"""Faster implementations of what models compute; each is tested for equality with the plain implementation."""

from ftk.kernels.embedding import train_only_seen_embeddings
from ftk.kernels.install import Unfit, use_fast_kernels, use_proven_kernels
from ftk.kernels.predicting import prepack_weights, quantize
from ftk.kernels.ways import prediction_ways, training_ways

__all__ = [
    "Unfit",
    "prediction_ways",
    "prepack_weights",
    "quantize",
    "train_only_seen_embeddings",
    "training_ways",
    "use_fast_kernels",
    "use_proven_kernels",
]
