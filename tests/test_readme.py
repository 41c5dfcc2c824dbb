"""The README: what it says works, word for word."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import live
import pytest

from digits.settings import MIB, ROOT, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:5001"


def blocks(heading: str) -> list[tuple[str, str]]:
    """The code blocks under a heading: language and text."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


CALLS = [
    (language, text) for language, text in blocks("Five ways to call it") if language != "json"
]


def rows_of(text: str) -> list[str]:
    """What is written in the picture that an example names."""
    file = re.search(r"test_images/([\w.]+)", text)
    assert file, text
    with (ROOT / "test_images" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        entries = {entry["file"]: entry["rows"] for entry in csv.DictReader(stream)}
    return entries[file[1]].split("/")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint that deploy.py starts; its address."""
    folder = tmp_path_factory.mktemp("endpoint")
    port = live.unused_port()
    command = [sys.executable, "deploy.py", "--workers", "1", "--port", str(port)]
    command += ["--registry", str(folder / "registry")]
    with live.endpoint(command, port=port, cwd=ROOT, log=folder / "log"):
        yield f"127.0.0.1:{port}"


def run(language: str, text: str) -> str:
    shell = [sys.executable, "-c", text] if language == "python" else ["bash", "-c", text]
    return subprocess.run(
        shell, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def digits_in(answer: object) -> list[str]:
    """A reading's rows; a bare list of digits, or of rows, as it is."""
    if isinstance(answer, dict):
        return list(answer["rows"])
    assert isinstance(answer, list)
    return answer if isinstance(answer[0], str) else ["".join(map(str, answer))]


def test_there_are_five_ways_to_call_it() -> None:
    assert [language for language, _ in CALLS] == ["sh", "sh", "sh", "sh", "python"]
    assert all(text.count(ADDRESS) == 1 for _, text in CALLS)


@pytest.mark.parametrize("way", range(5), ids=["bytes", "form", "json", "string", "python"])
def test_the_call_reads_its_picture(endpoint: str, way: int) -> None:
    language, text = CALLS[way]
    read = digits_in(json.loads(run(language, text.replace(ADDRESS, endpoint))))
    written = rows_of(text)
    assert read == (["".join(written)] if way == 3 else written)


def test_the_bare_answer_is_the_one_announced(endpoint: str) -> None:
    announced = re.search(r"nothing but the digits, `(\[[\d, ]+\])`", README)
    language, text = CALLS[3]
    assert announced
    assert json.loads(run(language, text.replace(ADDRESS, endpoint))) == json.loads(announced[1])


def test_the_reading_shown_is_the_one_of_its_picture(endpoint: str) -> None:
    """All but what another training, another time or another machine may change."""
    section = blocks("Five ways to call it")
    [shown] = [json.loads(text) for language, text in section if language == "json"]
    language, text = CALLS[0]
    text = text.replace(ADDRESS, endpoint).replace("phone.jpg", "canvas_7.png")
    answered = json.loads(run(language, text))
    assert "`test_images/canvas_7.png`" in README
    assert (set(shown), set(shown["ms"])) == (set(answered), set(answered["ms"]))
    same = ("rows", "text", "image")
    assert [shown[field] for field in same] == [answered[field] for field in same]
    [digit_shown], [digit] = shown["digits"], answered["digits"]
    assert set(digit_shown) == set(digit)
    assert digit_shown["box"] == pytest.approx(digit["box"], abs=2)
    assert digit_shown["confidence"] == pytest.approx(digit["confidence"], abs=0.05)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    start, test = (text.strip() for _, text in blocks("Two commands"))
    assert (start, test) == ("./uv run deploy.py", "./uv run pytest")
    assert f"step {test}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_settings_are_those_of_the_code() -> None:
    listed = dict(re.findall(r"^\| `(DIGITS_\w+)` \| (.+?) \|", README, flags=re.MULTILINE))
    defaults = vars(Settings())
    assert listed == {f"DIGITS_{name.upper()}": shown(name, defaults[name]) for name in defaults}


def shown(name: str, value: object) -> str:
    """A default as the table has it."""
    if name == "workers":
        return "processor cores"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT).as_posix()}`"
    if name in ("max_bytes", "max_body") and isinstance(value, int):
        return f"{value // MIB} MiB"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value else "none"


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
