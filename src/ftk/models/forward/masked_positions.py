"""Runs a masked-LM head at a few positions only, for any architecture.

In a small model, the vocabulary projection is most of the computation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ftk.errors import ModelError


def logits_at(model: nn.Module, inputs: dict[str, Tensor], positions: Tensor) -> Tensor:
    """Logits of a masked language model at some positions only, [positions, vocabulary].

    The encoder runs on all tokens. Only the hidden states of the positions are passed on to the head, as one sequence.

    Args:
        model: a transformers model with an encoder and a head that works position by position.
        inputs: arguments of its forward.
        positions: indices into the batch flattened to [batch * time].

    Raises:
        ModelError: the model's head does not work position by position.
    """
    return outputs_at(model, inputs, positions)["logits"][0]


def outputs_at(model: nn.Module, inputs: dict[str, Tensor], positions: Tensor) -> Any:
    """The full output of the model; the head's output for the positions has the shape [1, positions, …]."""
    with _select_positions(model, positions, inputs["input_ids"].shape):
        outputs = model(**inputs, return_dict=True)
    name = "logits" if "logits" in outputs else "prediction_logits"
    logits = outputs.get(name)
    if logits is None or logits.shape[:2] != (1, len(positions)):
        raise ModelError(
            f"{type(model).__name__} cannot be trained by masking: its head does not process the output of "
            f"'{getattr(model, 'base_model_prefix', '')}' position by position."
        )
    if name != "logits":
        outputs["logits"] = logits
    return outputs


@contextmanager
def _select_positions(model: nn.Module, positions: Tensor, shape: torch.Size) -> Iterator[None]:
    encoder = getattr(model, model.base_model_prefix)  # type: ignore[call-overload]

    def select(module: nn.Module, arguments: Any, output: Any) -> Any:
        hidden = output[0]
        if hidden.shape[:2] != shape:
            raise ModelError(
                f"{type(model).__name__} cannot be trained by masking: its encoder gives no state for each token."
            )
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
    """Whether documents packed into one sequence get the same hidden states as each document alone.

    Args:
        model: the model.
        inputs: of the packed sequence, a batch of one.
        alone: inputs of each document, in the order of packing.
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
        return False  # the model accepts no mask over pairs of positions, or no position ids
    finally:
        model.train(training)
    return packed.shape == parts.shape and bool(torch.allclose(packed, parts, atol=1e-3, rtol=1e-3))
