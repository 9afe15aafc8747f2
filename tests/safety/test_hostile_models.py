"""Model folders that try to do more than be read: nothing is run or written, and everything is reported."""

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result
from ftk.errors import ModelError
from small_models import save_model_folder

pytestmark = pytest.mark.torch

CANARY = "EXECUTED"
CODE = f"open({CANARY!r}, 'w').close()\n"


class Payload:
    """What a pickle runs when it is opened."""

    def __reduce__(self) -> Any:
        return (exec, (CODE,))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model_folder(tmp_path_factory.mktemp("models") / "bert", "bert")


def config(**values: Any) -> Callable[[Path], None]:
    """Change what config.json says."""

    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def tokenizer_config(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def content(name: str, text: str | bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)

    return change


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def index(name: str, shard: str) -> Callable[[Path], None]:
    return content(name, json.dumps({"metadata": {}, "weight_map": {"embeddings.word_embeddings.weight": shard}}))


def sparse(name: str, size: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).touch()
        os.truncate(folder / name, size)

    return change


def loop(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to("config.json")


def outside(folder: Path) -> None:
    """Weights behind the folder's back, which an index points at."""
    shutil.move(folder / "model.safetensors", folder.parent / "outside.safetensors")


REFUSED: dict[str, tuple[list[Callable[[Path], None]], str]] = {
    "a pickle for weights": (
        [without_weights, content("pytorch_model.bin", pickle.dumps(Payload()))],
        "pytorch_model.bin is a pickle file, which only",
    ),
    "a pickle with the name of safetensors": (
        [content("model.safetensors", pickle.dumps(Payload()))],
        "the weights cannot be loaded",
    ),
    "pickled shards": (
        [
            without_weights,
            index("pytorch_model.bin.index.json", "shard.bin"),
            content("shard.bin", pickle.dumps(Payload())),
        ],
        "does not name a safetensors file|no safetensors weights",
    ),
    "an index that leads out": (
        [outside, index("model.safetensors.index.json", "../outside.safetensors")],
        "does not name a safetensors file|no safetensors weights",
    ),
    "an index with an absolute path": (
        [index("model.safetensors.index.json", "/etc/passwd.safetensors")],
        "does not name a safetensors file",
    ),
    "an index of a pickle": (
        [index("model.safetensors.index.json", "evil.bin"), content("evil.bin", pickle.dumps(Payload()))],
        "does not name a safetensors file",
    ),
    "an index that is a list": ([content("model.safetensors.index.json", "[]")], "weight_map is missing"),
    "code of a model type of its own": (
        [config(model_type="evil", auto_map={"AutoConfig": "evil.Config"}), content("evil.py", CODE)],
        "does not describe a model that can be built",
    ),
    "code of another repository": (
        [config(model_type="evil", auto_map={"AutoConfig": "someone/else--evil.Config"})],
        "does not describe a model that can be built",
    ),
    "attention from a repository": ([config(_attn_implementation="someone/kernel")], "attention code from elsewhere"),
    "attention by its new name": ([config(attn_implementation="someone/kernel@main")], "attention code from elsewhere"),
    "attention of a part": (
        [config(text_config={"attn_implementation": "kernels-community/flash-attn"})],
        "attention code from elsewhere",
    ),
    "attention by part": ([config(_attn_implementation={"": "someone/kernel"})], "attention code from elsewhere"),
    "other weights": ([config(transformers_weights="../outside.safetensors")], "names weights outside of the folder"),
    "quantized weights": (
        [config(quantization_config={"quant_method": "gptq"})],
        "quantized weights are not supported",
    ),
    "an adapter": (
        [content("adapter_config.json", '{"base_model_name_or_path": "../other", "peft_type": "LORA"}')],
        "this is an adapter",
    ),
    "a billion layers": ([config(num_hidden_layers=10**9)], "num_hidden_layers=1000000000: at most "),
    "a billion layers with a fraction": (
        [config(num_hidden_layers=1e9)],
        "num_hidden_layers=1000000000.0: at most ",
    ),
    "layers in stages": ([config(depths=[100_000, 2])], "depths=100000: at most "),
    "layers in many stages": ([config(depths=[4000, 4000])], "depths adds up to 8000; at most 4,096"),
    "layers by another name": ([config(n_layer=10**6)], "n_layer=1000000: at most "),
    "stages without end": ([config(conv_dim=[8] * 10**5)], "conv_dim has 100,000 numbers; at most 4,096"),
    "wide stages": ([config(hidden_sizes=[2**40, 2**40])], "hidden_sizes=1099511627776: at most "),
    "wide stages in stages": ([config(parts=[{"sizes": [[1], [2**40]]}])], r"parts.sizes=1099511627776: at most "),
    "layers of infinite width": ([config(hidden_size=float("inf"))], "hidden_size=inf: at most "),
    "layers of no width": ([config(hidden_size=float("nan"))], "hidden_size=nan: at most "),
    "configs in configs": (
        [content("config.json", '{"a":' * 900 + '{"num_layers": 1000000000}' + "}" * 900)],
        "num_layers=1000000000: at most ",
    ),
    "a billion labels": ([config(num_labels=10**9)], "num_labels=1000000000: at most "),
    "layers as wide as the sea": ([config(hidden_size=10**13)], "hidden_size=10000000000000: at most "),
    "positions without end": (
        [config(max_position_embeddings=10**15)],
        "max_position_embeddings=1000000000000000: at most ",
    ),
    "sizes below zero": ([config(hidden_size=-32)], "cannot be loaded|does not describe a model|model.config"),
    "sizes that are text": (
        [config(hidden_size="32; rm -rf /")],
        "cannot be loaded|does not describe a model|model.config",
    ),
    "a config of brackets": ([content("config.json", "[" * 10**5)], "is not valid JSON"),
    "a config that is a list": (
        [content("config.json", "[1]")],
        "expected a JSON object that describes a model, got list",
    ),
    "a config of nothing": ([content("config.json", "")], "is not valid JSON"),
    "a config of bytes": ([content("config.json", b"\xff\xfe\x00")], "is not valid JSON"),
    "a config of gigabytes": ([sparse("config.json", 1 << 25)], "config.json: the file has .* bytes, but at most"),
    "a config that is itself": ([loop], "config.json"),
    "a header without end": (
        [content("model.safetensors", struct.pack("<Q", 2**62) + b"{}")],
        "the weights cannot be loaded",
    ),
    "a header that lies": (
        [
            content(
                "model.safetensors",
                struct.pack("<Q", 64) + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}'.ljust(64) + bytes(4),
            )
        ],
        "the weights cannot be loaded",
    ),
    "weights that are cut": ([sparse("model.safetensors", 100)], "the weights cannot be loaded"),
    "a tokenizer of brackets": ([content("tokenizer.json", "[" * 10**5)], "the tokenizer cannot be loaded"),
    "a tokenizer that is a pickle": (
        [content("tokenizer.json", pickle.dumps(Payload()))],
        "the tokenizer cannot be loaded",
    ),
    "a tokenizer's config that is a list": ([content("tokenizer_config.json", "[]")], "tokenizer"),
    "a tokenizer's config of gigabytes": (
        [sparse("tokenizer_config.json", 1 << 27)],
        "tokenizer_config.json: the file has .* bytes, but at most",
    ),
    "a tokenizer class of its own": (
        [
            tokenizer_config(tokenizer_class="Evil", auto_map={"AutoTokenizer": ["evil.Evil", None]}),
            content("evil.py", CODE),
            content("tokenizer.json", "{}"),
        ],
        "the tokenizer cannot be loaded",
    ),
}

HARMLESS: dict[str, list[Callable[[Path], None]]] = {
    "a pickle beside the weights": [content("pytorch_model.bin", pickle.dumps(Payload()))],
    "a pickle beside the tokenizer": [content("vocab.pkl", pickle.dumps(Payload()))],
    "code for a model that is known": [
        config(auto_map={"AutoModelForTokenClassification": "evil.Model", "AutoConfig": "evil.Config"}),
        content("evil.py", CODE),
    ],
    "code for a tokenizer that is known": [
        tokenizer_config(auto_map={"AutoTokenizer": ["evil.Tokenizer", "evil.Tokenizer"]}),
        content("evil.py", CODE),
    ],
    "code of a repository for a tokenizer that is known": [
        tokenizer_config(auto_map={"AutoTokenizer": [None, "someone/else--evil.Tokenizer"]})
    ],
    "modules with the names of libraries": [
        content(name, CODE) for name in ("torch.py", "json.py", "transformers.py", "modeling_bert.py", "__init__.py")
    ],
    "code to generate": [content("generation_config.json", '{"custom_generate": "evil"}'), content("evil.py", CODE)],
    "a template that reads files": [tokenizer_config(chat_template="{{ ''.__class__.__mro__ }}")],
    "a path for the tokenizer": [tokenizer_config(tokenizer_file="/etc/passwd", vocab_file="../../etc/passwd")],
    "a target in the config": [config(_target_="os.system", _args_=[f"touch {CANARY}"])],
    "a name that is a path": [config(_name_or_path="/etc/passwd")],
    "requirements": [content("requirements.txt", "evil"), content("setup.py", CODE)],
}


def everything(folder: Path) -> set[str]:
    """All there is, but the run and the caches."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.relative_to(folder).parts[0] not in ("run", "cache", "hf")
    }


def finetune(ftk: Callable[..., Result], toy: tuple[str, ...]) -> Result:
    settings = [word for word in TINY if not word.startswith("model=")]
    before = everything(Path.cwd())
    result = ftk("finetune", "model=auto", "model.name=model", *settings, *toy, "train.max_steps=1", "run.dir=run")
    assert everything(Path.cwd()) - {"__pycache__"} <= before, "something was written outside the run"
    assert not Path(CANARY).exists(), "it was run"
    assert "Traceback" not in result.err
    return result


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_model_folder_is_refused(
    ftk: Callable[..., Result], toy: tuple[str, ...], encoder: Path, name: str
) -> None:
    changes, told = REFUSED[name]
    folder = Path(shutil.copytree(encoder, "model"))
    for change in changes:
        change(folder)
    result = finetune(ftk, toy)
    assert result.code == 1, result.out
    import re

    assert re.search(told, result.err), result.err
    assert not Path("run", "last").exists()


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_in_a_model_folder_beside_the_model_is_not_run(
    ftk: Callable[..., Result], toy: tuple[str, ...], encoder: Path, name: str
) -> None:
    folder = Path(shutil.copytree(encoder, "model"))
    for change in HARMLESS[name]:
        change(folder)
    result = finetune(ftk, toy)
    assert result.code in (0, 1), result.err
    if result.code:
        assert result.err.startswith("ftk finetune: model")


@pytest.mark.slow
def test_the_configs_of_all_architectures_are_let_in(tmp_path: Path) -> None:
    """What transformers itself takes for usual, whatever it is called and wherever it is nested."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    from ftk.models.configs.model_config import import_models
    from ftk.models.files.untrusted_folder import check_untrusted_folder

    import_models()
    refused, number = {}, 0
    for name in list(CONFIG_MAPPING):
        try:
            values = CONFIG_MAPPING[name]()
        except Exception:  # some can only be made of others
            continue
        number += 1
        (tmp_path / "config.json").write_text(values.to_json_string(use_diff=False))
        try:
            check_untrusted_folder(tmp_path)
        except ModelError as error:
            refused[name] = str(error)
    assert not refused
    assert number > 100
