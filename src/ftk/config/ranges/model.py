"""Checks of the model section."""

from collections.abc import Iterator
from dataclasses import asdict

from ftk.config.choices import HeadInit, Init, TokenPooling
from ftk.config.mistakes import Mistake
from ftk.config.ranges.values import positive
from ftk.config.schema import ModelConfig
from ftk.config.spelling.writing import as_word, quoted


def check_model(model: ModelConfig) -> Iterator[Mistake]:
    if model.init is Init.pretrained and not model.name:
        yield Mistake("model.name=null", "Say which model: model.name=<hub id or folder>, or model=bert-base-cased.")
    if model.init is Init.random and not (model.name or model.config.get("model_type")):
        yield Mistake(
            "model.init=random",
            "An architecture is needed: model.config.model_type and its sizes (see 'ftk configs show model/tiny'), "
            "or model.name of a model to take the architecture from.",
        )
    if model.dropout is not None and not 0 <= model.dropout < 1:
        yield Mistake(f"model.dropout={model.dropout}", "It must be at least 0 and below 1.")
    if model.default_pooling is TokenPooling.auto:
        yield Mistake("model.default_pooling=auto", "A preset names one way: mean, first, last or pooler; or null.")
    yield from positive("model.default_lr", model.default_lr)
    if model.reinit_layers < 0:
        yield Mistake(f"model.reinit_layers={model.reinit_layers}", "It must be a number of layers, 0 or more.")
    elif model.reinit_layers and model.init is Init.random:
        advice = "All weights of this model are random already, or those of its encoders: leave the key out."
        yield Mistake(f"model.reinit_layers={model.reinit_layers}", advice)
    yield from _text_prefix(model)
    if model.towers:
        yield from _towers(model)
    else:
        yield from _tokenizer(model)


def _text_prefix(model: ModelConfig) -> Iterator[Mistake]:
    named = {name: prefix for name, prefix in asdict(model.text_prefix).items() if prefix}
    for name, prefix in named.items():
        key = f"model.text_prefix.{name}"
        if model.towers:
            advice = f"A prefix belongs to the encoder of texts: model.towers.text.text_prefix.{name}."
            yield Mistake(f"{key}={as_word(prefix)}", advice)
        elif prefix[-1:].isascii() and prefix[-1:].isalnum():
            word = quoted(f"{key}={as_word(f'{prefix}: ')}")
            yield Mistake(f"{key}={as_word(prefix)}", f"It would run into the first word; end it with a blank: {word}.")


def _towers(model: ModelConfig) -> Iterator[Mistake]:
    if set(model.towers) != {"text", "image"}:
        advice = "A model of several encoders has two: text and image, as in model=fusion."
        yield Mistake(f"model.towers={', '.join(model.towers)}", advice)
    if model.init is not Init.random:
        advice = "The weights that join the encoders are random: model.init=random. Each encoder has its own init."
        yield Mistake(f"model.init={model.init.value}", advice)
    if model.tokenizer.train is not None or model.tokenizer.name is not None or model.image_processor:
        yield Mistake(
            "model.towers", "Tokenizer and image processor belong to an encoder: model.towers.text.tokenizer."
        )
    for name, tower in model.towers.items():
        if tower.pooling is not TokenPooling.auto:
            advice = "A fusion takes the pooler of an encoder, or the mean of its tokens if it has none; leave it out."
            yield Mistake(f"model.towers.{name}.pooling={tower.pooling.value}", advice)
        if tower.towers or tower.freeze:
            advice = f"An encoder has neither towers nor freeze; model.freeze=[towers.{name}] freezes it."
            yield Mistake(f"model.towers.{name}", advice)
            continue
        if tower.head_init is HeadInit.probe:
            yield Mistake(f"model.towers.{name}.head_init=probe", "An encoder has no head; leave it out.")
        for mistake in check_model(tower):
            yield Mistake(mistake.what.replace("model.", f"model.towers.{name}.", 1), mistake.advice)


def _tokenizer(model: ModelConfig) -> Iterator[Mistake]:
    tokenizer = model.tokenizer
    if tokenizer.train is None:
        if tokenizer.name is None and model.name is None and model.init is Init.random and not model.image_processor:
            yield Mistake(
                "model.tokenizer.train=null",
                "A model without a name has no tokenizer: learn one (wordpiece, bpe or unigram), or name one "
                "(model.tokenizer.name).",
            )
        return
    what = f"model.tokenizer.train={tokenizer.train.value}"
    if tokenizer.name is not None:
        yield Mistake(f"{what} model.tokenizer.name={tokenizer.name}", "Learn a vocabulary, or name one: not both.")
    if model.init is Init.pretrained:
        yield Mistake(what, "Pretrained weights belong to the vocabulary that they were trained with; see model.init.")
    yield from positive("model.tokenizer.vocab_size", tokenizer.vocab_size)
    yield from positive("model.tokenizer.max_characters", tokenizer.max_characters)
    known = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    for name, token in tokenizer.special_tokens.items():
        if name not in known:
            advice = f"A learned vocabulary has {', '.join(known)}; others go to model.tokenizer.extra_tokens."
            yield Mistake(f"model.tokenizer.special_tokens.{name}={token}", advice)
    words = [*tokenizer.special_tokens.values(), *tokenizer.extra_tokens]
    for word in words:
        if not isinstance(word, str) or not word.strip():
            yield Mistake(f"model.tokenizer: special token {word!r}", "A token is a text that is not empty.")
    if len({str(word) for word in words}) < len(words):
        yield Mistake(f"model.tokenizer: special tokens {words}", "Each of them must be different.")
