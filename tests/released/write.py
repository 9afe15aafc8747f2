"""Writes a copy of this folder into the current one, with the ftk that is installed. See README.md."""

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conftest import toy_sentences, write_conll, write_jsonl  # noqa: E402
from ftk import cli  # noqa: E402
from pretraining import story, write_stories  # noqa: E402
from test_released import COMMANDS, ENDS, applied, digests, events, machine, scored  # noqa: E402


def main() -> None:
    shutil.copytree(HERE / "configs", "configs")
    write_conll("train.conll", toy_sentences(24))
    write_conll("validation.conll", toy_sentences(40)[32:])
    write_stories("stories.txt", 0, 40)
    write_jsonl("masks.jsonl", [{"text": " ".join(story(n)).replace(" to ", " [MASK] ")} for n in range(50, 54)])
    Path("expected").mkdir()
    ends = {}
    for name, command in COMMANDS.items():
        argv = [command, "--config-dir", "configs", f"experiment={name}"]
        assert cli.run([*argv, f"run.dir={name}", "run.stop_after=35"]) == 0
        assert cli.run([*argv, "run.dir=whole"]) == 0
        ends[name] = {"digests": digests(Path("whole")), "events": events(Path("whole"))}
        write_jsonl(f"expected/{name}.jsonl", applied(name, Path(name, "best")))
        Path(f"expected/{name}.json").write_text(json.dumps(scored(name, Path(name, "best")), indent=1) + "\n")
        for path in (Path("whole"), Path("scores"), Path(name, "previous")):
            shutil.rmtree(path)
        Path(name, ".lock").unlink()
        Path("predicted.jsonl").unlink()
    ENDS.write_text(json.dumps({"machine": machine(), **ends}, indent=1) + "\n")
    shutil.rmtree("cache", ignore_errors=True)


if __name__ == "__main__":
    main()
