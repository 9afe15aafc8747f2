"""``tasks.json`` as a page and a figure.

python -m benchmarks.tasks.page [FILE.json [PART.json …]]

The results of parts, which may have run beside one another, are put into FILE.json first.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
KINDS = {"beside": "beside Trainer", "shares": "small models", "fusion": "fusion"}


def main() -> None:
    """Write ``tasks.md`` and ``tasks.png`` beside the results."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "tasks.json"
    found = json.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
    for part in sys.argv[2:]:
        _take(found, json.loads(Path(part).read_text(encoding="utf-8")))
    source.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    parts = ["# Tasks", _head(found)]
    if "single" in found:
        parts.append(_single(found["single"]))
    if "beside" in found:
        parts.append(_beside(found["beside"]))
    if "shares" in found:
        parts.append(_shares(found["shares"]))
        _figure(found["shares"], source.with_suffix(".png"))
    if "fusion" in found:
        parts.append(_fusion(found["fusion"]))
    text = "\n\n".join(parts) + "\n"
    source.with_suffix(".md").write_text(text, encoding="utf-8")


def _take(found: dict[str, Any], part: dict[str, Any]) -> None:
    for kind, results in part.items():
        if isinstance(results, dict):
            found.setdefault(kind, {}).update(results)
        else:
            found[kind] = results


def _commits(found: dict[str, Any]) -> str:
    """Which results are of which commit."""
    of: dict[str, list[str]] = {}
    for kind, results in found.items():
        for name, result in results.items() if isinstance(results, dict) else ():
            what = name.split(",")[0] if kind == "single" else KINDS[kind]
            if what not in of.setdefault(result["ftk"], []):
                of[result["ftk"]].append(what)
    return "; ".join(f"{commit}: {', '.join(names)}" for commit, names in of.items())


def _head(found: dict[str, Any]) -> str:
    versions = ", ".join(part for part in found["versions"].split(", ") if not part.startswith("ftk "))
    return (
        f"What each task reaches on real corpora, from `python -m benchmarks.tasks`.\n\n- {found['machine']}\n"
        f"- {versions}\n- ftk {_commits(found)}\n- Other work ran on the machine: minutes are no measure of speed, for "
        "which there is [a page of its own](2026-11-22-speed.md)."
    )


def _single(found: dict[str, Any]) -> str:
    lines = [
        "## Each task in one command",
        "",
        "MiniLM (6 layers of 384) unless the command says otherwise, seed 1; models called tiny have random weights. "
        "`DATA` is the folder of the corpora; where one has no splits, its rows were shuffled once and "
        "cut (`corpora.py`). Where it has no test file, the scores are of the validation split, on which the best "
        "model was chosen.",
        "",
        "| corpus | scores | split | minutes |",
        "| --- | --- | --- | ---: |",
    ]
    for name, run in found.items():
        lines.append(f"| {name} | {_scores(run['scores'])} | {run['split']} | {run['minutes']} |")
        for other, scores in run.get("also", {}).items():
            lines.append(f"| … the same model on: {other} | {_scores(scores)} | test | |")
        for other, scores in run.get("floor", {}).items():
            lines.append(f"| … the same rows with: {other} | {_scores(scores)} | {run['split']} | |")
    lines += ["", "```"]
    for run in found.values():
        lines.append(run["command"])
    return "\n".join([*lines, "```"])


def _scores(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())


def _beside(found: dict[str, Any]) -> str:
    lines = [
        "## Beside `transformers.Trainer`",
        "",
        "The same weights, rows, epochs (3; of relations 2, of sts2016 10), batch size (16), peak rate, linear decay "
        "after a tenth of the steps, and seeds (a score each in parentheses); bf16, batches grouped by length, fused "
        "AdamW on both sides; the model of the last epoch. Of relations the peer classifies the first token, with the "
        "four marks in its vocabulary. Of sts2016, 325 training and 93 test rows, two peak rates are shown: ftk learns "
        "standardised targets, which get to where they are learned by heart at a lower rate than raw ones.",
        "",
        "| corpus | score | ftk | Trainer | difference of means |",
        "| --- | --- | --- | --- | ---: |",
    ]
    names = {
        "banking77": "accuracy",
        "semeval2010": "f1_semeval",
        "sts2016, lr 1e-4": "pearson",
        "sts2016, lr 5e-5": "pearson",
    }
    for corpus, score in names.items():
        sides = []
        for side in ("ftk", "Trainer"):
            values = [run["score"] for name, run in found.items() if name.startswith(f"{corpus} {side} ")]
            if not values:
                break
            sides.append(values)
        else:
            cells = [_mean(values) for values in sides]
            difference = statistics.mean(sides[0]) - statistics.mean(sides[1])
            lines.append(f"| {corpus} | {score} | {cells[0]} | {cells[1]} | {difference:+.4f} |")
    return "\n".join(lines)


def _mean(values: list[float]) -> str:
    spread = f"sd {statistics.stdev(values):.4f}; " if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f} ({spread}{', '.join(f'{value:.4f}' for value in values)})"


def _shares(found: dict[str, Any]) -> str:
    models = list(dict.fromkeys(name.split(" ")[0] for name in found))
    lines = [
        "## Small models beside a large one",
        "",
        "banking77 with 1, 10 and 100 % of its training rows (of each of the 77 classes at least one), test accuracy.",
        "",
        f"| rows | {' | '.join(models)} |",
        f"| --- |{' ---: |' * len(models)}",
    ]
    for percent in (1, 10, 100):
        cells = [found.get(f"{model} {percent}", {}).get("score") for model in models]
        lines.append(f"| {percent} % | " + " | ".join("" if c is None else f"{c:.4f}" for c in cells) + " |")
    return "\n".join([*lines, "", "![Accuracy against examples](tasks.png)"])


def _fusion(found: dict[str, Any]) -> str:
    lines = [
        "## Texts and images together",
        "",
        "fusion_emoji: 1,588 pictures of 64 x 64 with their names, 8 groups (always the largest: 0.2965). Random "
        "weights, `cnn` for the names and `resnet-tiny` for the pictures; test accuracy with three seeds. Then the "
        "same models on the test split with every picture replaced by noise, and with every name emptied, neither of "
        "which they have seen.",
        "",
        "| `model.config.fusion` | as it is | pictures of noise | no names | share of the text |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for kind in dict.fromkeys(name.split(" ")[0] for name in found):
        runs = [run for name, run in found.items() if name.startswith(f"{kind} ")]
        spoiled = [f"{statistics.mean(run[name] for run in runs):.4f}" for name in ("images of noise", "no text")]
        shares = ", ".join(f"{run['share_of_text']:.2f}" for run in runs if "share_of_text" in run)
        lines.append(f"| {kind} | {_mean([run['score'] for run in runs])} | {' | '.join(spoiled)} | {shares} |")
    return "\n".join(lines)


def _figure(found: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = {1: 100, 10: 1000, 100: 10003}
    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    for model in dict.fromkeys(name.split(" ")[0] for name in found):
        points = [(rows[p], found[f"{model} {p}"]["score"]) for p in rows if f"{model} {p}" in found]
        axes.plot(*zip(*points, strict=True), marker="o", label=model)
    axes.set(xscale="log", xlabel="training examples", ylabel="test accuracy", ylim=(0, 1), title="banking77")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
