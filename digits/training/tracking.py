"""The metrics of a run where the team looks at them: MLflow, if it is there and configured.

On Azure ML it always is; elsewhere ``MLFLOW_TRACKING_URI`` says where the runs are kept.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

logger = logging.getLogger(__name__)

WANTED_BY = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "AZUREML_RUN_ID")
"""Any of these in the environment asks for MLflow."""


class Silent:
    """Tells nobody."""

    def log(self, metrics: dict[str, float], *, epoch: int) -> None:
        """Nothing to do."""


class Mlflow:
    """Tells the active MLflow run."""

    def log(self, metrics: dict[str, float], *, epoch: int) -> None:
        """Record the metrics as this epoch's."""
        importlib.import_module("mlflow").log_metrics(metrics, step=epoch)


@contextmanager
def tracked(
    environ: Mapping[str, str], parameters: Mapping[str, object]
) -> Iterator[Silent | Mlflow]:
    """An MLflow run around the block, with these parameters, if ``environ`` asks for one.

    The run that Azure ML or ``mlflow run`` has begun is used, not another one begun.
    """
    wanted = [name for name in WANTED_BY if environ.get(name)]
    if not wanted:
        yield Silent()
    elif importlib.util.find_spec("mlflow") is None:
        logger.warning(
            "%s is set but MLflow is not installed, so metrics go to the model folder only: "
            "uv run --with mlflow train.py …",
            wanted[0],
        )
        yield Silent()
    else:
        mlflow = importlib.import_module("mlflow")
        with mlflow.start_run(run_id=environ.get("MLFLOW_RUN_ID") or environ.get("AZUREML_RUN_ID")):
            mlflow.log_params(dict(parameters))
            yield Mlflow()
