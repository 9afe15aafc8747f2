"""An encoder-decoder whose decoder writes a token of its vocabulary, or points at one of the source and copies it."""

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
    """The configs of the encoder and of the decoder, as for ``EncoderDecoderModel``."""

    model_type = "ftk-pointer-generator"


class PointerGenerator(EncoderDecoderModel):
    """What a token is, is a mixture of two distributions: over the vocabulary, and over the tokens of the source.

    The decoder's last state attends to the source once more; a token is copied with the weight that its places in the
    source have together. How much of the mixture is copied is a function of that state and of what it attends to. From
    few rows a model learns to point long before it learns to write (See, Liu and Manning 2017, "Get To The Point"; here
    over transformers, and without their coverage).
    """

    config_class = PointerGeneratorConfig
    base_model_prefix = "pointer_generator"

    def __init__(self, config: PointerGeneratorConfig) -> None:
        super().__init__(config)
        encoder: Any = config.encoder
        decoder: Any = config.decoder
        read, written = encoder.hidden_size, decoder.hidden_size
        self.query = HeadLinear(written, read)
        self.key = HeadLinear(read, read, bias=False)  # a bias would add the same to the score of each place
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
        past_key_values: Any = None,
        use_cache: bool | None = None,
        decoder_source_ids: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """``logits``: [rows, targets, vocabulary] the logarithm of the mixture, in fp32.

        Args:
            input_ids, attention_mask: [rows, time] the source.
            decoder_input_ids: [rows, targets] the tokens before those that are predicted.
            encoder_outputs: of the source, where it is read already.
            past_key_values, use_cache: as in ``EncoderDecoderModel``.
            decoder_source_ids: the same as ``input_ids``, where the source is read already.
            labels: [rows, targets] what is predicted, -100 where it is padding; there is a ``loss`` of them.
            kwargs: what else ``EncoderDecoderModel`` takes.
        """
        source = input_ids if input_ids is not None else decoder_source_ids
        if source is None:
            raise ValueError("a pointer-generator needs the tokens of the source: input_ids, or decoder_source_ids")
        if labels is not None and decoder_input_ids is None:
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        mask = torch.ones_like(source) if attention_mask is None else attention_mask
        if encoder_outputs is None:
            encoder_outputs = self.encoder(input_ids=source, attention_mask=mask, return_dict=True)
        said = super().forward(
            attention_mask=mask,
            decoder_input_ids=decoder_input_ids,
            encoder_outputs=encoder_outputs,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **{**kwargs, "output_hidden_states": True},
        )
        said.logits = self._mixed(said.logits, said.decoder_hidden_states[-1], encoder_outputs[0], source, mask)
        if labels is not None:
            said.loss = nn.functional.cross_entropy(said.logits.flatten(0, 1), labels.flatten())
        return said

    def _mixed(self, logits: Tensor, states: Tensor, read: Tensor, source: Tensor, mask: Tensor) -> Tensor:
        """[rows, targets, vocabulary] the logarithm of the mixture.

        Args:
            logits: [rows, targets, vocabulary] of the decoder.
            states: [rows, targets, decoder's size] its last ones.
            read: [rows, time, encoder's size] the states of the source.
            source: [rows, time] its tokens.
            mask: [rows, time] which of them are real.
        """
        with torch.autocast(logits.device.type, enabled=False):  # shares of a sum, which bf16 would round to nothing
            states, read = states.float(), read.float()
            scores = self.query(states) @ self.key(read).transpose(1, 2) / read.shape[-1] ** 0.5
            scores = scores.masked_fill(~mask.bool()[:, None], torch.finfo(scores.dtype).min)
            pointed = scores.softmax(-1)
            share = torch.sigmoid(self.copies(torch.cat([states, pointed @ read], -1)))
            written = logits.softmax(-1, dtype=torch.float32)
            places = source[:, None].expand(-1, states.shape[1], -1)
            tiny = torch.finfo(written.dtype).tiny
            if not torch.is_grad_enabled():  # in place: these are the largest tensors that there are
                return written.mul_(1 - share).scatter_add_(2, places, share * pointed).clamp_min_(tiny).log_()
            return (written * (1 - share)).scatter_add_(2, places, share * pointed).clamp_min(tiny).log()

    def generate(self, inputs: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
        """As ``generate`` of transformers: of the source it keeps the tokens beside what the encoder says of them."""
        source = inputs if inputs is not None else kwargs.get("input_ids")
        written: Any = super()  # which transformers types for models of its own
        return written.generate(inputs, *args, decoder_source_ids=source, **kwargs)


def register_pointer_generator() -> None:
    """Let ``AutoConfig`` and ``AutoModelForSeq2SeqLM`` open folders of such models; again and again without harm."""
    AutoConfig.register(PointerGeneratorConfig.model_type, PointerGeneratorConfig, exist_ok=True)
    AutoModelForSeq2SeqLM.register(PointerGeneratorConfig, PointerGenerator, exist_ok=True)
