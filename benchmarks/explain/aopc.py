"""How much predictions depend on the words that are named: AOPC of ftk's methods and of integrated gradients by captum.

For the words with the highest scores, at 5, 10, 20 and 50 % of the words of a text (DeYoung et al. 2020, ERASER):
comprehensiveness is how far what was predicted falls without them (the higher the better), sufficiency how far it falls
without all others (the lower the better). Words are left out as ftk's erasure does it. Both are means over the shares
and the rows; AOPC is comprehensiveness less sufficiency. What falls is the probability, and the number that ftk
explains: the logit less the others, which says something where the model is never, or always, sure.

    pip install --no-deps captum
    python -m benchmarks.explain.aopc --checkpoint runs/banking/best --input test.csv --rows 100
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ftk.commands.checks.values import check_values
from ftk.config.choices import Method
from ftk.config.compose import compose
from ftk.contracts.notes import Notes
from ftk.data.readers.splits import stream
from ftk.explaining.asked import Asked
from ftk.explaining.explained import explainer_of
from ftk.explaining.explainer import Explainer
from ftk.explaining.scoring import Scorer
from ftk.inference.pipeline import Predictions
from ftk.inference.saved_model import SavedModel
from ftk.report.console import Console

SHARES = (0.05, 0.1, 0.2, 0.5)
STEPS = 50


class CaptumScorer(Scorer):
    """Integrated gradients of captum, 50 steps from padding, of the same number that ftk explains."""

    def scores(self, features: Any, parts: Any, words: Any, notes: Notes) -> Any:
        from captum.attr import LayerIntegratedGradients

        found = []
        for part, own in zip(parts, words, strict=True):
            batch = self._batch(features, [part])
            ids = batch.inputs["input_ids"]

            def forward(given: Any, part: Any = part) -> Any:
                several = [part] * len(given)
                repeated = self._batch(features, several)
                repeated.inputs["input_ids"] = given
                return self.explains.values(self.task.forward(self.model, repeated), features, several)

            special = torch.from_numpy(own < 0)[None]
            baseline = torch.where(special, ids, torch.full_like(ids, features.pad_id))
            layer = LayerIntegratedGradients(forward, self.model.get_input_embeddings())
            scores = layer.attribute(ids, baselines=baseline, n_steps=STEPS)[0].sum(-1).detach().numpy()
            inside = own >= 0
            sums = np.bincount(own[inside], weights=scores[inside])
            found.append((0.0, {int(word): float(sums[word]) for word in np.unique(own[inside])}))
        return found


class Masking:
    """What the model makes of a text in which some words are masked."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    @torch.no_grad()
    def of(self, features: Any, parts: Sequence[Any], words: Sequence[Any], masked: Sequence[set[int]]) -> Any:
        """[parts, 2] the probability of what was predicted, and the number that is explained."""
        scorer = self.scorer
        _, mask = scorer.stand_in()
        found = np.zeros((len(parts), 2))
        for places in scorer._batches(features, parts):
            chosen = [parts[place] for place in places]
            batch = scorer._batch(features, chosen)
            for row, place in enumerate(places):
                scorer.leave_out(batch, row, np.flatnonzero(np.isin(words[place], list(masked[place]))), mask)
            outputs = scorer.task.forward(scorer.model, batch)
            found[places, 1] = scorer.explains.values(outputs, features, chosen).numpy()
            outputs, begin = outputs.softmax(-1), 0
            for row, place in enumerate(places):
                key = chosen[row].key
                if isinstance(key, int):
                    found[place, 0] = float(outputs[row, key])
                    continue
                found[place, 0] = float(np.mean([float(outputs[begin + at, tag]) for at, tag in key]))
                begin += len(features.columns["word"][chosen[row].window])
        return found


def aopc(masking: Masking, features: Any, parts: Any, words: Any, scores: Any) -> Any:
    """[2, 2] comprehensiveness and sufficiency, of the probability and of the number that is explained."""
    whole = masking.of(features, parts, words, [set() for _ in parts])
    falls = []
    for share in SHARES:
        top = []
        for found in scores:
            ranked = sorted(found, key=lambda word: -found[word])
            top.append(set(ranked[: max(1, round(share * len(ranked)))]))
        rest = [set(found) - chosen for found, chosen in zip(scores, top, strict=True)]
        falls.append([(whole - masking.of(features, parts, words, hidden)).mean(0) for hidden in (top, rest)])
    return np.mean(falls, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    words = [f"checkpoint={options.checkpoint}", f"input={options.input}", "hardware=cpu", f"data.limit={options.rows}"]
    config: Any = compose("explain", [*words, f"hardware.threads={options.threads}"], check=check_values).config
    console, notes = Console(quiet=True), Notes()
    saved = SavedModel.open(Path(options.checkpoint), None, None, notes)
    rows = stream(config.input, config.data, notes, saved.trained.task.spec.columns)
    predictions = Predictions(saved, config.data)
    examples = next(predictions.examples(rows, notes))
    predictions.load(config.hardware, console)
    predictions.prepare(console)
    records = list(predictions.records(examples, notes))
    print(
        "| method | p: comprehensive | sufficient | AOPC | logit: comprehensive | sufficient | AOPC | CPU s | of IG |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    seconds: dict[str, float] = {}
    for name in ("integrated gradients", "random", *(method.value for method in Method)):
        method = Method(name) if name in Method.__members__ else Method.gradients
        explainer = explainer_of(saved.checkpoint(config.data), Asked.of(saved.trained, method, None), config.hardware)
        parts, own, features = _parts(explainer, examples, records)
        scorer = explainer._scorer
        if name == "integrated gradients":
            scorer.__class__ = CaptumScorer
        scorer.scores(features, parts[:1], own[:1], Notes())  # what is done once
        began = time.process_time()
        found = [scores for _, scores in scorer.scores(features, parts, own, Notes())]
        seconds[name] = time.process_time() - began
        if name == "random":
            draw = random.Random(1)
            found = [{word: draw.random() for word in scores} for scores in found]
        fell = aopc(Masking(scorer), features, parts, own, found)
        shown = [f"{one:.4f} | {other:.4f} | {one - other:.4f}" for one, other in fell.T.tolist()]
        times = seconds["integrated gradients"] / seconds[name]
        print(f"| {name} | {' | '.join(shown)} | {seconds[name]:.2f} | 1/{times:.0f} |", flush=True)
    print(f"{len(examples)} rows, {len(parts)} explanations")


def _parts(explainer: Explainer, examples: Any, records: Any) -> tuple[list[Any], list[Any], Any]:
    """What is explained of some rows, with the words of each window."""
    from ftk.contracts.contexts import Encoding

    checkpoint, explains = explainer._checkpoint, explainer._asked.explains
    encoding = Encoding(checkpoint.source.processor, None, checkpoint.windows, Notes())
    features = checkpoint.task.predictor().features(examples, encoding)
    words = explains.words(examples, encoding)
    parts = []
    for row, (example, record) in enumerate(zip(examples, records, strict=True)):
        windows = features.windows_of(row, row + 1)
        for wanted in explains.wanted(example, record, windows, features, checkpoint.labels, None):
            if len(wanted.parts) == 1 and len(windows) == 1:
                parts.append(wanted.parts[0])
    return parts, [words[part.window] for part in parts], features


if __name__ == "__main__":
    main()
