"""What scores loads nothing that only trains, and runs on what env.yml lists."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

import digits

HEAVY = {
    "azure",
    "azureml",
    "keras",
    "matplotlib",
    "mlflow",
    "onnx",
    "ray",
    "tensorflow",
    "tf2onnx",
}

LOAD = """
import importlib, json, pkgutil, sys

class Refuse:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {heavy}:
            raise ImportError(name + " is not to be loaded here")

sys.meta_path.insert(0, Refuse)
package = importlib.import_module("{package}")
for module in pkgutil.walk_packages(getattr(package, "__path__", []), "{package}."):
    importlib.import_module(module.name)
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def loaded_by(package: str) -> set[str]:
    """The top-level modules in a fresh process that imported every module of ``package``."""
    program = LOAD.format(package=package, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "package", ["digits.reader", "digits.wire", "digits.serving", "digits.registry", "score"]
)
def test_it_loads_where_nothing_heavy_is_installed(package: str) -> None:
    assert "digits" in loaded_by(package)


def test_the_entry_script_needs_only_packages_of_env_yml(repo_root: Path) -> None:
    environment = yaml.safe_load((repo_root / "env.yml").read_text(encoding="utf-8"))
    listed = {pin.partition("==")[0] for pin in environment["dependencies"][-1]["pip"]}
    distributions = packages_distributions()
    needed = {
        distribution.lower().replace("_", "-")
        for module in loaded_by("score") - set(sys.stdlib_module_names)
        for distribution in distributions.get(module, [])
    }
    assert "onnxruntime" in needed
    assert needed - {"digits"} <= listed


def test_no_module_of_the_package_imports_a_script(repo_root: Path) -> None:
    scripts = {path.stem for path in repo_root.glob("*.py")}
    imported = {
        (path.name, line)
        for path in Path(digits.__path__[0]).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.split()[:1] in (["from"], ["import"]) and line.split()[1] in scripts
    }
    assert imported == set()
