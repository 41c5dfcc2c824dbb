"""What cannot work on SDK v1 is refused before anything is sent, and each call names v2's."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from digits.deployment.azure_spec import FOLDER
from digits.deployment.azure_v1_notice import notice, translated
from digits.deployment.azure_v1_spec import WebserviceSpec
from digits.errors import ConfigurationError
from digits.registry.azure_v1_client import Tokens
from digits.registry.protocol import ModelVersion

VERSION = ModelVersion(
    name="digits", version=3, stages=(), created="", sha256="f" * 64, tags={}, metrics={},
    path=Path(),
)  # fmt: skip


def spec_with(folder: Path, old: str, new: str) -> WebserviceSpec:
    """The project's YAML, one text in that of SDK v1 replaced."""
    (folder / "score.py").touch()
    (folder / "env.yml").touch()
    copy = shutil.copytree(FOLDER, folder / "deploy")
    text = (copy / "webservice.yml").read_text()
    assert old in text
    (copy / "webservice.yml").write_text(text.replace(old, new, 1))
    return WebserviceSpec.read(folder=copy, environ={})


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("cpu: 2", "cpu: 0", "cpu is 0: it must be more than 0 and at most 4"),
        ("cpu: 2", "cpu: 4.1", "cpu is 4.1"),
        ("cpu: 2", "cpu: two", "cpu is 'two': it must be a number"),
        ("memoryInGB: 2", "memoryInGB: 17", "memoryInGB is 17"),
        ("memoryInGB: 2", "memory: 2", "memoryInGB is None"),
        ("authEnabled: true", "authEnabled: false", "authEnabled must be true"),
        ("computeType: ACI", "computeType: AKS", "computeType is 'AKS'"),
        ('WORKER_COUNT: "2"', "WORKER_COUNT: 2", "WORKER_COUNT must be a text"),
    ],
)
def test_it_is_refused_with_the_field_named(tmp_path, old, new, complaint):
    with pytest.raises(ConfigurationError) as caught:
        spec_with(tmp_path, old, new)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert complaint in lines[1]


@pytest.mark.parametrize("cpu", ["0.1", "4"])
def test_bounds_are_allowed(tmp_path, cpu):
    assert spec_with(tmp_path, "cpu: 2", f"cpu: {cpu}").cores == float(cpu)


@pytest.mark.parametrize("name", ["Digits", "digits-", "a" * 28])
def test_a_name_that_sdk_v1_refuses_is_refused(name):
    with pytest.raises(ConfigurationError, match="name"):
        WebserviceSpec.read(environ={}, endpoint=name)


def test_the_longest_name_leaves_room_for_the_service_beside_it():
    assert len(WebserviceSpec.read(environ={}, endpoint="a" * 27).candidate) == 32


def test_the_fingerprint_tells_releases_apart(tmp_path):
    spec = WebserviceSpec.read(environ={})
    assert spec.fingerprint(VERSION) == WebserviceSpec.read(environ={}).fingerprint(VERSION)
    others = [
        spec_with(tmp_path, "memoryInGB: 2", "memoryInGB: 3"),
        WebserviceSpec.read(environ={}, image="example.azurecr.io/base:7"),
    ]
    prints = {other.fingerprint(VERSION) for other in others} | {spec.fingerprint(VERSION)}
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--to azure-v1", "--to azure"),
        ("--to=azure-v1 --model digits:3", "--to=azure --model digits:3"),
        ("--endpoint azure-v1 --to azure-v1", "--endpoint azure-v1 --to azure"),
        ("--to azure-v1 --package --model digits", "--to image --model digits"),
    ],
)
def test_the_arguments_of_the_same_on_v2(line, expected):
    assert translated(line.split()) == expected.split()


def test_the_notice_is_one_line_to_paste():
    said = notice("register.py", ["--to", "azure-v1", "--tag", "by=A. B."])
    assert said.count("\n") == 0
    assert said.endswith("the same on v2: uv run register.py --to azure --tag 'by=A. B.'")


class Credential:
    """Gives tokens numbered from 1."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[str] = []

    def get_token(self, scope: str) -> object:
        self.asked.append(scope)
        return SimpleNamespace(token=str(len(self.asked)), expires_on=time.time() + self.seconds)


def test_a_token_is_asked_for_once_while_it_lasts():
    credential = Credential(seconds=3600)
    tokens = Tokens(credential)
    assert [tokens("https://a/"), tokens("https://a/"), tokens("https://b")] == ["1", "1", "2"]
    assert credential.asked == ["https://a//.default", "https://b/.default"]


def test_a_token_that_is_about_to_end_is_not_used():
    tokens = Tokens(Credential(seconds=60))
    assert [tokens("https://a"), tokens("https://a")] == ["1", "2"]
