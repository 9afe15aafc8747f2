"""A masked-LM head over a few positions, for any architecture: the vocabulary projection is most of a small model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ftk.errors import ModelError


def logits_at(model: nn.Module, inputs: dict[str, Tensor], positions: Tensor) -> Tensor:
    """[positions, vocabulary] logits of a masked language model at some positions only.

    The encoder runs on everything. Between it and the head, whatever that is made of, only the hidden states of the
    positions are let through, as one sequence.

    Args:
        model: a transformers model with an encoder and a head over single positions.
        inputs: of its forward.
        positions: places in the batch flattened to [batch * time].

    Raises:
        ModelError: the model's head does not work position by position.
    """
    return outputs_at(model, inputs, positions)["logits"][0]


def outputs_at(model: nn.Module, inputs: dict[str, Tensor], positions: Tensor) -> Any:
    """All that the model returns; what its head says of single positions has the shape [1, positions, …]."""
    with _let_through(model, positions):
        outputs = model(**inputs, return_dict=True)
    name = "logits" if "logits" in outputs else "prediction_logits"
    logits = outputs.get(name)
    if logits is None or logits.shape[:2] != (1, len(positions)):
        raise ModelError(
            f"{type(model).__name__} cannot be trained by masking here: its head does not read the output of "
            f"'{getattr(model, 'base_model_prefix', '')}' position by position."
        )
    if name != "logits":
        outputs["logits"] = logits
    return outputs


@contextmanager
def _let_through(model: nn.Module, positions: Tensor) -> Iterator[None]:
    encoder = getattr(model, model.base_model_prefix)  # type: ignore[call-overload]

    def select(module: nn.Module, arguments: Any, output: Any) -> Any:
        hidden = output[0]
        chosen = hidden.flatten(0, 1).index_select(0, positions).unsqueeze(0)
        if isinstance(output, tuple):
            return (chosen, *output[1:])
        output[next(iter(output))] = chosen
        return output

    handle = encoder.register_forward_hook(select)
    try:
        yield
    finally:
        handle.remove()


def keeps_documents_apart(model: nn.Module, inputs: dict[str, Tensor], alone: list[dict[str, Tensor]]) -> bool:
    """Whether documents packed into one sequence get the hidden states that each would get by itself.

    Args:
        model: the model.
        inputs: of the packed sequence, a batch of one.
        alone: inputs of each document, in the order in which they are packed.
    """
    training = model.training
    model.eval()
    encoder = getattr(model, model.base_model_prefix)  # type: ignore[call-overload]
    try:
        with torch.inference_mode():
            packed = encoder(**inputs)[0][0]
            parts = torch.cat([encoder(**document)[0][0] for document in alone])
    except torch.OutOfMemoryError:
        raise
    except (TypeError, ValueError, RuntimeError, IndexError):
        return False  # it takes no mask over pairs of positions, or no positions
    finally:
        model.train(training)
    return packed.shape == parts.shape and bool(torch.allclose(packed, parts, atol=1e-3, rtol=1e-3))
