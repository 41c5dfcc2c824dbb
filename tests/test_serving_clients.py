"""Clients and tools that others wrote understand this server."""

from __future__ import annotations

import pytest
from foreign import foreign
from own_server import own_server

from digits.serving.openapi import DOCUMENT

pytestmark = pytest.mark.slow

SPEAK = """
import json, sys
import numpy as np
import tritonclient.http as protocol

client = protocol.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("digits")
inputs = client.get_model_metadata("digits")["inputs"]
assert [each["name"] for each in inputs] == ["pictures", "image"]

files = [open(f"test_images/{name}", "rb").read() for name in ("canvas_rows.png", "digit_3.png")]
pictures = protocol.InferInput("pictures", [2], "BYTES")
pictures.set_data_from_numpy(np.array(files, dtype=object))
answer = client.infer("digits", [pictures], request_id="r-1")
assert list(answer.as_numpy("text")) == [b"528\\n904", b"3"]
assert json.loads(answer.as_numpy("reading")[1])["rows"] == ["3"]
assert answer.get_response()["id"] == "r-1"

wanted = [protocol.InferRequestedOutput("text", binary_data=False)]
answer = client.infer("digits", [pictures], outputs=wanted)
assert list(answer.as_numpy("text")) == ["528\\n904", "3"]

tiles = np.zeros((3, 28, 28, 1), np.float32)
tiles[:, 4:24, 13:16] = 1
image = protocol.InferInput("image", list(tiles.shape), "FP32")
for binary in (True, False):
    image.set_data_from_numpy(tiles, binary_data=binary)
    answer = client.infer("digits", [image])
    assert list(answer.as_numpy("digit")) == [1, 1, 1]
    assert answer.as_numpy("probabilities").shape == (3, 10)
print("understood")
"""


def test_a_client_of_the_open_inference_protocol(tmp_path):
    with own_server(tmp_path) as server:
        address = f"127.0.0.1:{server.port}"
        ran = foreign("python", "-c", SPEAK, address, needs=["tritonclient[http]"])

    assert ran.stdout == "understood\n", ran.stderr


EXAMPLES = """
import sys
import yaml
from jsonschema import Draft202012Validator

document = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
checked = 0

def check(content):
    global checked
    examples = [each["value"] for each in content.get("examples", {}).values()]
    if "example" in content:
        examples.append(content["example"])
    for value in examples:
        schema = {**content["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(value)
        checked += 1

def visit(node):
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict) and "schema" in value and {"example", "examples"} & set(value):
            check(value)
        if isinstance(value, (dict, list)):
            visit(value)

visit(document)
print(checked)
"""


def test_the_examples_are_what_the_description_allows():
    ran = foreign("python", "-c", EXAMPLES, str(DOCUMENT), needs=["openapi-spec-validator"])

    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 8


def test_the_description_is_valid_openapi():
    ran = foreign("openapi-spec-validator", str(DOCUMENT), needs=["openapi-spec-validator"])

    assert ran.returncode == 0, ran.stdout + ran.stderr
