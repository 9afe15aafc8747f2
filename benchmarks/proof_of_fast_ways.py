"""How long the proof of the fast ways takes: for a model of the size of BERT-base with random weights, on one machine.

    python benchmarks/proof_of_fast_ways.py [--repeat 15] [--threads 1]

Each line is one kind of run: its median time without a kept verdict, the smallest and the largest, and the median time
with one. The first proof of a process is left out: torch prepares its kernels then, which else the first step does.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

import torch
from transformers import AutoModelForSequenceClassification, BertConfig

from ftk.kernels import prediction_ways, training_ways
from ftk.kernels.proof import prove, proven


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--repeat", type=int, default=15)
    words.add_argument("--threads", type=int, default=1)
    given = words.parse_args()
    torch.set_num_threads(given.threads)
    model = AutoModelForSequenceClassification.from_config(BertConfig(num_labels=3))
    print(f"BERT-base, torch {torch.__version__}, {given.threads} threads, seconds: median (least, most), then kept")
    for dtype in (torch.bfloat16, torch.float32):
        for training in (True, False):
            ways = training_ways() if training else prediction_ways(dtype, rows=16384, int8=False)
            new = _times(lambda w=ways, d=dtype, t=training: prove(model, w, d, training=t), given.repeat)  # type: ignore[misc]
            with tempfile.TemporaryDirectory() as folder:
                kept = _times(
                    lambda w=ways, d=dtype, t=training, f=folder: proven(model, w, d, training=t, cache_dir=f),  # type: ignore[misc]
                    given.repeat,
                )
            what = f"{'training' if training else 'prediction'}, {str(dtype).removeprefix('torch.')}"
            middle = statistics.median(new)
            print(f"{what:24} {middle:.3f} ({min(new):.3f}, {max(new):.3f}), {statistics.median(kept):.4f}")


def _times(measured: Callable[[], object], repeat: int) -> list[float]:
    measured()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        measured()
        times.append(time.perf_counter() - begin)
    return times


if __name__ == "__main__":
    main()
