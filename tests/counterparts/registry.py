"""A real MLflow server, models registered in it, and a process that serves the version an alias names."""

import json
import os
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import answers, free_port, running, wait_until

SERVER = Path(__file__).with_name("model_server.py")


def ask(address: str, body: Any = None, *, method: str | None = None, raw: bytes | None = None) -> Any:
    """One JSON request; raises urllib.error.HTTPError on a refusal."""
    data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


@dataclass
class Registry:
    """`register("credit", accuracies=[0.93, 0.71])` makes versions 1 and 2, each with its weights as an artifact."""

    url: str

    def register(self, model: str, accuracies: list[float]) -> list[str]:
        ask(f"{self.url}/api/2.0/mlflow/registered-models/create", {"name": model})
        return [self._version(model, accuracy) for accuracy in accuracies]

    def _version(self, model: str, accuracy: float) -> str:
        run = ask(f"{self.url}/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
        folder = run["artifact_uri"].removeprefix("mlflow-artifacts:/").lstrip("/")
        weights = json.dumps({"accuracy": accuracy, "weights": [accuracy, 1 - accuracy]}).encode()
        target = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{folder}/model/model.json"
        ask(target, method="PUT", raw=weights)
        source = {"name": model, "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
        return str(ask(f"{self.url}/api/2.0/mlflow/model-versions/create", source)["model_version"]["version"])

    def set_alias(self, model: str, alias: str, version: str) -> None:
        ask(f"{self.url}/api/2.0/mlflow/registered-models/alias", {"name": model, "alias": alias, "version": version})

    def alias(self, model: str, alias: str) -> str:
        """The version the alias names now."""
        answer = ask(f"{self.url}/api/2.0/mlflow/registered-models/alias?name={model}&alias={alias}")
        return str(answer["model_version"]["version"])


@contextmanager
def registry(mlflow: str, home: Path) -> Iterator[Registry]:
    port, log = free_port(), home / "mlflow.log"
    command = [mlflow, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "artifacts")]
    quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, log=log, cwd=home, env=quiet):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), what="MLflow", seconds=300, log=log)
        yield Registry(f"http://127.0.0.1:{port}")


@dataclass
class Serving:
    """The serving process. It keeps the version it loaded until `reload()` (or by itself with `poll_seconds`)."""

    url: str
    target: str

    def version(self) -> str:
        return str(ask(f"{self.url}/version")["version"])

    def reload(self) -> str:
        return str(ask(f"{self.url}/reload", {})["version"])

    @contextmanager
    def customers(self) -> Iterator[None]:
        """Ten predictions a second are asked for until the block ends."""
        is_over = threading.Event()

        def ask_on() -> None:
            while not is_over.wait(0.1):
                ask(f"{self.url}/predict", {"features": [1, 0]})

        thread = threading.Thread(target=ask_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join(10)


@contextmanager
def serving(registry: Registry, model: str, alias: str, home: Path, *, poll_seconds: float = 0) -> Iterator[Serving]:
    port, log = free_port(), home / f"serving-{model}.log"
    command = [sys.executable, str(SERVER), registry.url, model, alias, str(port), str(poll_seconds)]
    with running(command, log=log):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/version"), what="the serving process", seconds=30, log=log)
        yield Serving(url, f"127.0.0.1:{port}")
