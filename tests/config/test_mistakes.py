"""All mistakes of a command line in one message, before anything is read, written or imported.

Many messages are reworded from those of Hydra and OmegaConf. If one of these tests fails after an upgrade, the library
words its errors otherwise, and ``ftk.config.hydra_errors`` must follow.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_lines
from ftk import cli
from ftk.config.mistakes import Mistake, render
from ftk.system.spelling import near_word


@pytest.fixture
def ftk(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run one command line exactly as it is given: messages quote it."""

    def run(*argv: str) -> Result:
        code = cli.run(list(argv))
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def refused(result: Result, *mistakes: tuple[str, ...]) -> None:
    """Check the whole of a refusal: these mistakes, in this order, and nothing else anywhere."""
    assert (result.code, result.out) == (1, "")
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    head, *blocks = result.err.rstrip("\n").split("\n\n")
    assert re.fullmatch(rf"ftk \w+: {count} in the configuration; nothing was run\.", head), result.err
    said = [tuple(part.strip() for part in block.split("\n", 1)) for block in blocks]
    assert [what for what, _ in said] == [what for what, *_ in mistakes]
    for (_, advice), (_, *fragments) in zip(said, mistakes, strict=True):
        assert all(fragment in advice for fragment in fragments), advice


WORDS = [
    # Keys, with the nearest one that there is.
    ("optimizer.lrr=1", "no key 'optimizer.lrr' for 'ftk finetune'.", "mean 'optimizer.lr'?", "with +optimizer.lrr=1."),
    ("lr=1", "Did you mean 'optimizer.lr'?"),
    ("taks=ner", "Did you mean 'task'?"),
    ("train.epoch=1", "Did you mean 'train.epochs'?"),
    ("++train.epoch=1", "Did you mean 'train.epochs'?"),
    ("zzz=1", "There is no key 'zzz' for 'ftk finetune'."),
    ("checkpoint=x", "it belongs to ftk evaluate and predict"),
    ("task.threshold=0.3", "for 'ftk finetune'; task=multi-label, task=question-answering would have it."),
    ("task.zzz=0.3", "There is no key 'task.zzz' for 'ftk finetune'. There are: task."),
    ("+new.key=1", "There is no key 'new.key'"),
    ("+train.new=1", "There is no key 'train.new'"),
    ("+train.epochs=1", "The key is there already; leave out the +: train.epochs=1."),
    ("~train.epochs", "This key cannot be left out"),
    ("~nothing", "There is no key 'nothing'"),
    # Groups and their options.
    ("task=nerr", "The group 'task' has no 'nerr'. Did you mean 'ner'? There are: "),
    ("model=tinny", "Did you mean 'tiny'?"),
    ("model=", "The group 'model' has no ''."),
    ("model=null", "A group takes the name of one of its options."),
    ("experiment=nope", "The group 'experiment' has no 'nope'."),
    # Types and named values.
    ("train.spike_factor=abc", "It must be a number; 'abc' is not."),
    ("train.batch_size=1.5", "It must be a whole number; '1.5' is not."),
    ("train.batch_size=true", "It must be a whole number"),
    ("run.seed=null", "It cannot be null."),
    ("run.overwrite=maybe", "It must be true or false; 'maybe' is neither."),
    ("run.dir=[a]", "It must be one text"),
    ("train=3", "It is a section with its own keys; '3' is not a section."),
    ("data.format=conl", "It must be one of auto, conll, ", "'conl' is not. Did you mean 'conll'?"),
    # What has no form at all.
    ("model", "This is not of the form key=value: model=<option>."),
    ("run.dir", "This is not of the form key=value: run.dir=<value>."),
    ("=1", "This is not of the form key=value."),
    ("a[0]=1", "The key cannot be read"),
    ("model=tiny,small", "Several values for one key are a sweep: add -m."),
    ("data.train=a, b", "a sweep: add -m. If it is one value, write \"data.train='a, b'\""),
    ("data.train={a", "The value cannot be read", "write \"data.train='{a'\""),
    # What ftk does itself.
    ("hydra.run.dir=x", "ftk writes to run.dir alone: run.dir=<folder>."),
    ("hydra.mode=MULTIRUN", "Use -m for a sweep."),
    ("hydra/launcher=joblib", "The jobs of a sweep run here, sweep.jobs of them at once."),
    # The meaning of a value is checked last.
    ("run.resume=maybe", "It must be true, false or force; 'maybe' is none of them."),
]


def test_each_word_is_reported_by_itself(ftk: Callable[..., Result]) -> None:
    refused(ftk("finetune", *(word for word, *_ in WORDS)), *WORDS)
    assert list(Path().iterdir()) == []


VALUES = [
    {
        "train.epochs=-1": "It must be greater than 0.",
        "train.batch_size=0": "It must be greater than 0.",
        "train.eval_every=0": "It is 'auto', 'epoch', a whole number of optimizer steps, or below 1 a share",
        "train.save_every=True": "It is a time as 10m, 'epoch', a whole number of optimizer steps, or below 1",
        "train.max_tokens=0": "It must be greater than 0.",
        "train.budget=30": "Write a time with its unit: 90s, 30m, 1.5h or 1h30m.",
        "train.patience=-3": "It must be greater than 0.",
        "optimizer.lr=high": "It must be a number, auto, or find for a rate test.",
        "optimizer.weight_decay=-1": "It must be a number, 0 or greater.",
        "schedule.warmup=-0.1": "never negative",
        "schedule.floor=2.0": "It must be between 0 and 1.",
        "schedule.cooldown=0.5": "Only schedule=wsd has a cooldown.",
        "model.dropout=1.0": "It must be at least 0 and below 1.",
        "model.default_lr=0.0": "It must be greater than 0.",
        "hardware.micro_batch=99": "It is a part of train.batch_size=0 and cannot be larger.",
        "hardware.threads=0": "It must be greater than 0.",
        "run.seed=-1": "A seed is a number from 0",
        "run.resume=true": "Say which run to resume: run.dir=runs/<run>.",
        "data.validation_share=1.0": "It must be at least 0 and below 1.",
        "data.limit=0": "It is a whole number of rows, from 1 on, or a share of them, between 0 and 1.",
        "data.max_length=4": "A window needs at least 8 tokens.",
        "data.stride=-1": "It cannot be negative.",
        "data.encoding=utf-99": "Python knows no such encoding",
        "data.delimiter=ab": "It is one character other than a quotation mark",
        "data.name=x": "add data=hub",
        "data.train=missing.conll": "There is no such file or folder (resolved to /",
        "data.validation=123": "Expected a path, a glob, a folder",
        "data.test=*.conll": "No file matches.",
        "task.label_subwords=frist": "first",
    },
    {
        "train.epochs=inf": "It must be a finite number.",
        "data.limit={trian: 5}": "There is no split 'trian'; the splits are train, validation, test.",
        "data.test_share=-0.5": "It must be at least 0 and below 1.",
        "train.eval_every=inf": "It is 'auto', 'epoch', a whole number",
        "train.save_every=1.0": "It is a time as 10m, 'epoch', a whole number",
        "train.budget=0h": "It must be greater than 0.",
        "train.max_grad_norm=nan": "It must be a finite number.",
        "optimizer.lr=true": "It must be a number, auto",
        "optimizer.weight_decay=nan": "It must be a number, 0 or greater.",
        "schedule.warmup=nan": "never negative",
        "data.train=[a.conll,b.conll]": "There is no such file",
        "task._target_=os.system": "This is not a Task",
    },
]


@pytest.mark.parametrize("values", VALUES)
def test_values_that_cannot_work(ftk: Callable[..., Result], values: dict[str, str]) -> None:
    result = ftk("finetune", *values)
    assert (result.code, result.out) == (1, "")
    assert f" {len(values)} mistakes " in result.err
    blocks = result.err.split("\n\n")
    for word, advice in values.items():
        (block,) = [block for block in blocks if block.startswith(f"  {word}")]
        assert advice in block
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "what", "advice"),
    [
        (["data=hub"], "data=hub", "Say which dataset"),
        (
            ["task=text-classification", "task.label_names={PER: PERSON, LOC: null}"],
            "task.label_names={PER: PERSON, LOC: null}",
            "ftk does not rename labels",
        ),
        (["task.label_names=[a,", "b]"], "task.label_names=[a, b]", "'task.label_names=[a, b]'"),
        (["task.label_names={PER:", "PERSON}"], "task.label_names={PER: PERSON}", "'task.label_names={PER: PERSON}'"),
        (["data=demo", "data.train=x"], "data.train=x", "data=demo brings its own files"),
        (["model=auto"], "model.name=null", "Say which model"),
        (
            ["model=auto", "model.init=random", "model.tokenizer.train=bpe"],
            "model.init=random",
            "An architecture is needed",
        ),
        (["model=tiny", "model.tokenizer.train=null"], "model.tokenizer.train=null", "A model without a name has no"),
        (
            ["model=tiny", "model.tokenizer.name=some/tokenizer"],
            "model.tokenizer.train=wordpiece model.tokenizer.name=some/tokenizer",
            "not both",
        ),
        (
            ["model=bert-base-cased", "model.tokenizer.train=bpe"],
            "model.tokenizer.train=bpe",
            "Pretrained weights belong to the vocabulary that they were trained with",
        ),
        (
            ["model=tiny", "+model.tokenizer.special_tokens.bos_token=<s>"],
            "model.tokenizer.special_tokens.bos_token=<s>",
            "others go to model.tokenizer.extra_tokens",
        ),
        (
            ["model=tiny", "+model.tokenizer.special_tokens.sep_token=3"],
            "model.tokenizer: special token 3",
            "A token is a text that is not empty.",
        ),
        (
            ["model=tiny", "+model.tokenizer.special_tokens.sep_token=x", "model.tokenizer.extra_tokens=[x]"],
            "model.tokenizer: special tokens ['x', 'x']",
            "Each of them must be different.",
        ),
        (["task=regression", "data.columns.label=[]"], "data.columns.label=[]", "Name at least one column"),
        (
            ["task=regression", "data.columns.label=[score,score]"],
            "data.columns.label=[score,score]",
            "It names the column 'score' twice.",
        ),
        (["task=multi-label", "data.columns.label=[a,null]"], "data.columns.label=[a,null]", "the name of a column"),
        (["task=multi-label", "data.columns.text=[a,b]"], "data.columns.text=[a,b]", "the name of one column"),
        (["data.columns.text="], "data.columns.text=", "null has it found by name"),
        (["task=mlm"], "task (MaskedLanguageModel)", "It learns from raw text: ftk pretrain."),
        (["data.max_length=64", "data.stride=40"], "data.stride=40", "may share at most half of it: 32"),
        (["data.test_share=0.1"], "data.test_share=0.1", "data.train, which is not named"),
        (
            ["data=hub", "data.name=x", "data.test_share=0.1"],
            "data.test_share=0.1",
            "data.test=null lets it be held out",
        ),
        (
            ["data=hub", "data.name=x", "data.validation=null", "data.test=null", "data.test_share=0.95"],
            "data.validation_share=0.1 data.test_share=0.95",
            "Together they must be below 1",
        ),
        (
            ["data=hub", "data.name=x", "data.test=null", "data.test_share=0.1", "data.cut=simple"],
            "data.test_share=0.1 data.cut=simple",
            "Only data.cut=stratified holds out",
        ),
        (["data.limit=0.1", "data.cut=simple"], "data.limit=0.1 data.cut=simple", "reads a share of the rows"),
        (
            ["schedule=wsd", "schedule.warmup=0.9"],
            "schedule.warmup=0.9 schedule.cooldown=0.2",
            "cannot be more than 1 together",
        ),
        (
            ["run.dir=x", "run.resume=true", "run.overwrite=true"],
            "run.resume=true run.overwrite=true",
            "not both",
        ),
        (["+optimizer.lrr=1", "optimizer._target_=null"], "optimizer._target_", "Name a class: torch.optim.AdamW."),
        (["+data.columns.labels=3"], "data.columns.labels=3", "This task reads the columns"),
        (["+task.label_subword=all"], "task.label_subword", "Did you mean 'task.label_subwords'?"),
        (["model.name=${nowhere}"], "model.name", "${nowhere} points at no key of the config."),
        (["train.epochs=${oc.env:FTK_NOPE}"], "train.epochs", "Environment variable 'FTK_NOPE' not found."),
        (["~model"], "model", "No config gives a value."),
        (["~task"], "task", "No config gives a value."),
        (["hydra.nope=1"], "hydra.nope", "There is no key 'nope'."),
        (["model@other=tiny"], "model@other=tiny", "Could not override 'model@other'."),
        (["hydra/output=nope"], "hydra/output=nope", "There are: default."),
    ],
)
def test_values_that_do_not_go_together(ftk: Callable[..., Result], argv: list[str], what: str, advice: str) -> None:
    refused(ftk("finetune", *argv), (what, advice))


PRETRAIN = [
    (["task=ner"], "task (TokenClassification)", "It learns from labelled rows: ftk finetune."),
    (["train.batch_warmup=3"], "train.batch_start=null train.batch_warmup=3", "A batch that grows needs both"),
    (["train.batch_start=64", "train.batch_warmup=3"], "train.batch_start=64", "grows to train.batch_size=32"),
    (["data.validation_tokens=0"], "data.validation_tokens=0", "It must be greater than 0."),
    (["data.workers=-1"], "data.workers=-1", "It must be greater than 0."),
    (["model.tokenizer.vocab_size=0"], "model.tokenizer.vocab_size=0", "It must be greater than 0."),
    (["data.columns.tags=3"], "data.columns.tags=3", "This task reads the columns text, tokens."),
    (["data.documents=page"], "data.documents=page", "It must be one of blank_line, line, file; 'page' is not."),
    (["task.mask_share=1"], "task.mask_share=1.0", "It must be above 0 and below 1."),
    (["task.packing=documents", "task.next_sentence=true"], "task.packing=documents", "nothing is packed"),
    (["data.train=missing.txt"], "data.train=missing.txt", "There is no such file or folder"),
]


@pytest.mark.parametrize(("argv", "what", "advice"), PRETRAIN)
def test_what_cannot_be_pretrained(ftk: Callable[..., Result], argv: list[str], what: str, advice: str) -> None:
    refused(ftk("pretrain", *argv), (what, advice))
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("value", "right"), [("1", True), ("0.5", True), ("epoch", True), ("1.0", False), ("1.5", False)]
)
def test_a_whole_number_is_steps_and_a_share_is_below_one(ftk: Callable[..., Result], value: str, right: bool) -> None:
    for key in ("train.eval_every", "train.save_every"):
        wrong = (
            [] if right else [(f"{key}={value}", "a whole number of optimizer steps, or below 1 a share of the run")]
        )
        result = ftk("pretrain", f"{key}={value}", "train.max_tokens=0")
        refused(result, ("train.max_tokens=0", "It must be greater than 0."), *wrong)


def test_what_only_texts_have_is_not_for_labelled_rows(ftk: Callable[..., Result]) -> None:
    texts_only = ["data.documents=line", "data.validation_tokens=9", "data.duplicate_lines=drop"]
    refused(
        ftk("finetune", *texts_only, "train.batch_start=2", "train.batch_warmup=3"),
        ("train.batch_start=2", "Only 'ftk pretrain' lets the batch grow."),
        *((word, "Only masked language models read it") for word in texts_only),
    )


def test_all_mistakes_come_at_once_in_the_order_of_the_command_line(ftk: Callable[..., Result]) -> None:
    words = ["optimizer.lrr=1", "model=tinny", "data.format=foo", "hardware.micro_batch=99", "train.epochs=-1", "x"]
    refused(
        ftk("finetune", *words),
        ("optimizer.lrr=1", "Did you mean 'optimizer.lr'?"),
        ("model=tinny", "Did you mean 'tiny'?"),
        ("data.format=foo", "It must be one of"),
        ("x", "not of the form"),
        ("train.epochs=-1", "It must be greater than 0."),
        ("hardware.micro_batch=99", "cannot be larger"),
    )


WORDS_ADDED = [
    "+optimizer.amsgrad=true",
    "+model.config.layer_norm_eps=1e-6",
    "+model.tokenizer.special_tokens.mask_token=<mask>",
]


@pytest.mark.parametrize("word", WORDS_ADDED)
def test_sections_that_are_passed_on_take_new_keys(ftk: Callable[..., Result], word: str) -> None:
    result = ftk("finetune", "--cfg", "job", "model=tiny", word)
    assert result.code == 0, result.err
    assert word.rpartition(".")[2].partition("=")[0] in result.out
    # Beside another mistake they are as right as by themselves.
    refused(
        ftk("finetune", "model=tiny", word, "train.spike_factor=abc"), ("train.spike_factor=abc", "It must be a number")
    )


def test_keys_of_the_optimizer_can_be_left_out(ftk: Callable[..., Result]) -> None:
    result = ftk("finetune", "--cfg", "job", "-p", "optimizer", "~optimizer.fused", "~optimizer.eps")
    assert result.code == 0, result.err
    assert "fused" not in result.out
    assert "eps" not in result.out


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_model_and_a_checkpoint_are_not_named_together(ftk: Callable[..., Result], command: str) -> None:
    result = ftk(command, "model=minilm", "optimizer.lr=1", "checkpoint=x")
    assert (result.code, result.out) == (1, "")
    assert "Both name the model; leave out one of them." in result.err
    assert f"There is no key 'optimizer.lr' for 'ftk {command}'; it belongs to ftk pretrain and finetune." in result.err
    assert "checkpoint=x\n      There is no such folder" in result.err


CHECKPOINT = ("checkpoint=null", "Say which model: checkpoint=runs/<run>/best.")


def test_what_evaluate_and_predict_cannot_do_without(ftk: Callable[..., Result]) -> None:
    refused(ftk("evaluate"), CHECKPOINT)
    refused(ftk("evaluate", "run.resume=true", "run.dir=x"), CHECKPOINT, ("run.resume=true", "Only training and"))
    refused(ftk("predict"), CHECKPOINT, ("input=null", "Say what to read"))
    refused(ftk("evaluate", "checkpont=x"), ("checkpont=x", "Did you mean 'checkpoint'?"))  # and not that it lacks
    write_lines("out.jsonl", ["kept"])
    Path("run/best").mkdir(parents=True)
    write_lines("run/best/ftk.json", ["{}"])
    refused(
        ftk("predict", "checkpoint=run", "input=none.txt", "output=out.jsonl", "run.resume=true", "run.dir=run"),
        ("checkpoint=run", "The folder has no ftk.json. Did you mean 'run/best'?"),
        ("input=none.txt", "There is no such file"),
        ("output=out.jsonl", "The file exists already"),
    )
    assert Path("out.jsonl").read_text() == "kept\n"


@pytest.mark.parametrize(
    ("argv", "what", "advice"),
    [
        (["--multirum"], "--multirum", "There is no flag '--multirum'. Did you mean '--multirun'?"),
        (["-x"], "-x", "Keys are set as key=value."),
        (["--config-dir"], "--config-dir", "needs a value after it"),
        (["--config-dir", "nowhere"], "--config-dir nowhere", "There is no such folder (resolved to /"),
        (["--cfg"], "--cfg", "takes one of: job, hydra, all."),
        (["--cfg", "jobs"], "--cfg jobs", "takes one of: job, hydra, all."),
        (["--info=x"], "--info=x", "takes one of: all"),
        (["--multirun=yes"], "--multirun=yes", "takes no value"),
        (["--config-name", "x"], "--config-name", "does not take this flag of Hydra"),
        (["--experimental-rerun", "x.pickle"], "--experimental-rerun", "is the command that repeats it"),
        (["-m", "--cfg", "job"], "--multirun --cfg", "Use one of them at a time."),
        (["--resolve"], "--resolve", "Use it with --cfg job or --help."),
        (["--package", "model"], "--package", "Use it with --cfg"),
        (["--cfg", "job", "-p", "modle"], "--package modle", "Did you mean 'model'?"),
        (["--cfg", "job", "-p", "a["], "--package a[", "The config has nothing there."),
        (["--cfg", "job", "--resolve", "run.dir=${nowhere}"], "run.dir", "points at no key"),
    ],
)
def test_flags_that_cannot_work(ftk: Callable[..., Result], argv: list[str], what: str, advice: str) -> None:
    result = ftk("finetune", *argv)
    assert (result.code, result.out) == (1, "")
    assert f"\n  {what}\n" in result.err
    assert advice in result.err


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        (["optimizer.lr=1e-3,high"], "optimizer.lr=high", "It must be a number, auto"),
        (["train.batch_size=4,x"], "train.batch_size=4,x", "It must be a whole number; 'x' is not."),
        (["model=tiny,tinny"], "model=tinny", "Did you mean 'tiny'?"),
        (["data.train=a.conll,b.conll"], "data.train=a.conll", "There is no such file"),
        (["train.batch_size=8,32", "hardware.micro_batch=16"], "hardware.micro_batch=16", "train.batch_size=8"),
        (["run.dir=a,b"], "run.dir=a,b", "A sweep has one run.dir"),
        (["optimizer.lr=interval(0,1)"], "optimizer.lr=interval(0,1)", "values that can be counted"),
        (["run.seed=range(1,1)"], "run.seed=range(1,1)", "It has no value"),
        (["run.seed=range(1,9,0)"], "run.seed=range(1,9,0)", "values that can be counted"),
        (["run.seed=glob(*)"], "run.seed=glob(*)", "values that can be counted"),
        (["hydra.verbose=true,false"], "hydra.verbose=true,false", "Hydra's own settings cannot be swept."),
        (["task=glob(n*)"], "task=glob(n*)", "values that can be counted"),
        (["run.dir=full", "run.seed=1,2"], "run.dir=full", "The folder is not empty."),
    ],
)
def test_a_sweep_is_checked_before_its_first_job(
    ftk: Callable[..., Result], words: list[str], what: str, advice: str
) -> None:
    Path("full").mkdir()
    write_lines("full/file", ["kept"])
    result = ftk("finetune", "-m", "model=tiny", *words)
    assert (result.code, result.out) == (1, "")
    assert f"\n  {what}\n" in result.err
    assert advice in result.err
    assert [path.as_posix() for path in Path().rglob("*")] == ["full", "full/file"]


def test_lines_are_no_longer_than_a_terminal_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    mistake = Mistake("key=value", "word " * 60 + "/a/path/that/is/never/broken-" + "x" * 60)
    assert max(map(len, render([mistake]).splitlines())) > 300  # in a file or a pipe one line is one line
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = render([mistake]).splitlines()
    assert [line for line in lines if len(line) > 80] == ["      /a/path/that/is/never/broken-" + "x" * 60]
    assert all(line.startswith("      ") for line in lines[3:])


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("tinny", ["tiny", "small"], "tiny"),
        ("lr", ["optimizer.lr", "train.epochs"], "optimizer.lr"),
        ("zzz", ["tiny", "small"], None),
        ("x", [], None),
    ],
)
def test_near_word(word: str, known: list[str], near: str | None) -> None:
    assert near_word(word, known) == near
