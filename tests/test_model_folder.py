"""A model folder is served only if it is complete, unchanged, and the only one it can be."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from fabricate import model_card, model_folder

from digits.errors import ModelError
from digits.model import ModelFolder, locate, version_of
from digits.settings import ROOT


def test_opens_a_complete_folder(tmp_path):
    path = model_folder(tmp_path / "m", networks={"model.onnx": b"one", "lines.onnx": b"two"})
    folder = ModelFolder.open(path)
    assert folder.path == path
    assert folder.card.name == "digits"
    assert folder.card.git_revision == "0123abc"
    assert folder.card.labels == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert folder.card.parameters == {"tile": {"box": 20}}
    assert folder.card.thresholds == {"uncertain": 0.9, "digit_score": 0.5}
    assert folder.card.metrics == {"test_accuracy": 0.9931}
    assert (folder.onnx(), folder.onnx("lines.onnx")) == (b"one", b"two")


def test_sha256_covers_the_card_and_the_networks_and_nothing_else(tmp_path):
    path = model_folder(tmp_path / "m")
    card = hashlib.sha256((path / "model.json").read_bytes()).hexdigest()
    network = hashlib.sha256(b"a network").hexdigest()
    expected = hashlib.sha256(f"model.json {card}\nmodel.onnx {network}\n".encode()).hexdigest()
    assert ModelFolder.open(path).sha256 == expected

    copy = shutil.copytree(path, tmp_path / "elsewhere" / "copy")
    (copy / "REPORT.md").write_text("other words")
    assert ModelFolder.open(copy).sha256 == expected
    (copy / "model.json").write_bytes((path / "model.json").read_bytes() + b"\n")
    assert ModelFolder.open(copy).sha256 != expected


def test_is_not_disturbed_by_what_happens_to_the_files_afterwards(tmp_path):
    path = model_folder(tmp_path / "m")
    folder = ModelFolder.open(path)
    (path / "model.onnx").write_bytes(b"another network")
    assert folder.onnx() == b"a network"
    shutil.rmtree(path)
    assert folder.onnx() == b"a network"


def test_asking_for_a_network_it_has_not_names_those_it_has(tmp_path):
    folder = ModelFolder.open(model_folder(tmp_path / "m"))
    with pytest.raises(ModelError, match=r"no network 'lines\.onnx'; it has model\.onnx"):
        folder.onnx("lines.onnx")


# Files that are not what the card says


def test_refuses_a_changed_network(tmp_path):
    path = model_folder(tmp_path / "m")
    (path / "model.onnx").write_bytes(b"a networK")
    with pytest.raises(ModelError, match=r"m is not a usable .*model\.onnx is not the file its"):
        ModelFolder.open(path)


def test_refuses_a_truncated_network(tmp_path):
    path = model_folder(tmp_path / "m")
    (path / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"model\.onnx is not the file .* cut short"):
        ModelFolder.open(path)


def test_refuses_a_missing_network_and_lists_what_is_there(tmp_path):
    path = model_folder(tmp_path / "m")
    (path / "model.onnx").unlink()
    listed = r"REPORT\.md, model\.json, report/confusion\.png"
    with pytest.raises(ModelError, match=rf"model\.onnx is missing; it holds {listed}"):
        ModelFolder.open(path)


def test_refuses_a_network_that_is_not_on_the_card(tmp_path):
    path = model_folder(tmp_path / "m")
    (path / "stray.onnx").write_bytes(b"stray")
    with pytest.raises(ModelError, match=r"stray\.onnx is not on its card"):
        ModelFolder.open(path)


def test_refuses_a_network_that_is_a_folder(tmp_path):
    path = model_folder(tmp_path / "m")
    (path / "model.onnx").unlink()
    (path / "model.onnx").mkdir()
    with pytest.raises(ModelError, match=r"model\.onnx cannot be read: Is a directory"):
        ModelFolder.open(path)


# Cards that cannot be used


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "model.json is not JSON"),
        (b"\xff\xfe\x00", "model.json is not JSON"),
        (b"[" * 100_000, "model.json is not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "model.json has no 'name'"),
    ],
)
def test_refuses_a_card_that_is_no_card(tmp_path, text, reason):
    path = model_folder(tmp_path / "m")
    (path / "model.json").write_bytes(text)
    with pytest.raises(ModelError, match=reason):
        ModelFolder.open(path)


@pytest.mark.parametrize("field", sorted(model_card({}).keys() - {"git_revision"}))
def test_refuses_a_card_without_a_field(tmp_path, field):
    path = model_folder(tmp_path / "m")
    card = json.loads((path / "model.json").read_text())
    del card[field]
    (path / "model.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=f"model.json has no '{field}'"):
        ModelFolder.open(path)


def test_a_model_trained_outside_git_has_no_revision(tmp_path):
    folder = ModelFolder.open(model_folder(tmp_path / "m", git_revision=None))
    assert folder.card.git_revision is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", "", "'name' in model.json must be a text"),
        ("name", 7, "'name' in model.json must be a text, not 7"),
        ("labels", "0123456789", "'labels' in model.json must be a list"),
        ("labels", [], "'labels' in model.json must be a list"),
        ("parameters", [], "'parameters' in model.json must be an object"),
        ("thresholds", {"uncertain": "0.9"}, "thresholds.uncertain in .* must be a number"),
        ("thresholds", {"uncertain": True}, "thresholds.uncertain in .* must be a number"),
        ("thresholds", {"uncertain": float("nan")}, "thresholds.uncertain .* finite .* not nan"),
        ("thresholds", {"uncertain": 10**400}, "thresholds.uncertain .* finite .* not inf"),
        ("files", {}, "does not name model.onnx"),
        ("files", {"../model.onnx": "0" * 64}, "'../model.onnx', which is not a plain"),
        ("files", {"model.pkl": "0" * 64}, "'model.pkl', which is not a plain"),
        ("files", {"model.onnx": "0" * 63}, "files.model.onnx in .* 64 hexadecimal digits"),
    ],
)
def test_refuses_a_card_with_a_wrong_field(tmp_path, field, value, reason):
    with pytest.raises(ModelError, match=reason):
        ModelFolder.open(model_folder(tmp_path / "m", **{field: value}))


# Folders that hold no model


def test_refuses_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match=r"gone is not a model folder: .*there is no such folder"):
        ModelFolder.open(tmp_path / "gone")


def test_refuses_a_file(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"a network")
    with pytest.raises(ModelError, match="it is a file, not a folder"):
        ModelFolder.open(tmp_path / "model.onnx")


def test_refuses_an_empty_folder(tmp_path):
    with pytest.raises(ModelError, match="the folder holds no files"):
        ModelFolder.open(tmp_path)


def test_refuses_another_folder_and_lists_what_it_holds(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.c").touch()
    (tmp_path / "Makefile").touch()
    with pytest.raises(ModelError, match=r"no model\.json there; it holds Makefile, src/main\.c"):
        ModelFolder.open(tmp_path)


@pytest.mark.parametrize(("count", "ending"), [(20, "f19."), (21, "f19, ….")])
def test_lists_no_more_of_a_large_folder_than_one_can_read(tmp_path, count, ending):
    for index in range(count):
        (tmp_path / f"f{index:02}").touch()
    first = ", ".join(f"f{index:02}" for index in range(19))
    with pytest.raises(ModelError, match=re.escape(f"it holds {first}, {ending}")):
        ModelFolder.open(tmp_path)


# Where the model is looked for


@pytest.mark.parametrize("inside", [".", "model", "digits/3/model"])
def test_finds_the_model_in_azures_mount_at_any_depth(tmp_path, inside):
    path = model_folder(tmp_path / "mount" / inside)
    environ = {"AZUREML_MODEL_DIR": str(tmp_path / "mount"), "DIGITS_MODEL_DIR": "/elsewhere"}
    assert locate(environ) == path


def test_refuses_a_mount_without_a_model_and_lists_what_it_holds(tmp_path):
    (tmp_path / "weights.h5").touch()
    with pytest.raises(ModelError, match=r"no model\.json anywhere .*: it holds weights\.h5"):
        locate({"AZUREML_MODEL_DIR": str(tmp_path)})


def test_refuses_a_mount_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="there is no such folder"):
        locate({"AZUREML_MODEL_DIR": str(tmp_path / "gone")})


def test_refuses_a_mount_with_two_models_and_names_both(tmp_path):
    first, second = model_folder(tmp_path / "1"), model_folder(tmp_path / "2")
    with pytest.raises(ModelError, match=f"holds 2 models \\({first}, {second}\\)"):
        locate({"AZUREML_MODEL_DIR": str(tmp_path)})


def test_falls_back_to_the_configured_and_then_to_the_shipped_folder():
    assert locate({"DIGITS_MODEL_DIR": "/some/where", "AZUREML_MODEL_DIR": " "}) == Path(
        "/some/where"
    )
    assert locate({}) == ROOT / "models" / "digits"


# The version that readings name


def test_version_that_is_set_wins(tmp_path):
    assert version_of(tmp_path, {"DIGITS_MODEL_VERSION": "42"}) == "42"


def test_version_of_a_registered_folder(tmp_path):
    path = model_folder(tmp_path / "digits" / "7" / "model")
    (tmp_path / "digits" / "7" / "version.json").write_text("{}")
    assert version_of(path, {}) == "7"


@pytest.mark.parametrize(
    ("mount", "inside"),
    [("digits/3", "model"), ("digits/3", "."), ("digits/3", "a/b"), (".", "digits/3/model")],
)
def test_version_in_azures_mount(tmp_path, mount, inside):
    path = model_folder(tmp_path / mount / inside)
    assert version_of(path, {"AZUREML_MODEL_DIR": str(tmp_path / mount)}) == "3"


def test_version_by_content_elsewhere(tmp_path):
    path = model_folder(tmp_path / "3" / "model")
    expected = f"sha256:{ModelFolder.open(path).sha256[:12]}"
    assert version_of(path, {}) == expected
    assert version_of(path, {"AZUREML_MODEL_DIR": str(path)}) == expected
    assert version_of(path, {"AZUREML_MODEL_DIR": str(tmp_path / "other")}) == expected
