"""The values that keys of the config may have, if they are names."""

from enum import Enum


class Compared(Enum):
    """What a comparison is about: the models as they are, or the configs that they were trained by."""

    auto = "auto"
    models = "models"
    recipes = "recipes"


class Required(Enum):
    """Which verdict makes the exit code of a comparison 0."""

    better = "better"
    equivalent = "equivalent"


class ScoredSplit(Enum):
    """A split whose predictions a run folder has."""

    test = "test"
    validation = "validation"


class Init(Enum):
    """Where weights come from."""

    pretrained = "pretrained"
    random = "random"


class HeadInit(Enum):
    """Initial weights of a new head: ``probe`` fits it to the states of the encoder before the first step (Kumar et al.
    2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution")."""

    auto = "auto"
    probe = "probe"
    random = "random"


class DecoderInit(Enum):
    """Initial weights of a decoder that is attached to a pretrained encoder."""

    encoder = "encoder"
    random = "random"


class TokenPooling(Enum):
    """How the states of the tokens of a text become the one vector that a head reads.

    ``mean`` over its tokens, the ``first`` or the ``last`` of them, or the encoder's own ``pooler``. ``auto`` is the
    way in which the model was trained, and reports it.
    """

    auto = "auto"
    mean = "mean"
    first = "first"
    last = "last"
    pooler = "pooler"


class Calibration(Enum):
    """What makes the scores of a model mean how often it is right, fitted to the validation rows of the best model.

    ``temperature``: its logits are divided by one number, which is folded into its last layer: transformers gives the
    same scores. ``vector``: a scale and a bias for each label, or type of entity. ``isotonic``: a monotone function.
    These two change only the scores that ftk writes. No method changes what is decided.
    """

    temperature = "temperature"
    vector = "vector"
    isotonic = "isotonic"
    none = "none"


class OutOfScope(Enum):
    """What tells rows that are foreign to a model: ``energy`` of its logits (Liu et al. 2020), or the ``mahalanobis``
    distance of the state before its last layer from those of the training rows (Lee et al. 2018)."""

    energy = "energy"
    mahalanobis = "mahalanobis"


class Device(Enum):
    """Device to compute on; ``auto`` takes a GPU if there is one, and reports it. A missing device is an error.

    ``mps`` is the GPU of Apple's processors, which ``auto`` does not take: no test of ftk has run on it.
    """

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Precision(Enum):
    """Type of the matrix products; parameters and optimizer state are always fp32.

    ``auto`` is bf16 if the device supports it natively, else fp32, and reports it. fp16 is for GPUs, with loss
    scaling. int8 is for evaluate and predict on CPUs with VNNI or AMX.
    """

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    int8 = "int8"


class Decay(Enum):
    """Shape of the learning rate after the warm-up."""

    linear = "linear"
    cosine = "cosine"
    constant = "constant"
    wsd = "wsd"


class OnNonFinite(Enum):
    """What to do if a loss or a gradient is not finite."""

    stop = "stop"
    skip = "skip"


class Grouping(Enum):
    """Which rows share an optimizer step. ``none``: rows drawn at random, as the theory of stochastic gradients has it;
    layers of usual encoders compute them without padding. ``length``: rows of similar length, which needs hardly any
    padding with any model, and may cost a point or two of the score where a training is short. ``auto``: none for
    pretrained weights whose layers compute without padding, length otherwise."""

    auto = "auto"
    none = "none"
    length = "length"


class Baselines(Enum):
    """Simple models scored on the same rows after training, for comparison: the most frequent answer, and a linear
    model over TF-IDF values. auto: for tasks of whole texts, within 20 seconds or 5 % of the training's time; the
    linear model for up to 1,000 labels."""

    auto = "auto"
    none = "none"


class OnSpike(Enum):
    """What to do if a loss is far above its running mean."""

    ignore = "ignore"
    count = "count"
    skip = "skip"
    stop = "stop"


class Method(Enum):
    """How ``ftk explain`` finds the score of a word: by the rules of relevance, by gradients times inputs, or by what
    changes when the word is left out."""

    relevance = "relevance"
    gradients = "gradients"
    erasure = "erasure"


class Tracking(Enum):
    """The tool that shows the numbers of a run beside those of others."""

    tensorboard = "tensorboard"
    mlflow = "mlflow"
    wandb = "wandb"


class Keep(Enum):
    """What a finished run keeps: best/, and last/ with the state to resume from, or best/ alone."""

    state = "state"
    best = "best"


class Vocabulary(Enum):
    """Kinds of vocabulary that can be learned from the training texts."""

    wordpiece = "wordpiece"
    bpe = "bpe"
    unigram = "unigram"


class Normalization(Enum):
    """Unicode normalization form."""

    none = "none"
    nfc = "nfc"
    nfkc = "nfkc"
