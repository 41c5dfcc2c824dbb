"""The workspace comes from flags, the environment or the SDK's own file, in that order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digits.errors import ConfigurationError
from digits.registry.azure_target import Target

ENVIRON = {"DIGITS_AZURE_SUBSCRIPTION": "s-env", "DIGITS_AZURE_WORKSPACE": "w-env"}


def write(folder: Path, text: str, name: str = ".azureml/config.json") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return folder


def test_flag_before_environment_before_file(tmp_path):
    file = {"subscription_id": "s-file", "resource_group": "g-file", "workspace_name": "w-file"}
    folder = write(tmp_path, json.dumps(file)) / "below"
    target = Target.resolve(environ=ENVIRON, folder=folder, workspace="w-flag", subscription=None)
    assert target.complete() == ("s-env", "g-file", "w-flag")


def test_what_is_missing_is_named_with_every_way_to_say_it(tmp_path):
    target = Target.resolve(environ=ENVIRON, folder=tmp_path)
    assert target.describe() == "w-env in resource group <resource group> of subscription s-env"
    with pytest.raises(ConfigurationError) as caught:
        target.complete()
    assert str(caught.value) == (
        "which Azure ML workspace is meant? Missing: --resource-group,"
        " DIGITS_AZURE_RESOURCE_GROUP or 'resource_group' in .azureml/config.json"
    )


def test_a_config_json_beside_the_entry_script_is_not_taken(tmp_path):
    write(tmp_path, '{"subscription_id": "s-file"}', "config.json")
    assert Target.resolve(environ={}, folder=tmp_path) == Target()


@pytest.mark.parametrize("text", ["{", "[]", '{"subscription_id": 7}'])
def test_a_damaged_file_is_named(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(ConfigurationError, match=r"\.azureml/config\.json"):
        Target.resolve(environ={}, folder=tmp_path)
