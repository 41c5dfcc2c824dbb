"""What Azure does with a deployment: fetch what was uploaded, run the genuine azmlinfsrv."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import live
from storage import Storage

READY_S = 120


class Crashed(Exception):
    """The server ended before it was ready, as it would in Azure's container."""


@dataclass
class Instance:
    """One deployment's files and server process."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def score(self, body: bytes, content_type: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/score", body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Machines:
    """Where deployments run: ``python`` has Azure's server, and nothing of this project."""

    python: Path
    storage: Storage
    root: Path
    instances: list[Instance] = field(default_factory=list)

    def start(
        self,
        name: str,
        *,
        model: tuple[str, str, str],
        code: str,
        script: str,
        environ: Mapping[str, str],
    ) -> Instance:
        """``model`` is name, version and blob prefix. Returns once the server answers its probe."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        mount = folder / "azureml-models" / model[0] / model[1]
        self.storage.fetch(model[2], mount)
        app = self._fetch_code(code, folder)
        instance = self._launch(folder, app, script, {**environ, "AZUREML_MODEL_DIR": str(mount)})
        self.instances.append(instance)
        deadline = time.monotonic() + READY_S
        while live.status(instance.port, "/") != 200:
            if instance.process.poll() is not None:
                raise Crashed(instance.log)
            assert time.monotonic() < deadline, instance.log
            time.sleep(0.1)
        return instance

    def stop(self) -> None:
        for instance in self.instances:
            if instance.process.poll() is None:
                instance.stop()

    def _fetch_code(self, code: str, folder: Path) -> Path:
        """What was uploaded as code: a folder by SDK v2, an archive of one by v1."""
        self.storage.fetch(code, folder)
        uploaded = folder / code.rstrip("/").rpartition("/")[2]
        if uploaded.is_dir():
            return uploaded
        with tarfile.open(uploaded) as archive:
            archive.extractall(folder / "app", filter="data")
        return folder / "app"

    def _launch(self, folder: Path, app: Path, script: str, environ: Mapping[str, str]) -> Instance:
        port = live.unused_port()
        command = [self.python, "-m", "azureml_inference_server_http", "--port", str(port)]
        options = {"WORKER_COUNT": "1", "GUNICORN_CMD_ARGS": "--no-control-socket"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--entry_script", str(app / script)],
                cwd=app,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    "PATH": os.defpath,
                    "HOME": str(folder),
                    "AML_APP_ROOT": str(app),
                    **environ,
                    **options,
                },
            )
        return Instance(folder, port, process)
