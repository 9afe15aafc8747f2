"""Registers the small models with transformers' auto classes, and lists the tasks of each."""

_TEXTS = ("AutoModelForSequenceClassification",)
_TOKENS = ("AutoModelForTokenClassification", "AutoModelForEntityStart", "AutoModelForEntitySpans")
_VECTORS = ("AutoModelForTextVector",)
HEADS = {
    "ftk-cnn": (*_TEXTS, *_VECTORS),
    "ftk-bilstm": (*_TEXTS, *_TOKENS, *_VECTORS),
    "ftk-cnn-lstm": (*_TEXTS, *_VECTORS),
    "ftk-fasttext-bag": (*_TEXTS, *_VECTORS),
    "ftk-tfidf-linear": _TEXTS,
}
"""Auto classes of each small model by its ``model_type``; available before torch is imported."""
_OF_TEXTS = "text-classification, multi-label, regression and ranking"
LEARNS = dict.fromkeys(HEADS, _OF_TEXTS) | {
    "ftk-bilstm": "text-classification, multi-label, regression, ranking, token-classification, ner and relation",
    "ftk-tfidf-linear": "text-classification, multi-label and regression",
}
"""Names of the tasks that each supports, for messages."""
FITTED = ("ftk-tfidf-linear",)
"""Small models that are fitted in one go, without optimizer steps."""


def register_small_models() -> None:
    """Registers the small models with the auto classes of transformers; may be called repeatedly."""
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoModelForTokenClassification

    from ftk.models.architectures.small.bilstm import (
        BilstmConfig,
        BilstmForSequenceClassification,
        BilstmForTokenClassification,
        BilstmModel,
    )
    from ftk.models.architectures.small.cnn import CnnConfig, CnnForSequenceClassification, CnnModel
    from ftk.models.architectures.small.cnn_lstm import CnnLstmConfig, CnnLstmForSequenceClassification, CnnLstmModel
    from ftk.models.architectures.small.fasttext_bag import (
        FasttextBagConfig,
        FasttextBagForSequenceClassification,
        FasttextBagModel,
    )
    from ftk.models.architectures.small.tfidf_linear import TfidfLinearConfig, TfidfLinearForSequenceClassification

    for config in (CnnConfig, BilstmConfig, CnnLstmConfig, FasttextBagConfig, TfidfLinearConfig):
        AutoConfig.register(config.model_type, config, exist_ok=True)
    for encoder in (CnnModel, BilstmModel, CnnLstmModel, FasttextBagModel):
        AutoModel.register(encoder.config_class, encoder, exist_ok=True)
    for classifier in (
        CnnForSequenceClassification,
        BilstmForSequenceClassification,
        CnnLstmForSequenceClassification,
        FasttextBagForSequenceClassification,
        TfidfLinearForSequenceClassification,
    ):
        AutoModelForSequenceClassification.register(classifier.config_class, classifier, exist_ok=True)
    AutoModelForTokenClassification.register(BilstmConfig, BilstmForTokenClassification, exist_ok=True)
