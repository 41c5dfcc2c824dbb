"""Chunks through Ray Data, on this machine or on a cluster, streaming."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa

from digits.batch.journal import Journal
from digits.batch.plan import Plan, unpack
from digits.batch.scoring import Part, Scoring
from digits.errors import DataError, DeploymentError
from digits.settings import MIB, ROOT

if TYPE_CHECKING:
    import ray

logger = logging.getLogger(__name__)

STORE = 256 * MIB
"""Memory that a local Ray sets aside for what is on its way; beyond that it takes the disk."""

IN_FLIGHT = 4
"""Chunks that are given to a worker at a time, so that it need not wait for the next one."""

STARTS = 5
"""How often a local Ray is tried to be started: it gives up on a machine that is busy."""

KNOCK_S = 20.0
"""How long a cluster's address may take to answer."""

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to anybody
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # workers run in this very environment, not in a new one
    "RAY_worker_niceness": "0",  # by default its workers give way to everything else
    "RAY_enable_metrics_collection": "0",  # nobody looks at them here, and they are not for nothing
    "RAY_task_events_report_interval_ms": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # it warns of its own ways, over the progress bar
}


class Worker:
    """Runs on a worker: rows of packed entries in, rows of Parquet files out."""

    def __init__(self, scoring: list[ray.ObjectRef[Scoring]], run: str) -> None:
        import ray

        self._scoring: Scoring = ray.get(scoring)[0]
        self._run = run
        self._scoring.warm_up()

    def __call__(self, chunks: pa.Table) -> pa.Table:
        parts = [self._score(row["number"], row["packed"]) for row in chunks.to_pylist()]
        return pa.table(
            {
                "number": chunks["number"],
                "content": pa.array([part.content for part in parts], pa.binary()),
                "pictures": [part.pictures for part in parts],
                "unread": [part.unread for part in parts],
                "failure": pa.array([part.failure for part in parts], pa.string()),
            }
        )

    def _score(self, number: int, packed: bytes) -> Part:
        entries = unpack(packed)
        try:
            with Journal(self._run, number, len(entries)) as journal:
                return self._scoring.score(entries, journal)
        except DataError as error:  # raised through Ray, it would arrive without its message
            return Part(b"", 0, 0, str(error))


@dataclass(frozen=True)
class _Blocks:
    """The plan as Ray's blocks, one for each chunk, made anew each time they are asked for."""

    plan: Plan

    def __iter__(self) -> Iterator[pa.Table]:
        for number, packed in self.plan.packed():
            yield pa.table({"number": [number], "packed": pa.array([packed], pa.binary())})


@contextmanager
def session(address: str | None, workers: int) -> Iterator[int]:
    """Start Ray with so many workers, or join the cluster at ``address``; how many work there.

    Raises DeploymentError when that cannot be.
    """
    os.environ.update({**ENVIRONMENT, **os.environ})
    import ray

    terminate = signal.getsignal(signal.SIGTERM)
    try:
        if address is None:
            _start(workers)
        else:
            _join(address)
        signal.signal(signal.SIGTERM, terminate)  # Ray has put its own in its place
        cores = int(ray.cluster_resources().get("CPU", 0))
        if cores < 1:
            raise DeploymentError(f"the cluster at {address} has no processor to work with")
        yield cores
    finally:
        ray.shutdown()


def parts(plan: Plan, scoring: Scoring, *, workers: int) -> Iterator[tuple[int, Part]]:
    """The number and the Parquet file of each chunk that is left, as they come.

    A chunk that was lost with its worker or its machine is read again by another, but for pictures
    that workers died at.
    Raises DataError when the pictures' storage fails, DeploymentError when Ray gives up.
    """
    import ray.data
    from ray.exceptions import RayError

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what ends it is raised
    blocks: Iterable[pa.Table] = _Blocks(plan)
    done = ray.data.from_blocks(blocks).map_batches(
        Worker,
        # Within a list, since Ray looks after the lifetime of what it unwraps itself too little.
        fn_constructor_args=([ray.put(scoring)], uuid4().hex),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(
            min_size=1,
            max_size=workers,
            initial_size=min(workers, len(plan.left)),
            max_tasks_in_flight_per_actor=IN_FLIGHT,
        ),
    )
    try:
        # Not iter_batches, which sends all its statistics to an actor with every batch: a third of
        # what this process had to do.
        for bundle in done.iter_internal_ref_bundles():
            for table in ray.get(bundle.block_refs):
                for row in table.to_pylist():
                    if row["failure"] is not None:
                        raise DataError(row["failure"])
                    yield row["number"], Part(row["content"], row["pictures"], row["unread"])
    except RayError as error:
        raise DeploymentError(f"Ray gave up: {_reason(error)}") from error


def _start(workers: int) -> None:
    import ray

    for start in range(1, STARTS + 1):
        try:
            with _silence():
                ray.init(
                    address="local",
                    num_cpus=workers,
                    include_dashboard=False,
                    object_store_memory=STORE,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
            return
        except Exception as error:
            ray.shutdown()
            if start == STARTS:
                raise DeploymentError(
                    f"Ray did not start, tried {STARTS} times ({_reason(error)}): is this machine"
                    " too busy? Its logs are in /tmp/ray/session_latest/logs"
                ) from error
            logger.info("Ray did not start in time; trying again")


def _join(address: str) -> None:
    import ray

    try:
        host, _, port = address.rpartition(":")
        # Ray itself asks for minutes before it says that nobody is there.
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()
        with _silence():
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                # The same code as here, whatever is installed there.
                runtime_env={"py_modules": [str(ROOT / "digits")]},
            )
    except Exception as error:
        raise DeploymentError(
            f"the Ray cluster at {address} cannot be joined ({_reason(error)}): is it the address"
            " that `ray start --head` printed, and are RAY_AUTH_MODE or the token the same?"
        ) from error


@contextmanager
def _silence() -> Iterator[None]:
    """What Ray's libraries print while they start, past Python; what fails is raised anyway."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _reason(error: BaseException) -> str:
    """The first line that says what happened, without the stacks of other processes."""
    cause = getattr(error, "cause", None)
    lines = [line.strip() for line in str(cause or error).splitlines() if line.strip()]
    return (lines[-1] if cause is None and lines else " ".join(lines))[:500] or type(error).__name__
