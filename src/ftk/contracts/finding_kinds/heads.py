"""Kinds of findings about heads, their labels, and settings of a model's config."""

from ftk.contracts.finding_kinds.making import fact, warning

# fmt: off

KEPT_HEAD = fact("kept-head",
    "the head of the model is kept ({architecture}): its task and the names of its labels are those of the data.")
NEW_HEAD = fact("new-head", "the head of the model is left out ({described}), and a new one is trained",
    task="it is for another task",
    labels="the data has other labels",
    unnamed="its labels have no names, so nothing says that they are those of the data "
    "('+model.config.id2label={{0: …, 1: …}}' names them, and a head with the names of the data is kept)",
    unknown="config.json does not say what it is for (architectures)",
    pooling="it pools in another way (model.pooling)")
POOLED = fact("pooled", "pooling by {how}",
    asked="model.pooling={name}",
    files="as the model was trained ({name})",
    preset="as the model was trained ({name})",
    untrained="the weights have no pooler, which the class of transformers for {name} would read")
COMPARED = fact("compared", "two texts: the head reads the mean of both, and the difference and the product of theirs")
UNKNOWN_POOLING = fact("unknown-pooling",
    "the files of the model say that it pools by {said}, which ftk does not have (model.pooling=… for another way).")
HEAD_OF_FTK = fact("head-of-ftk",
    "transformers has no class for this head: docs/pooling.md, and README.md in the finished model folder, show how to "
    "use it without ftk{others}.")
FITTED_HEAD = fact("fitted-head",
    "head: fitted on {states:,} frozen {vectors} in {seconds:.1f} s (model.head_init={asked})",
    texts="{texts:,} of them are texts of labels")
HEAD_FROM_SOME = fact("head-from-some",
    "head: fitted on {windows:,} of {all:,} windows, taken evenly.")
UNFITTED_HEAD = fact("unfitted-head", "head: it begins with random weights",
    layer="the output of its linear layer is not what the model gives, or is given at other places",
    not_finite="the states of the encoder are not finite",
    states="no training row has a target that it knows")
DROPOUT_SET = fact("dropout-set", "dropout of {rate:g} (model.dropout): {keys}.")
NO_DROPOUT = fact("no-dropout", "model.dropout={rate:g} has no effect: the config of {architecture} has no dropout.")

UNNAMED_OUTPUTS = fact("unnamed-outputs",
    "the labels of the model have no names: they are the numbers of its classes, 0 to {last}. 'task.label_names=[…]' "
    "names all of them, 'task.label_map={{0: …}}' some.")
MODEL_LABELS = fact("model-labels",
    "the labels of the model: {labels} (task.label_map={example} renames them).")
MODEL_TAGS = fact("model-tags", "the model's {outputs} tags are read as spans of {types} (its scheme: {scheme}).")
TAGS_LEFT_OUT = fact("tags-left-out", "outputs of the model that are no tags of words are never predicted: {tags}.")
ALWAYS_ANSWERED = fact("always-answered",
    "each question gets an answer; for a model that was trained on questions without one, task.no_answer=true.")
ENCODER_CHOSEN = fact("encoder-chosen", "ranking: task.encoder={encoder}",
    architecture="by the architecture of the model; {how}", asked="{how}")
POOLING_OF_MODEL = fact("pooling-of-model",
    "the vector of a text is made {how}, as {source} (model.pooling={pooling}).")
POOLING_OF_TASK = fact("pooling-of-task",
    "task.pooling={pooling} is model.pooling={pooling} now; the next release trains by the new key alone.")
OTHER_POOLING = fact("other-pooling",
    "model.pooling={pooling}, although the files of the model say that it pools by {said}: vectors begin as others.")
MODULES_LEFT_OUT = warning("modules-left-out",
    "the model also has {modules} behind its pooling (modules.json), which ftk leaves out: vectors begin as others.")
PROMPTS_NOT_WRITTEN = fact("prompts-not-written",
    "the files of the model name prompts for some texts ({prompts}), and not before which of these; none is put there. "
    "'model.text_prefix={{{roles}}}' does, in training and with 'model=auto model.name=…'.")
TEXT_PREFIX = fact("text-prefix", "texts: {prefix} (model.text_prefix)",
    files="as the files of the model say (config_sentence_transformers.json)",
    training="as in the training of the model")
PREFIX_UNREAD = fact("prefix-unread",
    "texts: {prefix} (model.text_prefix): not for this task, which predicts tokens or places of its texts, or has a "
    "prefix of its own (task.source_prefix).")
OTHER_SIMILARITY = fact("other-similarity",
    "this model was trained for vectors that are compared by '{similarity}'; ftk compares them by the cosine, which "
    "may rank otherwise.")
NOT_LOWERCASED = fact("not-lowercased",
    "sentence-transformers lower-cases texts for this model (do_lower_case); ftk does so only if its tokenizer does.")
SENTENCE_LENGTH = fact("sentence-length",
    "windows of {length} tokens, as the sentence encoder says (max_seq_length; data.max_length=… for others).")
