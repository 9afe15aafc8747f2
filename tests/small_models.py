"""Random models of many architectures in folders, with tokenizers of every kind, as if from a hub."""

from pathlib import Path
from typing import Any

WORDS = [
    "Ada",
    "Boris",
    "Chen",
    "Dora",
    "Berg",
    "went",
    "to",
    "Oslo",
    "Lima",
    "Accra",
    "by",
    "slow",
    "train",
    "again",
    ".",
    "hello",
    "world",
]
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "bert": {**_SIZES, "max_position_embeddings": 64},
    "roberta": {**_SIZES, "max_position_embeddings": 66},
    "xlm-roberta": {**_SIZES, "max_position_embeddings": 66},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64},
    "electra": {**_SIZES, "embedding_size": 16, "max_position_embeddings": 64},
    "modernbert": {**_SIZES, "max_position_embeddings": 64, "global_attn_every_n_layers": 2, "local_attention": 16},
    "deberta-v2": {**_SIZES, "max_position_embeddings": 64, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "albert": {**_SIZES, "embedding_size": 16, "max_position_embeddings": 64},
    "mpnet": {**_SIZES, "max_position_embeddings": 66},
}
TOKENIZERS = {
    "bert": "wordpiece",
    "distilbert": "wordpiece",
    "electra": "wordpiece",
    "roberta": "bytes",
    "modernbert": "bytes",
    "mpnet": "wordpiece",
    "xlm-roberta": "unigram",
    "deberta-v2": "unigram",
    "albert": "unigram",
}


def make_tokenizer(kind: str) -> Any:
    """A fast tokenizer that knows WORDS; 'bytes' is byte-level BPE without a space put before the text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    from ftk.config.choices import Normalization, Vocabulary
    from ftk.config.schema import TokenizerConfig
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    texts = [" ".join(WORDS)] * 4
    if kind == "wordpiece":
        settings = TokenizerConfig(
            name=None,
            train=Vocabulary.wordpiece,
            vocab_size=300,
            lowercase=False,
            normalization=Normalization.none,
            special_tokens={},
            extra_tokens=[],
            max_characters=10**6,
        )
        return learn_tokenizer(texts, settings, max_length=10**9)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer: Any
    if kind == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=120, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", **names
    )


def save_model_folder(folder: Path, architecture: str, auto_model: str = "AutoModel", **changes: Any) -> Path:
    """A folder with config, random weights and tokenizer; 'AutoModel' is an encoder without a head."""
    import torch
    import transformers

    torch.manual_seed(0)
    tokenizer = make_tokenizer(TOKENIZERS[architecture])
    values = {**ARCHITECTURES[architecture], "vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    config = transformers.AutoConfig.for_model(architecture, **{**values, **changes})
    getattr(transformers, auto_model).from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
