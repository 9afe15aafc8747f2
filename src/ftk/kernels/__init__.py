"""Faster implementations of what models compute; each is tested for equality with the plain implementation."""

from ftk.kernels.embedding import train_only_seen_embeddings
from ftk.kernels.install import use_fast_kernels
from ftk.kernels.predicting import prepack_weights, quantize

__all__ = ["prepack_weights", "quantize", "train_only_seen_embeddings", "use_fast_kernels"]
