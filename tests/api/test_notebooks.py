"""The notebooks of docs/notebooks run from beginning to end in a kernel."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.torch, pytest.mark.slow]

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")  # stripped in the repository
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    printed = [output for outputs in shown.values() for output in outputs if output.output_type == "stream"]
    assert {output.name for output in printed} == {"stderr"}
    assert "".join(output.text for output in printed) == "\r2 rows\r2 rows\n"  # the progress of one cell
    results = [output for outputs in shown.values() for output in outputs if output.output_type == "execute_result"]
    assert len(results) == 3
    assert all("<table>" in output.data["text/html"] for output in results)
    assert "1.0000" in results[0].data["text/html"]
