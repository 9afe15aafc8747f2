"""Says by the names of a model's files which of them are weights, and why there are none that ftk reads."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from ftk.config.spelling.writing import command, shown
from ftk.errors import numbered

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONVERTER = "https://huggingface.co/spaces/safetensors/convert"

_WEIGHT_FILE = re.compile(
    r"(?P<stem>pytorch_model|model)(\.(?P<early>\w+))?(-\d{5}-of-(?P<parts>\d{5}))?(\.(?P<late>\w+))?"
    r"\.(?P<kind>safetensors|bin)"
)
"""Names that transformers gives: with the number of a shard, and with a variant before or after it."""
_VARIANTS = ("", "fp32", "bf16", "fp16")
"""Variants in the order in which they are preferred; others follow."""
_ELSEWHERE = (
    (r"(tf_model|tf_model-.*)\.h5|.*\.ckpt\.(index|meta)|(.*/)?saved_model\.pb", "TensorFlow", "from_tf"),
    (r"flax_model.*\.msgpack", "Flax", "from_flax"),
    (r"(.*/)?[^/]*\.onnx(_data)?", "ONNX", None),
    (r"(.*/)?[^/]*\.(gguf|ggml)", "GGUF", None),
    (r"(.*/)?openvino_[^/]*\.(xml|bin)", "OpenVINO", None),
    (r"(.*/)?[^/]*\.tflite", "TensorFlow Lite", None),
    (r"(.*/)?[^/]*\.(mlmodel|mlpackage/.*)", "Core ML", None),
    (r"(.*/)?[^/]*\.npz", "NumPy (MLX)", None),
    (r"rust_model\.ot", "Rust (tch)", None),
)
"""Weights of other frameworks: a pattern, a name, and the argument by which transformers 4 converts them."""


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """Files that together hold a model's weights.

    Attributes:
        names: the files in their order.
        pickled: whether they are PyTorch's, and not safetensors.
        variant: such as ``fp16``; empty for the files that are read by default.
        index: the file that names the shard of each tensor; None for a single file, or if it is missing.
        parts: how many shards there should be by their names; 0 for a single file.
    """

    names: tuple[str, ...]
    pickled: bool
    variant: str
    index: str | None
    parts: int

    @property
    def lacking(self) -> int:
        """The number of shards that are missing by the names of the others."""
        return max(self.parts - len(self.names), 0)


def has_weights(names: Collection[str]) -> bool:
    """Whether these files have the weights that are read by default: safetensors without a variant."""
    return WEIGHTS in names or INDEX in names


def weight_files(names: Collection[str]) -> list[WeightFiles]:
    """All sets of weights among these files that ``ftk convert`` reads, the preferred one first."""
    found: dict[tuple[bool, str, int], list[str]] = {}
    for name in sorted(names):
        if match := _WEIGHT_FILE.fullmatch(name):
            pickled = match["kind"] == "bin"
            if pickled == (match["stem"] == "pytorch_model"):
                key = (pickled, match["early"] or match["late"] or "", int(match["parts"] or 0))
                found.setdefault(key, []).append(name)
    sets = []
    for (pickled, variant, parts), files in found.items():
        stem = "pytorch_model.bin.index" if pickled else "model.safetensors.index"
        index = f"{stem}.{variant}.json" if variant else f"{stem}.json"
        sets.append(WeightFiles(tuple(files), pickled, variant, index if parts and index in names else None, parts))
    return sorted(sets, key=_preference)


def _preference(files: WeightFiles) -> tuple[bool, int, str, int]:
    rank = _VARIANTS.index(files.variant) if files.variant in _VARIANTS else len(_VARIANTS)
    return files.pickled, rank, files.variant, files.parts


def explain_no_weights(names: Collection[str], model: str, *, pull_request: int | None = None) -> str:
    """Why a model has no weights that ftk reads, and what to do.

    Args:
        names: all files of the model.
        model: its folder or hub id.
        pull_request: number of a pull request on the hub that has safetensors.
    """
    if "adapter_config.json" in names and not has_weights(names):
        return explain_adapter(model)
    sets = weight_files(names)
    if sets and sets[0].pickled:
        return _pickled(sets[0], model, pull_request)
    if sets and sets[0].variant:
        first = sets[0].names[0]
        return (
            f"the weights are only in {first}, the variant {sets[0].variant}; by default {WEIGHTS} is read. "
            f"{_convert(model)}, which writes them by that name, and name the new folder"
        )
    if sets:
        lacking = f", nor {sets[0].lacking} of these" if sets[0].lacking else ""
        way_out = "Download the model again" if lacking else f"Get that file, or {_convert(model, 'run')}"
        return (
            f"its safetensors weights are in {numbered(sets[0].parts, 'shard')}, but their {INDEX} is not there"
            f"{lacking}. {way_out}"
        )
    return _other(names, model)


def explain_adapter(model: str) -> str:
    """Why an adapter is not a model, and what to do."""
    return (
        "this is an adapter of PEFT (adapter_config.json), and its base model is elsewhere. Merge it into the base "
        f"model first, with the class of peft for its task: AutoPeftModelFor….from_pretrained({model!r})"
        ".merge_and_unload().save_pretrained('merged'); save the tokenizer there, too, and name that folder"
    )


def _pickled(files: WeightFiles, model: str, pull_request: int | None) -> str:
    """The two ways out of weights that are pickles."""
    if files.lacking:
        return (
            f"it has no safetensors weights, and lacks {files.lacking} of the {numbered(files.parts, 'shard')} like "
            f"{files.names[0]}. Download the model again"
        )
    revision = (
        f"take them from pull request {pull_request} of the hub: model.revision=refs/pr/{pull_request}"
        if pull_request is not None
        else f"on the hub, set model.revision=refs/pr/N, where N is the pull request that {CONVERTER} opens"
    )
    return (
        f"it has no safetensors weights; {files.names[0]} is a pickle file, which only 'ftk convert' opens. "
        f"{_convert(model)} and name the new folder; or {revision}"
    )


def _other(names: Collection[str], model: str) -> str:
    """What to do about weights of another framework or under another name, or none at all."""
    for pattern, framework, argument in _ELSEWHERE:
        if found := sorted(name for name in names if re.fullmatch(pattern, name)):
            what = f"its weights are those of {framework} ({found[0]}); ftk reads safetensors weights"
            if argument is None:
                return f"{what}. Name the model that they were made of"
            return (
                f"{what}. transformers 4 converts them where {framework} is installed, with the class that config.json "
                f'names: ….from_pretrained({model!r}, {argument}=True).save_pretrained("converted")'
            )
    if found := sorted(name for name in names if name.endswith(".safetensors") and "/" not in name):
        return (
            f"it has no {WEIGHTS}, but {found[0]}. If these are its weights, name the file {WEIGHTS}, in a folder with "
            "the other files"
        )
    if found := sorted(name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt")) and "/" not in name):
        return (
            f"it has no safetensors weights, only {found[0]}. If these are its weights, a state dict that torch.save "
            "wrote, name the file pytorch_model.bin, in a folder with the other files, and run 'ftk convert' on that"
        )
    return (
        "it has no weights at all. Only a training can use it, from random weights: model.init=random takes its "
        "architecture and its tokenizer"
    )


def _convert(model: str, verb: str = "Run") -> str:
    """The command line that converts a model."""
    out = f"{PurePath(model).name or 'model'}-safetensors"
    return f"{verb} {shown(command(['ftk', 'convert', model, out]))}"
