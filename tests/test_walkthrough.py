"""``docs/walkthrough.ipynb`` runs from its first cell to its last, and shows what it promises."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

UV = os.environ.get("UV") or "uv"
EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

source, folder, result = sys.argv[1:]
notebook = nbformat.read(source, 4)
place = {"metadata": {"path": folder}}
NotebookClient(notebook, timeout=1000, kernel_name="python3", resources=place).execute()
nbformat.write(notebook, result)
"""


def code_cells(notebook: Path) -> list[dict]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_it_is_kept_without_outputs(repo_root):
    cells = code_cells(repo_root / "docs" / "walkthrough.ipynb")
    assert cells
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.data
@pytest.mark.timeout(1500)
def test_it_goes_from_mnist_to_a_reading_of_an_endpoint(repo_root, data_dir, tmp_path):
    source, result = repo_root / "docs" / "walkthrough.ipynb", tmp_path / "executed.ipynb"
    command = [UV, "run", "--isolated", "--frozen", "--group", "notebook", "python", "-c", EXECUTE]
    done = subprocess.run(
        [*command, source, repo_root / "docs", result],
        cwd=repo_root,
        env={**os.environ, "DIGITS_DATA": str(data_dir), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = [output for cell in code_cells(result) for output in cell["outputs"]]
    plots = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(plots) == 7
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    assert printed.count("365249") == 2  # by the reader here, and by the endpoint
    assert "digits:1" in printed
