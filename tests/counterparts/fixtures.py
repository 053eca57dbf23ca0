"""pytest fixtures for the real counterparts. What is not installed is skipped, and fails where CI=true."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parents[2]


def program(what: str, *names: str) -> str:
    """The first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


@pytest.fixture
def start_monitoring(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`start_monitoring(hook_url, token=..., rules=[...])` -> Monitoring: Prometheus, Alertmanager and an exporter."""
    from .monitoring import monitoring

    prometheus = program("Prometheus", "prometheus")
    alertmanager = program("Alertmanager", "prometheus-alertmanager", "alertmanager")
    with ExitStack() as servers:

        def start(hook_url: str, **options: Any) -> Any:
            return servers.enter_context(monitoring(tmp_path, prometheus, alertmanager, hook_url, **options))

        yield start


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real MLflow registry for the session."""
    from .registry import registry

    with registry(program("MLflow", str(HERE / ".venv-mlflow/bin/mlflow")), tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def start_serving(mlflow_server: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`start_serving("credit", "champion")` -> Serving: a process that loaded the version the alias names."""
    from .registry import serving

    with ExitStack() as servers:
        yield lambda model, alias, **options: servers.enter_context(serving(mlflow_server, model, alias, tmp_path, **options))


@pytest.fixture
def mailbox() -> Iterator[Any]:
    """A real SMTP server: `.port`, `.messages` (email.message.EmailMessage), `.wait_for(count)`."""
    from .mail import mailbox

    with mailbox() as box:
        yield box


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The URL of a throw-away PostgreSQL cluster's maintenance database."""
    from .postgres import cluster, may_run

    if not may_run():
        program("PostgreSQL", "initdb")
    with cluster() as url:
        yield url
