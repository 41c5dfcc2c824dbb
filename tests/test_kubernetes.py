"""The manifests fit Kubernetes' own schemas, the server they run, and the image it is in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from digits.serving.site import PATHS
from digits.serving.telemetry import Families
from digits.settings import MIB, ROOT, Settings

FOLDER = ROOT / "deploy" / "kubernetes"
OLDEST, NEWEST = "1.30", "1.36"
"""Versions of Kubernetes whose schemas the manifests must fit."""


def manifests() -> dict[str, dict[str, Any]]:
    """Those that the kustomization names, by their kind."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    loaded = [yaml.safe_load((FOLDER / name).read_text()) for name in names]
    return {each["kind"]: each for each in loaded}


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    return manifests()["Deployment"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["spec"]["containers"]
    return only


def test_everything_in_the_folder_is_part_of_it() -> None:
    named = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    apart = {"kustomization.yaml", "prometheus-adapter.yaml"}
    assert {path.name for path in FOLDER.iterdir()} == {*named, *apart}
    kinds = {"Namespace", "Deployment", "Service", "HorizontalPodAutoscaler"}
    assert set(manifests()) == {*kinds, "PodDisruptionBudget", "NetworkPolicy"}


def test_all_of_them_mean_the_same_pods(pod: dict[str, Any]) -> None:
    found, labels = manifests(), pod["metadata"]["labels"]
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "digits")


def test_the_probes_ask_what_the_server_answers(container: dict[str, Any]) -> None:
    paths = {
        name: container[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "readiness", "liveness")
    }
    assert paths == {
        "startup": "/health/ready",
        "readiness": "/health/ready",
        "liveness": "/health/live",
    }
    assert set(paths.values()) <= set(PATHS)


def test_it_runs_as_the_image_says(pod: dict[str, Any], container: dict[str, Any]) -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    (user,) = [line.removeprefix("USER ") for line in lines if line.startswith("USER ")]
    security = pod["spec"]["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user
    assert security["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}" in lines
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])


def settings(container: dict[str, Any]) -> Settings:
    return Settings.from_env({each["name"]: each["value"] for each in container["env"]})


def test_its_memory_is_enough_for_what_its_settings_allow(container: dict[str, Any]) -> None:
    """By the figures of docs/operations.md, at worst."""
    given = settings(container)
    worst = given.workers * (8 * given.max_body + 28 * given.max_pixels) + 390 * MIB
    assert worst <= memory(container["resources"]["limits"]["memory"])
    assert int(container["resources"]["requests"]["cpu"]) == given.workers


def memory(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([MG])i", text).groups()
    return int(number) * MIB * (1024 if unit == "G" else 1)


def test_it_has_the_time_to_finish_what_it_was_asked(
    pod: dict[str, Any], container: dict[str, Any]
) -> None:
    (_, seconds) = container["lifecycle"]["preStop"]["exec"]["command"]
    needed = int(seconds) + settings(container).timeout_s + 5
    assert pod["spec"]["terminationGracePeriodSeconds"] >= needed


def test_the_autoscaler_knows_a_metric_that_the_server_has() -> None:
    layout = Families.lay_out(PATHS).layout
    gauges = {family.name for family in layout.families if family.kind == "gauge"}
    metrics = manifests()["HorizontalPodAutoscaler"]["spec"]["metrics"]
    (waiting,) = [each["pods"]["metric"]["name"] for each in metrics if each["type"] == "Pods"]
    assert waiting in gauges
    (rule,) = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    assert rule["name"]["as"] == waiting
    assert rule["seriesQuery"].startswith(f"{waiting}{{")
    assert "cpu" in [each["resource"]["name"] for each in metrics if each["type"] == "Resource"]


@pytest.mark.slow
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_they_fit_the_official_schemas(
    version: str, validated: Callable[..., str], tmp_path: Path
) -> None:
    names = [FOLDER / name for name in kustomization()["resources"]]
    assert validated(version, *names).count(" passed for resource ") == len(names)
    wrong = tmp_path / "wrong.yaml"
    text = (FOLDER / "deployment.yaml").read_text()
    wrong.write_text(text.replace("readOnlyRootFilesystem", "readOnlyRoot"))
    with pytest.raises(AssertionError, match="readOnlyRoot"):
        validated(version, wrong)


@pytest.mark.slow
def test_kustomize_puts_them_together(validated: Callable[..., str], tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        reason = "kubectl is not here (tools/test_packages.sh installs it)"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    made = subprocess.run(["kubectl", "kustomize", FOLDER], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    documents = list(yaml.safe_load_all(made.stdout))
    assert {each["kind"] for each in documents} == set(manifests())
    rest = [each for each in documents if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in rest} == {"digits"}
    (deployment,) = [each for each in documents if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (image,) = kustomization()["images"]
    assert container["image"] == f"{image['newName']}:{image['newTag']}"
    together = tmp_path / "all.yaml"
    together.write_text(made.stdout)
    assert validated(NEWEST, together).count(" passed for resource ") == len(documents)


def kustomization() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "kustomization.yaml").read_text())


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """What the validator says of manifests that fit Kubernetes' schemas of a version."""
    folder = tmp_path_factory.mktemp("validator") / "environment"
    # A hundred megabytes of schemas, which nothing else needs.
    sync = [os.environ.get("UV", "uv"), "sync", "--frozen", "--quiet", "--only-group", "kubernetes"]
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
    subprocess.run(sync, cwd=ROOT, env=environ, check=True)

    def validate(version: str, *paths: Path) -> str:
        command = [folder / "bin" / "kubernetes-validate", "--strict"]
        command += ["--kubernetes-version", version, *paths]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return validate
