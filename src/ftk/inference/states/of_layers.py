"""The states that a model computes of rows, layer by layer: one vector a row and layer, to compare models by."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ftk.config.schema import DataConfig, HardwareConfig
from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.layout import HasSeveralTexts
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Batch
from ftk.core.hardware import Hardware, choose
from ftk.core.layouts import laid_out, places_apart
from ftk.data.batching.order import token_batches
from ftk.errors import ModelError
from ftk.inference.checkpoint import Checkpoint
from ftk.inference.saved_model import SavedModel
from ftk.models.forward.padding_probe import layout_of
from ftk.models.loading.load import load_weights

_READ = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "pixel_values", "pixel_mask")
"""The tensors of a batch that an encoder reads."""


class LayerStates:
    """A saved model that gives the states of its layers.

    Args:
        saved: the model folder.
        data: the data section of a config, whose max_length, stride and max_windows count.
        hardware: the hardware section of a config.

    Raises:
        ModelError: the weights are not complete, or the model has no layers between its input and its output.
    """

    def __init__(self, saved: SavedModel, data: DataConfig, hardware: HardwareConfig) -> None:
        self._saved, self._data, self._tokens = saved, data, hardware.eval_tokens
        self._checkpoint = Checkpoint.open(saved.folder, saved.trained, data)
        self._hardware: Hardware = choose(hardware)
        spec = saved.trained.task.spec
        with torch.random.fork_rng(devices=[]):  # missing weights are drawn
            loaded = load_weights(self._checkpoint.source, spec.auto_model, seed=0)
        source = self._checkpoint.source
        self._layout = self._checkpoint.layout or layout_of(
            loaded.model, source.tokenizer, spec.auto_model, source.limit
        )
        self._encoder = _encoder(loaded.model).to(self._hardware.device).eval()

    def of(self, records: Sequence[Mapping[str, Any]]) -> list[NDArray[np.float32]]:
        """For each layer, the input of the first one included, [rows, width] the mean state of the tokens of each row.

        Args:
            records: of predictions; their inputs are read.

        Raises:
            DataError: they cannot be read.
            ModelError: the encoder gives no states.
        """
        notes, task = Notes(), self._saved.trained.task
        roles = {role: role for role in task.spec.columns if role in records[0]}
        columns = {**dict.fromkeys(self._data.columns), **roles}
        rows = [Row(dict(record), "predictions", line) for line, record in enumerate(records, 1)]
        reading = Reading(columns, labelled=False, notes=notes, offsets=self._data.offsets.value)
        examples = task.predictor().read(rows, reading)
        notes.raise_errors()
        source, windows = self._checkpoint.source, self._checkpoint.windows
        features = task.predictor().features(examples, Encoding(source.processor, None, windows, notes))
        if isinstance(features, HasSeveralTexts):
            raise ModelError("its rows have several texts each, such as a query and candidates, and no state of a row.")
        sums: list[NDArray[np.float32]] = []
        numbers = np.zeros(len(records), dtype=np.float32)
        for batch in self._batches(features, len(records)):
            states, counts = self._run(batch)
            owners = features.row[np.asarray(batch.windows)]
            sums = sums or [np.zeros((len(records), state.shape[1]), dtype=np.float32) for state in states]
            for total, state in zip(sums, states, strict=True):
                np.add.at(total, owners, state)
            np.add.at(numbers, owners, counts)
        return [(total / np.maximum(numbers, 1)[:, None]).astype(np.float32) for total in sums]

    def _batches(self, features: Any, rows: int) -> Iterator[Batch]:
        numbers = np.array(features.windows_of(0, rows), dtype=np.int64)
        for places in places_apart(self._layout, features, numbers):
            for part in token_batches(numbers[places], features.lengths, self._tokens):
                batch = self._saved.trained.task.collate(features, part.tolist(), None)
                yield laid_out(batch, self._layout, features).to(self._hardware.device)

    @torch.inference_mode()
    def _run(self, batch: Batch) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
        """For each layer [windows, width] the sum of the states of each window, and [windows] of how many."""
        inputs = {name: tensor for name, tensor in batch.inputs.items() if name in _READ}
        mask = inputs.get("attention_mask")
        sums, counts = [], np.ones(len(batch.windows), dtype=np.float32)
        for state in _states(self._encoder, inputs):
            if state.ndim == 3 and mask is not None and state.shape[:2] == mask.shape:
                sums.append((state * mask[..., None]).sum(dim=1))
                counts = mask.sum(dim=1).float().cpu().numpy()
            else:  # channels of an image, or its patches
                sums.append(state.flatten(2).mean(dim=2) if state.ndim == 4 else state.mean(dim=1))
        return [one.float().cpu().numpy() for one in sums], counts


def _encoder(model: nn.Module) -> nn.Module:
    """What computes the states of a model: without its head, and without a decoder.

    Raises:
        ModelError: it has no such part.
    """
    config: Any = model.config
    encoder: Any = model.get_encoder() if getattr(config, "is_encoder_decoder", False) else model.base_model  # type: ignore[operator]
    if encoder is model or not hasattr(encoder, "forward") or config.model_type == "ftk-tfidf-linear":
        raise ModelError(f"a model of the type {config.model_type} has no layers between its input and its output.")
    found: nn.Module = encoder
    return found


def _states(encoder: nn.Module, inputs: Mapping[str, Tensor]) -> list[Tensor]:
    """The input of the first layer, and the output of each."""
    parameters = inspect.signature(encoder.forward).parameters
    several = "output_hidden_states" in parameters or any(
        one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()
    )
    known = inputs if several else {name: tensor for name, tensor in inputs.items() if name in parameters}
    embedded: list[Tensor] = []
    if not several and isinstance(table := getattr(encoder, "embeddings", None), nn.Module):
        hook = table.register_forward_hook(lambda module, arguments, output: embedded.append(output))
        output = encoder(**known)
        hook.remove()
    else:
        output = encoder(**known, **({"output_hidden_states": True} if several else {}))
    states = list(getattr(output, "hidden_states", None) or ())
    last = getattr(output, "last_hidden_state", None)
    if not states and last is not None:
        states = [*embedded, last]
    if not states:
        raise ModelError(f"{type(encoder).__name__} gives no states of its layers.")
    return states
