"""Work on many pictures at once: a process per core, each with the model open."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tqdm import tqdm

from digits.picture import Limits
from digits.reader import Reader

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Reader, Item], Result]
"""What is done with one item. It travels to another process, so it is a function of a module."""

CHUNK = 8
LIMITS = Limits(max_bytes=1 << 30)
"""What is measured is the reading; three times enlarged and saved as PNG, a photo is large."""


class Crew:
    """Processes that all read with one model; one process means this one."""

    def __init__(self, model: Path, *, processes: int) -> None:
        self._model = model
        self._processes = processes
        context = multiprocessing.get_context("spawn")
        self._pool = (
            ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)
            if processes > 1
            else None
        )

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def all(
        self, name: str, task: Task[Item, Result], items: Iterable[Item], *, count: int
    ) -> list[Result]:
        """``task(reader, item)`` for each of ``count`` items, in their order."""
        bar = tqdm(
            self.each(task, items), name, total=count, unit="", disable=not sys.stderr.isatty()
        )
        return list(bar)

    def each(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """The same, one by one; items are taken no further ahead than keeps everybody busy."""
        if not self._pool:
            yield from (task(open_reader(self._model), item) for item in items)
            return
        source = iter(items)
        waiting: deque[Future[list[Result]]] = deque()
        while chunk := list(islice(source, CHUNK)):
            waiting.append(self._pool.submit(_work, self._model, task, chunk))
            if len(waiting) > 2 * self._processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


@lru_cache(maxsize=1)
def open_reader(model: Path) -> Reader:
    """The reader of a model folder, opened once in a process. Raises ModelError."""
    return Reader.open(model, limits=LIMITS)


def _end_with_parent() -> None:
    """Waiting for work, a process would not notice that nobody is left who could send any."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(model: Path, task: Task[Item, Result], items: list[Item]) -> list[Result]:
    reader = open_reader(model)
    return [task(reader, item) for item in items]
