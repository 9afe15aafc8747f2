"""No command line, however odd, ends in anything but a config or a message."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Result

KEYS = st.sampled_from(
    ["model", "task", "data", "experiment", "optimizer.lr", "train.epochs", "data.train", "model.config.hidden_size"]
    + ["run", "run.dir", "hardware.micro_batch", "hydra.job.name", "nope", "task.words", "model.", ".", "", "a b", "é"]
)
VALUES = st.sampled_from(
    [
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
        "${oc.env:X}",
    ]
    + ["", "[", "{", "'", "choice(1,2)", "range(1,3)", "interval(0,1)", "glob(*)", "true", "~/x=1", "é=ü", "???"]
) | st.text(alphabet="ab1.,:=[]{}()'\"$\\ ~é-", max_size=6)
WORDS = st.one_of(
    st.builds("{}{}={}".format, st.sampled_from(["", "", "", "+", "++", "~"]), KEYS, VALUES),
    st.sampled_from(
        ["-m", "--resolve", "-p", "--config-dir", ".", "~model", "~nope", "--", "-", "--package=model", "x"]
    ),
    st.text(alphabet="am=.-~+@/: ", max_size=5),
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=4), command=st.sampled_from(["finetune", "finetune", "evaluate", "predict"]))
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
