"""What the pages about the server say is so."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml
from own_server import own_server, until

from digits.errors import DigitsError
from digits.serving import connection, head
from digits.serving.site import PATHS
from digits.serving.telemetry import Families
from digits.settings import ROOT

HTTP, OPERATIONS, SECURITY = (
    (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("http.md", "operations.md", "security.md")
)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_every_route_is_listed():
    listed = set(re.findall(r"`(?:GET |POST |DELETE )?(/[^`…]*)`", HTTP))

    assert set(PATHS) - {path for path in PATHS if "{version}" in path} <= listed


def test_every_error_is_listed_with_its_status():
    listed = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d{3}) \| (`[^|]*`) \|", HTTP, flags=re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }

    def below(kind: type[DigitsError]) -> set[type[DigitsError]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    # Kinds defined inside other tests or modules repeat the code of the kind they refine.
    assert listed == {(kind.status, kind.code) for kind in below(DigitsError)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with own_server(tmp_path_factory.mktemp("docs")) as running:
        yield running


@pytest.mark.parametrize("line", blocks(HTTP, "sh"))
def test_the_lines_to_paste_work(server, line):
    line = line.replace("127.0.0.1:5001", f"127.0.0.1:{server.port}")

    ran = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, capture_output=True, timeout=60, check=True
    )

    answer = json.loads(ran.stdout)
    expected = {"canvas_4.png": ["4"], "canvas_rows.png": ["528", "904"]}
    name = re.search(r"canvas_\w+\.png", line)
    assert name
    outputs = answer.get("outputs")
    rows = outputs[0]["data"][0].split("\n") if outputs else answer["rows"]
    assert rows == expected[name[0]]


def test_the_reading_shown_has_the_fields_of_a_reading(server):
    (shown,) = blocks(HTTP, "json")
    answered = server.score((ROOT / "test_images" / "canvas_rows.png").read_bytes()).json

    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {name: shape(each) for name, each in value.items()}
        return shape(value[0]) if isinstance(value, list) else type(value).__name__

    assert shape(json.loads(shown)) == shape(answered)


def test_the_log_line_shown_has_the_fields_of_one(server):
    (shown,) = (json.loads(block) for block in blocks(OPERATIONS, "json"))
    server.score((ROOT / "test_images" / "phone.jpg").read_bytes())
    lines: list[dict] = []

    def logged() -> bool:
        lines[:] = map(json.loads, server.log.read_text().splitlines())
        return any(line.get("digits", 0) > 9 for line in lines)

    until(logged)
    (line,) = [line for line in lines if line.get("digits", 0) > 9]
    assert set(line) == set(shown)
    assert set(line["ms"]) == set(shown["ms"])


def families() -> dict[str, set[str]]:
    """Metric to its labels."""
    found = {
        family.name: {name for name, _ in family.series[0]}
        for family in Families.lay_out(PATHS).layout.families
    }
    return found | {
        "digits_model_info": {"name", "version", "sha256"},
        "digits_resident_bytes": {"worker"},
    }


def test_every_metric_is_listed_with_its_labels():
    listed = {
        name: set(re.findall(r"`(\w+)`", labels))
        for name, labels in re.findall(
            r"^\| `(digits_\w+)` \|([^|]*)\|", OPERATIONS, flags=re.MULTILINE
        )
    }

    assert listed == families()


def test_the_alerts_ask_for_metrics_and_labels_that_there_are():
    (rules,) = (yaml.safe_load(block) for block in blocks(OPERATIONS, "yaml"))
    known = families()

    for rule in rules["groups"][0]["rules"]:
        names = re.findall(r"digits_\w+", rule["expr"])
        assert names
        for name in names:
            assert re.sub(r"_bucket$", "", name) in known, rule["alert"]
        for name, inside in re.findall(r"(digits_\w+)\{([^}]*)\}", rule["expr"]):
            labels = set(re.findall(r"(\w+)[!=~]+\"", inside))
            assert labels <= known[re.sub(r"_bucket$", "", name)], rule["alert"]


def test_the_bounds_are_those_of_the_code():
    assert f"{head.MAX_HEAD // 1024} KiB, {head.MAX_HEADERS} headers" in HTTP
    assert f"closed after {connection.KEEP_ALIVE_S:.0f} s" in HTTP
    assert f"every {connection.MIN_RATE // 1024} KiB" in HTTP


@pytest.mark.parametrize("page", ["http.md", "operations.md", "security.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")

    for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", text):
        path = ROOT / "docs" / (target or page)
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings]
            assert anchor[1:] in slugs, anchor
