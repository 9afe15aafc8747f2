"""An encoder-decoder that generates a token from its vocabulary or copies one from the source."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    EncoderDecoderConfig,
    EncoderDecoderModel,
)
from transformers.modeling_outputs import Seq2SeqLMOutput

from ftk.kernels.head import HeadLinear


class PointerGeneratorConfig(EncoderDecoderConfig):
    """The configs of the encoder and the decoder, as for ``EncoderDecoderModel``."""

    model_type = "ftk-pointer-generator"


class PointerGenerator(EncoderDecoderModel):
    """Predicts each token from a mixture of two distributions: over the vocabulary, and over the tokens of the source.

    The decoder's last state attends to the source once more; the copy probability of a token is the sum of the
    attention weights of its positions in the source. The share of copying is computed from that state and the attended
    source. With few rows a model learns to copy long before it learns to generate (See, Liu and Manning 2017, "Get To
    The Point"; here with transformers and without their coverage loss).
    """

    config_class = PointerGeneratorConfig
    base_model_prefix = "pointer_generator"

    def __init__(self, config: PointerGeneratorConfig) -> None:
        super().__init__(config)
        encoder: Any = config.encoder
        decoder: Any = config.decoder
        read, written = encoder.hidden_size, decoder.hidden_size
        self.query = HeadLinear(written, read)
        self.key = HeadLinear(read, read, bias=False)  # a bias would add the same amount to the score of each position
        self.copies = HeadLinear(read + written, 1)
        for layer in (self.query, self.key, self.copies):
            nn.init.normal_(layer.weight, std=decoder.initializer_range)
        for layer in (self.query, self.copies):
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: Any = None,
        decoder_source_ids: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """Returns ``logits``, [rows, targets, vocabulary]: the logarithm of the mixture, in fp32.

        Args:
            input_ids, attention_mask: [rows, time] of the source.
            decoder_input_ids: [rows, targets] the tokens before the predicted ones.
            encoder_outputs: of the source, if it is encoded already.
            decoder_source_ids: the same as ``input_ids``, if the source is encoded already.
            labels: [rows, targets] with -100 for padding; if given, the output has a ``loss``.
            kwargs: further arguments of ``EncoderDecoderModel``; the cache among them, because its name differs
                between the versions of transformers.
        """
        source = input_ids if input_ids is not None else decoder_source_ids
        if source is None:
            raise ValueError("a pointer-generator needs the tokens of the source: input_ids or decoder_source_ids")
        if labels is not None and decoder_input_ids is None:
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        mask = torch.ones_like(source) if attention_mask is None else attention_mask
        if encoder_outputs is None:
            encoder_outputs = self.encoder(input_ids=source, attention_mask=mask, return_dict=True)
        output = super().forward(
            attention_mask=mask,
            decoder_input_ids=decoder_input_ids,
            encoder_outputs=encoder_outputs,
            **{**kwargs, "output_hidden_states": True},
        )
        output.logits = self._mixed(output.logits, output.decoder_hidden_states[-1], encoder_outputs[0], source, mask)
        if labels is not None:
            output.loss = nn.functional.cross_entropy(output.logits.flatten(0, 1), labels.flatten())
        return output

    def _mixed(self, logits: Tensor, states: Tensor, read: Tensor, source: Tensor, mask: Tensor) -> Tensor:
        """The logarithm of the mixture, [rows, targets, vocabulary].

        Args:
            logits: [rows, targets, vocabulary] of the decoder.
            states: [rows, targets, decoder size] last states of the decoder.
            read: [rows, time, encoder size] states of the source.
            source: [rows, time] token ids of the source.
            mask: [rows, time] true for real tokens.
        """
        with torch.autocast(logits.device.type, enabled=False):  # bf16 would round small shares of the sum to 0
            states, read = states.float(), read.float()
            scores = self.query(states) @ self.key(read).transpose(1, 2) / read.shape[-1] ** 0.5
            scores = scores.masked_fill(~mask.bool()[:, None], torch.finfo(scores.dtype).min)
            pointed = scores.softmax(-1)
            share = torch.sigmoid(self.copies(torch.cat([states, pointed @ read], -1)))
            written = logits.softmax(-1, dtype=torch.float32)
            places = source[:, None].expand(-1, states.shape[1], -1)
            tiny = torch.finfo(written.dtype).tiny
            if not torch.is_grad_enabled():  # in place, because these are the largest tensors
                return written.mul_(1 - share).scatter_add_(2, places, share * pointed).clamp_min_(tiny).log_()
            return (written * (1 - share)).scatter_add_(2, places, share * pointed).clamp_min(tiny).log()

    def generate(self, inputs: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
        """Like ``generate`` of transformers, but also passes the tokens of the source to the decoder."""
        source = inputs if inputs is not None else kwargs.get("input_ids")
        written: Any = super()  # transformers types it for its own models
        return written.generate(inputs, *args, decoder_source_ids=source, **kwargs)


def register_pointer_generator() -> None:
    """Registers the model with ``AutoConfig`` and ``AutoModelForSeq2SeqLM``; may be called repeatedly."""
    AutoConfig.register(PointerGeneratorConfig.model_type, PointerGeneratorConfig, exist_ok=True)
    AutoModelForSeq2SeqLM.register(PointerGeneratorConfig, PointerGenerator, exist_ok=True)
