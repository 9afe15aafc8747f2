"""No command line, however odd, ends in anything but a config or a message."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Result

KEYS = ["model", "task", "data", "experiment", "optimizer.lr", "train.epochs", "data.train", "run", "run.dir"]
KEYS += ["model.config.hidden_size", "hardware.micro_batch", "hydra.job.name", "nope", "task.words", "model.", ""]
VALUES = [
    "tiny",
    "ner",
    "null",
    "1",
    "-1",
    "1e400",
    "1,2",
    "[1,2]",
    "{a:1}",
    "'a,b'",
    "${model.name}",
    "${nope}",
    "???",
]
VALUES += ["choice(1,2)", "range(1,3)", "interval(0,1)", "glob(*)", "", "[", "{", "'", "true", "~/x=1", "é=ü"]
FLAGS = ["-m", "--resolve", "-p", "--config-dir", ".", "~model", "~nope", "--", "-", "--package=model", "x"]
WORDS = st.one_of(
    st.builds(
        "{}{}={}".format,
        st.sampled_from(["", "", "", "+", "++", "~"]),
        st.sampled_from(KEYS),
        st.sampled_from(VALUES) | st.text(alphabet="ab1.,:=[]{}()'\"$\\ ~é-", max_size=6),
    ),
    st.sampled_from(FLAGS),
    st.sampled_from(["model=tiny", "run.dir=é=x", "train.epochs=1e400", "+optimizer.amsgrad=true", "~optimizer.eps"]),
    st.text(alphabet="am=.-~+@/: ", max_size=5),
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=3), command=st.sampled_from(["finetune", "pretrain", "evaluate", "predict"]))
def test_any_words(ftk, words: list[str], command: str) -> None:  # type: ignore[no-untyped-def]
    result: Result = ftk(command, *words, "--cfg", "job")
    assert result.code in (0, 1)
    assert "Traceback" not in result.err
    if result.code == 0:
        assert result.err == ""
        assert result.out
    else:
        assert result.out == ""
        assert result.err.startswith(f"ftk {command}: ")
