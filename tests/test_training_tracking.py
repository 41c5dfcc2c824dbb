"""Metrics to MLflow where it is asked for; training goes on where it is missing."""

from __future__ import annotations

import sys

import pytest

from digits.training.tracking import tracked

RECORDER = """
import contextlib
calls = []

@contextlib.contextmanager
def start_run(run_id=None):
    calls.append(("start", run_id))
    yield
    calls.append(("end", None))

def log_params(params):
    calls.append(("params", params))

def log_metrics(metrics, step):
    calls.append(("metrics", metrics, step))
"""


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """A module of MLflow's name that writes down how it is called."""
    (tmp_path / "mlflow.py").write_text(RECORDER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)
    import mlflow

    yield mlflow
    sys.modules.pop("mlflow")


@pytest.mark.parametrize(
    ("environ", "run_id"),
    [
        ({"MLFLOW_TRACKING_URI": "http://tracking.example"}, None),
        ({"MLFLOW_TRACKING_URI": "azureml://x", "MLFLOW_RUN_ID": "job_7"}, "job_7"),
        ({"AZUREML_RUN_ID": "job_8"}, "job_8"),
    ],
)
def test_tells_mlflow_where_it_is_asked_for(mlflow, environ, run_id):
    with tracked(environ, {"epochs": 3}) as tracker:
        tracker.log({"train_loss": 0.5}, epoch=1)
    assert mlflow.calls == [
        ("start", run_id),
        ("params", {"epochs": 3}),
        ("metrics", {"train_loss": 0.5}, 1),
        ("end", None),
    ]


def test_leaves_mlflow_alone_where_it_is_not(mlflow):
    with tracked({"MLFLOW_TRACKING_URI": ""}, {"epochs": 3}) as tracker:
        tracker.log({"train_loss": 0.5}, epoch=1)
    assert mlflow.calls == []


def test_says_so_where_it_is_asked_for_but_missing(caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with tracked({"MLFLOW_TRACKING_URI": "http://tracking.example"}, {}) as tracker:
        tracker.log({"train_loss": 0.5}, epoch=1)
    assert "MLFLOW_TRACKING_URI is set but MLflow is not installed" in caplog.text
