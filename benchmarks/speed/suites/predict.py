"""Prediction of entities: tweets as people have them, and long texts of one length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.page import Measured, Section, gigabytes, table
from benchmarks.speed.pairs import Contender, Contest, Sample, column, median, ratio
from benchmarks.speed.settings import Settings

_BATCHES = (1, 4, 8, 16, 32, 64)
_LONG_TEXTS, _LONG_WORDS = 64, 400
_FTK, _FP32, _BF16, _INT8 = "ftk", "ftk, fp32", "ftk, bf16", "ftk, int8"
_PIPELINE, _BEST = "pipeline", "pipeline, its best batch"


def run(settings: Settings) -> list[Section]:
    """The one section."""
    folder = settings.work / "predict"
    folder.mkdir()
    checkpoint = train_checkpoint(settings, folder / "run", 80 if settings.quick else 200)
    tweets = _tweets(settings, folder / "tweets.txt")
    long = _long(settings, folder / "long.txt")
    grids = {path.stem: _grid(settings, checkpoint, path, folder) for path in (tweets, long)}
    best = {name: max(grid, key=lambda batch: grid[batch]) for name, grid in grids.items()}
    samples: dict[str, dict[str, list[Sample]]] = {}
    with Contest(settings, "predict", _contenders(checkpoint, tweets, folder)) as contest:
        facts = {name: worker.facts for name, worker in contest.workers.items()}
        for path in (tweets, long):
            taken: dict[str, list[Sample]] = {name: [] for name in contest.workers}
            for done in range(-1, settings.pairs):  # the first round of an input warms up
                for name, worker in contest.workers.items():
                    order = {"batch": best[path.stem]} if name == _BEST else {}
                    sample = worker.ask("go", input=str(path), **order)
                    if done >= 0:
                        taken[name].append(sample)
            samples[path.stem] = taken
            settings.say(f"predict: {path.stem} done")
    same = _compare(
        Path(samples["tweets"][_FP32][-1]["output"]), Path(samples["tweets"][_PIPELINE][-1]["output"]), folder
    )
    scores = _scores(settings, checkpoint, folder)
    text = [
        "A token-classification checkpoint of the encoder, fine-tuned for a moment on WNUT-17, on the "
        f"{_rows(samples['tweets']):,} rows of its test split as plain text, and on {_rows(samples['long'])} texts of "
        f"{_LONG_WORDS} words from novels. A sample is the whole input, from reading it to the written records "
        "(`ftk predict`) or to the list of entities (the pipeline, which is not made to write). Models are loaded "
        "before.",
        f"`{_PIPELINE}` is `transformers.pipeline` as it comes (fp32, one text at a time, `aggregation_strategy="
        '"first"`). Its batch sizes were tried once before: '
        + "; ".join(
            f"{name}: " + ", ".join(f"{rate:,.1f} rows/s at {batch}" for batch, rate in grid.items())
            for name, grid in grids.items()
        )
        + f". `{_BEST}` takes the fastest of these.",
        *(f"### {title}\n\n{_table(samples[name], facts)}" for name, title in (("tweets", "Tweets"), ("long", "Long"))),
        *(f"Not available: {name} ({reason})" for name, reason in contest.missing.items()),
        f"Entities of ftk in fp32 and of the pipeline on the tweets: {same['both']:,} found by both with the same "
        f"span and label, {same['ours']} by ftk alone, {same['theirs']} by the pipeline alone; the largest difference "
        f"of a score is {same['difference']:.1e}. The pipeline cuts words at punctuation and groups tags that do not "
        "follow one another validly; ftk takes words as in training and decodes.",
        "F1 on the test split with `ftk evaluate`: " + ", ".join(f"{name} {value}" for name, value in scores.items()),
    ]
    raw = {"samples": samples, "ready": facts, "grids": grids, "spans": same, "f1": scores}
    measured = _measured(samples, same, scores)
    return [Section(title="Prediction", text=text, measured=measured, raw=raw)]


def train_checkpoint(settings: Settings, run_folder: Path, steps: int) -> Path:
    """A model of entities to predict with."""
    settings.ftk(
        "finetune",
        "task=ner",
        "model=auto",
        f"model.name={settings.encoder}",
        f"data.train={settings.corpus('ner_wnut17', 'train.conll')}",
        f"data.validation={settings.corpus('ner_wnut17', 'dev.conll')}",
        f"train.max_steps={steps}",
        f"train.eval_every={steps}",
        "optimizer.lr=5e-4",
        *(["data.limit=512", "data.unseen_labels=count"] if settings.quick else []),
        f"run.dir={run_folder}",
    )
    settings.say(f"a checkpoint of {steps} steps is trained")
    return run_folder / "best"


def _contenders(checkpoint: Path, first: Path, folder: Path) -> list[Contender]:
    def ftk(name: str, *words: str, optional: bool = False) -> Contender:
        outputs = folder / name.replace(", ", "-")
        outputs.mkdir()
        options = {
            "words": [f"checkpoint={checkpoint}", "run.overwrite=true", *words],
            "input": str(first),
            "folder": str(outputs),
        }
        return Contender(name=name, module="ftk_predict", options=options, optional=optional)

    def peer(name: str) -> Contender:
        outputs = folder / name.replace(", ", "-").replace(" ", "-")
        outputs.mkdir()
        options = {"checkpoint": str(checkpoint), "batch": 1, "input": str(first), "folder": str(outputs)}
        return Contender(name=name, module="pipeline", options=options)

    return [
        ftk(_FTK),
        ftk(_FP32, "hardware.precision=fp32"),
        ftk(_BF16, "hardware.precision=bf16", optional=True),
        ftk(_INT8, "hardware.precision=int8", optional=True),
        peer(_PIPELINE),
        peer(_BEST),
    ]


def _grid(settings: Settings, checkpoint: Path, path: Path, folder: Path) -> dict[int, float]:
    """Rows a second of the pipeline for each batch size."""
    outputs = folder / f"grid-{path.stem}"
    outputs.mkdir()
    options = {"checkpoint": str(checkpoint), "batch": 1, "input": str(path), "folder": str(outputs)}
    batches = _BATCHES[::3] if settings.quick else _BATCHES
    found = {}
    with Contest(settings, f"grid of {path.stem}", [Contender(name="", module="pipeline", options=options)]) as contest:
        for batch in batches:
            sample = contest.workers[""].ask("go", input=str(path), batch=batch)
            found[batch] = sample["rows"] / sample["seconds"]
    return found


def _tweets(settings: Settings, target: Path) -> Path:
    rows = settings.corpus("ner_wnut17", "test.conll").read_text(encoding="utf-8").strip("\n").split("\n\n")
    texts = [" ".join(line.split("\t")[0] for line in row.split("\n")) for row in rows]
    texts = texts[: 128 if settings.quick else None]
    target.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return target


def _long(settings: Settings, target: Path) -> Path:
    """Texts of equally many tokens, or nearly: words are added up to where the encoder's window is full."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(settings.encoder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    number = 8 if settings.quick else _LONG_TEXTS
    texts: list[str] = []
    for path in sorted(settings.corpus("mlm_novels").glob("*.txt")):
        words = path.read_text(encoding="utf-8").split()[2000 : 2000 + 40 * _LONG_WORDS]
        for begin in range(0, len(words) - _LONG_WORDS, _LONG_WORDS):
            part = " ".join(words[begin : begin + _LONG_WORDS])
            while len(tokenizer.encode(part).ids) > 512:
                part = part.rpartition(" ")[0]
            if len(tokenizer.encode(part).ids) > 500:
                texts.append(part)
        if len(texts) >= number:
            break
    target.write_text("\n".join(texts[:number]) + "\n", encoding="utf-8")
    return target


def _rows(samples: dict[str, list[Sample]]) -> int:
    return int(samples[_PIPELINE][0]["rows"])


def _rates(samples: Sequence[Sample]) -> list[float]:
    return column(samples, lambda sample: sample["rows"] / sample["seconds"])


def _table(samples: dict[str, list[Sample]], facts: dict[str, Sample]) -> str:
    rows = [
        [
            name,
            facts[name]["precision"].removeprefix("torch."),
            f"{median(_rates(found)):,.1f}",
            str(ratio(_rates(found), _rates(samples[_PIPELINE]))),
            str(ratio(_rates(found), _rates(samples[_BEST]))),
            gigabytes(max(sample["peak"] for sample in found)),
        ]
        for name, found in samples.items()
    ]
    return table(["", "precision", "rows/s", f"over {_PIPELINE}", f"over {_BEST}", "peak memory"], rows)


def _compare(ours: Path, theirs: Path, folder: Path) -> dict[str, Any]:
    """Entities that both found, or one of them, and the largest difference of their scores."""

    def entities(path: Path) -> dict[tuple[int, int, int, str], float]:
        with path.open(encoding="utf-8") as stream:
            return {
                (number, entity["start"], entity["end"], entity["label"]): entity["score"]
                for number, line in enumerate(stream)
                for entity in json.loads(line)["entities"]
            }

    first, second = entities(ours), entities(theirs)
    both = first.keys() & second.keys()
    differences = sorted((abs(first[key] - second[key]) for key in both), reverse=True)
    return {
        "both": len(both),
        "ours": len(first.keys() - second.keys()),
        "theirs": len(second.keys() - first.keys()),
        "difference": differences[0] if differences else 0.0,
        "above": sum(difference > 1e-4 for difference in differences),
    }


def _scores(settings: Settings, checkpoint: Path, folder: Path) -> dict[str, str]:
    """The F1 of each precision, or why there is none."""
    found = {}
    for precision in ("fp32", "bf16", "int8"):
        target = folder / f"evaluation-{precision}"
        done = settings.ftk(
            "evaluate",
            f"checkpoint={checkpoint}",
            f"data.test={settings.corpus('ner_wnut17', 'test.conll')}",
            f"hardware.precision={precision}",
            f"run.dir={target}",
            *(["data.limit=128"] if settings.quick else []),
            may_fail=True,
        )
        if done.returncode:
            found[precision] = "not available"
        else:
            metrics = json.loads((target / "metrics.json").read_text(encoding="utf-8"))
            found[precision] = f"{metrics['test']['f1']:.4f}"
    return found


def _measured(
    samples: dict[str, dict[str, list[Sample]]], same: dict[str, Any], scores: dict[str, str]
) -> list[Measured]:
    tweets, long = samples["tweets"], samples["long"]
    defaults = ratio(_rates(tweets[_FTK]), _rates(tweets[_PIPELINE]))
    best = ratio(_rates(tweets[_FTK]), _rates(tweets[_BEST]))
    measured = [
        Measured("predict-defaults", str(defaults), defaults.median >= 5),
        Measured("predict-best", str(best), best.median >= 2.5),
    ]
    for name in (_FTK, _FP32):
        found = ratio(_rates(long[name]), _rates(long[_BEST]))
        measured.append(Measured("predict-long", f"{name} {found}", found.median >= 0.97))
    told = f"{same['difference']:.1e} at the most, {same['above']} of {same['both']} entities above"
    measured.append(Measured("predict-scores", told, same["above"] == 0 if same["both"] else None))
    if _INT8 in tweets:
        floats = [name for name in (_FTK, _FP32, _BF16) if name in tweets]
        fastest = max(floats, key=lambda name: median(_rates(tweets[name])))
        faster = ratio(_rates(tweets[_INT8]), _rates(tweets[fastest]))
        measured.append(Measured("int8-speed", f"{faster} (over {fastest})", faster.median >= 1.5))
    else:
        measured.append(Measured("int8-speed", "not available", None))
    if "not available" in (scores["int8"], scores["fp32"]):
        measured.append(Measured("int8-f1", "not available", None))
    else:
        lost = 100 * (float(scores["fp32"]) - float(scores["int8"]))
        measured.append(Measured("int8-f1", f"{lost:.2f} points", lost <= 0.3))
    return measured
