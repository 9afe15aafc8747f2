"""Time from a line on standard input to its record, at several rates of lines; and rows a second of a file.

A line is written at its time, and the record that comes back is timed. The rates are in lines a second.

    python benchmarks/predict_latency.py --checkpoint runs/tiny/best --rates 1 10 1000 --seconds 10
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

COMMAND = [sys.executable, "-c", "from ftk.cli import main; main()", "predict"]


def latencies(checkpoint: str, rate: float, seconds: float) -> list[float]:
    """Seconds from each line to its record, after a first one that waits for the model."""
    with subprocess.Popen(
        [*COMMAND, f"checkpoint={checkpoint}", "input=-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        records = open(process.stdout.fileno(), "rb", closefd=False)  # noqa: SIM115
        process.stdin.write(b"Rita sleeps first\n")
        records.readline()
        number = max(3, int(rate * seconds))
        sent: list[float] = []
        stdin = process.stdin

        def send() -> None:
            began = time.perf_counter()
            for line in range(number):
                time.sleep(max(0.0, began + line / rate - time.perf_counter()))
                sent.append(time.perf_counter())
                stdin.write(b"Rita sleeps in room %d\n" % line)
            stdin.close()

        writer = threading.Thread(target=send)
        writer.start()
        found = []
        for _ in range(number):
            records.readline()
            found.append(time.perf_counter())
        writer.join()
        records.close()
    return [there - begun for begun, there in zip(sent, found, strict=True)]


def throughput(checkpoint: str, rows: int, *, piped: bool) -> float:
    """Rows a second of a file, or of the same through a pipe, with the start of the process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.txt")
        path.write_text("".join(f"Rita sleeps in room {number}\n" for number in range(rows)))
        began = time.perf_counter()
        with path.open("rb") as stream:
            subprocess.run(
                [*COMMAND, f"checkpoint={checkpoint}", f"input={'-' if piped else path}", f"output={folder}/out.jsonl"],
                stdin=stream,
                stderr=subprocess.DEVNULL,
                check=True,
            )
        return rows / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--rates", type=float, nargs="+", default=[1, 10, 1000])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for rate in options.rates:
        found = sorted(latencies(options.checkpoint, rate, options.seconds))
        p50, p99 = statistics.median(found), found[min(len(found) - 1, int(0.99 * len(found)))]
        print(f"{rate:g} lines/s: p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms, {len(found)} lines", flush=True)
    for piped in (False, True):
        speed = throughput(options.checkpoint, options.rows, piped=piped)
        print(f"{'pipe' if piped else 'file'}: {speed:,.0f} rows/s with the start", flush=True)


if __name__ == "__main__":
    main()
