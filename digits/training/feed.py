"""Training examples, made in a process of their own while the network learns from the last ones."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]


class Source(Protocol):
    """Whatever makes batches; it travels to the other process, so it must pickle."""

    def batches(self, epoch: int, batch_size: int) -> Iterator[Batch]:
        """One epoch: tiles ``[b, 28, 28, 1]`` and labels ``[b]``, -1 for what is no digit."""


def batches_ahead(source: Source, epoch: int, batch_size: int) -> Iterator[Batch]:
    """``source.batches(epoch, batch_size)``, made one batch ahead in another process.

    What the source raises is raised here. The process ends with the iteration, and by itself when
    this one is killed: nobody reads its pipe any more then.
    """
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(
        target=_send, args=(source, epoch, batch_size, writer), name="examples", daemon=True
    )
    process.start()
    writer.close()
    try:
        yield from _received(reader)
    finally:
        reader.close()
        process.terminate()
        process.join()


def _received(reader: Connection) -> Iterator[Batch]:
    while True:
        try:
            item = reader.recv()
        except EOFError:
            raise RuntimeError("the process that makes training examples died") from None
        if item is None:
            return
        if isinstance(item, Exception):
            raise item
        yield item


def _send(source: Source, epoch: int, batch_size: int, writer: Connection) -> None:
    try:
        for batch in source.batches(epoch, batch_size):
            writer.send(batch)
        writer.send(None)
    except (BrokenPipeError, KeyboardInterrupt):
        return  # the other side is gone, or both were interrupted: it says what there is to say
    except Exception as error:
        writer.send(error)
