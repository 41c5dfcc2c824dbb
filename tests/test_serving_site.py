"""The server's own routes: what they say, and that the description says the same."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from own_server import own_server
from prometheus_client.parser import text_string_to_metric_families
from samples import as_base64, picture

from digits.serving.openapi import DOCUMENT
from digits.serving.site import PATHS
from digits.settings import ROOT, Settings

GOOD = picture("digit_3.png")
DESCRIBED = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with own_server(tmp_path_factory.mktemp("site"), workers=2, model_version="7") as running:
        yield running


def test_the_model_and_the_limits_in_force(server):
    card = json.loads((ROOT / "models" / "digits" / "model.json").read_text(encoding="utf-8"))
    defaults = Settings()

    told = server.get("/model").json

    assert (told["name"], told["version"]) == (card["name"], "7")
    assert re.fullmatch(r"[0-9a-f]{64}", told["sha256"])
    assert told["metrics"] == card["metrics"]
    assert told["limits"] == {
        "max_bytes": defaults.max_bytes,
        "max_pixels": defaults.max_pixels,
        "max_body": defaults.max_body,
        "max_images": 64,
        "queue": defaults.queue,
        "timeout_s": defaults.timeout_s,
        "workers": 2,
    }
    assert server.score(GOOD).json["model"] == {"name": card["name"], "version": "7"}


def scored(server) -> float:
    text = server.get("/metrics").body.decode()
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "digits_requests_total"
        and sample.labels == {"route": "/score", "status": "200"}
    )


def test_metrics_add_up_whichever_worker_is_asked(server):
    before = scored(server)
    for _ in range(30):
        server.score(GOOD)

    assert {scored(server) for _ in range(10)} == {before + 30}


def test_memory_of_each_worker_is_told(server):
    text = server.get("/metrics").body.decode()

    assert len(re.findall(r'^digits_resident_bytes\{worker="[01]"\} [1-9]\d{7,}$', text, re.M)) == 2
    assert 'digits_model_info{name="digits",version="7",sha256="' in text


def test_every_route_is_described_and_every_description_is_a_route(server):
    described = set(DESCRIBED["paths"])

    files = {"/static/{file}", "/page/{file}", "/samples/{file}"}
    assert described | files == set(PATHS)
    assert server.get("/swagger.json").json == DESCRIBED


def test_what_is_described_as_open_is_open():
    for path, item in DESCRIBED["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and operation.get("security") != []:
                assert "401" in operation["responses"], path


@pytest.mark.parametrize(
    "name",
    DESCRIBED["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["examples"],
)
def test_the_examples_of_the_description_work(server, name):
    content = DESCRIBED["paths"]["/score"]["post"]["requestBody"]["content"]
    reply = server.score_json(content["application/json"]["examples"][name]["value"])

    assert reply.status == 200
    read = {
        "one": lambda: reply.json["rows"],
        "many": lambda: reply.json["readings"][0]["rows"],
        "digits only": lambda: [str(digit) for digit in reply.json],
    }[name]()
    assert read == ["3"]


def test_the_answers_shown_look_like_answers(server):
    content = DESCRIBED["paths"]["/score"]["post"]["responses"]["200"]["content"]
    shown = content["application/json"]["examples"]
    good, bad = as_base64(GOOD), as_base64(b"not a picture")

    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {name: shape(each) for name, each in value.items()}
        return list(map(shape, value)) if isinstance(value, list) else type(value).__name__

    for name, sent in {"reading": {"image": good}, "readings": {"images": [good, bad]}}.items():
        assert shape(shown[name]["value"]) == shape(server.score_json(sent).json)
    assert shown["digits only"]["value"] == server.score_json(good).json
    assert shown["reading"]["value"]["rows"] == server.image(GOOD).json["rows"]


def test_the_inference_example_works(server):
    content = DESCRIBED["paths"]["/v2/models/{name}/infer"]["post"]["requestBody"]["content"]
    example = content["application/json"]["examples"]["pictures"]["value"]

    reply = server.call(
        "POST", "/v2/models/digits/versions/7/infer", json.dumps(example).encode(), {}
    )

    assert reply.status == 200
    text, reading = reply.json["outputs"]
    assert (text["name"], text["data"]) == ("text", ["3"])
    assert json.loads(reading["data"][0])["rows"] == ["3"]


def infer(server, tensor: dict, path: str = "/v2/models/digits/infer"):
    body = json.dumps({"inputs": [tensor]}).encode()
    return server.call("POST", path, body, {"Content-Type": "application/json"})


def pictures(*data: str) -> dict:
    return {"name": "pictures", "datatype": "BYTES", "shape": [len(data)], "data": list(data)}


def test_ready_digits_are_classified(server):
    one = [[0.0] * 28 for _ in range(28)]
    for row in range(4, 24):
        one[row][13:16] = [1.0] * 3
    tensor = {"name": "image", "datatype": "FP32", "shape": [2, 28, 28, 1], "data": [one, one]}

    digit, score, probabilities = infer(server, tensor).json["outputs"]

    assert (digit["name"], digit["data"]) == ("digit", [1, 1])
    assert (score["name"], score["shape"]) == ("digit_score", [2])
    assert (probabilities["name"], probabilities["shape"]) == ("probabilities", [2, 10])
    assert sum(probabilities["data"]) == pytest.approx(2, abs=1e-4)


def test_a_picture_that_cannot_be_read_is_named(server):
    reply = infer(server, pictures(as_base64(GOOD), as_base64(b"nothing")))

    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    assert reply.message.startswith("picture 2 of 2: ")


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (pictures("%%%"), "not valid base64"),
        (pictures(*["AAAA"] * 65), "65 elements"),
        (pictures() | {"shape": [0]}, "0 elements"),
        ({"name": "x", "datatype": "INT8", "shape": [1], "data": [1]}, "'INT8' is not read"),
    ],
)
def test_tensors_that_are_not_read(server, tensor, says):
    reply = infer(server, tensor)

    assert (reply.status, reply.code) == (400, "bad_request")
    assert says in reply.message


@pytest.mark.parametrize("path", ["/v2/models/letters/infer", "/v2/models/digits/versions/8/infer"])
def test_there_is_no_other_model(server, path):
    assert infer(server, pictures(as_base64(GOOD)), path).code == "not_found"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/digits/ready", {"name": "digits", "ready": True}),
        ("/v2/models/digits/versions/7/ready", {"name": "digits", "ready": True}),
    ],
)
def test_probes_of_the_inference_protocol(server, path, told):
    assert server.get(path).json == told


def test_the_models_inputs_and_outputs(server):
    told = server.get("/v2/models/digits").json

    assert told["versions"] == ["7"]
    assert [each["name"] for each in told["inputs"]] == ["pictures", "image"]
    assert told == server.get("/v2/models/digits/versions/7").json
    assert server.get("/v2/models/digits/versions/8").status == 404
