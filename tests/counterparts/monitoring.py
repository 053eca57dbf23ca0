"""A real Prometheus with a real Alertmanager that posts to `hook_url`, and an exporter whose numbers the test sets."""

import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .processes import answers, free_port, running, wait_until

DRIFT = {
    "alert": "ModelDriftHigh",
    "expr": "model_drift_score > 0.3",
    "for": "2s",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "drift {{ $value }}"},
}


@dataclass
class Monitoring:
    """`set("model_drift_score", 0.41, model="credit")` changes what Prometheus scrapes within a second."""

    prometheus: str
    alertmanager: str
    numbers: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def set(self, metric: str, value: float, **labels: str) -> None:
        self.numbers[metric, tuple(sorted(labels.items()))] = value

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        address = f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': promql})}"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5) as answer:
            return json.load(answer)["data"]["result"]

    def page(self) -> bytes:
        lines = [
            f"{metric}{{{','.join(f'{name}={json.dumps(text)}' for name, text in labels)}}} {value}"
            for (metric, labels), value in self.numbers.items()
        ]
        return "\n".join([*lines, ""]).encode()


@contextmanager
def monitoring(
    home: Path,
    prometheus: str,
    alertmanager: str,
    hook_url: str,
    *,
    token: str = "",
    rules: list[dict[str, Any]] | None = None,
    scrape: list[str] | None = None,
) -> Iterator[Monitoring]:
    """`rules`: alerting rules instead of DRIFT; `scrape`: further host:port to scrape; `token`: sent as bearer."""
    ports = free_port(), free_port()
    made = Monitoring(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")
    exporter = _exporter(made)
    targets = [f"127.0.0.1:{exporter.server_port}", *(scrape or [])]
    _write(home / "rules.yml", {"groups": [{"name": "ai", "rules": rules or [DRIFT]}]})
    _write(home / "prometheus.yml", _prometheus(ports[1], targets))
    _write(home / "alertmanager.yml", _alertmanager(hook_url, token))
    first = [alertmanager, f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/am", "--cluster.listen-address="]
    first.append(f"--web.listen-address=127.0.0.1:{ports[1]}")
    second = [prometheus, f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/tsdb"]
    second.append(f"--web.listen-address=127.0.0.1:{ports[0]}")
    log = home / "monitoring.log"
    try:
        with running(first, log=log, cwd=home), running(second, log=log, cwd=home):
            for address in (made.alertmanager, made.prometheus):
                wait_until(lambda address=address: answers(f"{address}/-/ready"), what=address, seconds=30, log=log)
            yield made
    finally:
        exporter.shutdown()
        exporter.server_close()


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))  # JSON is YAML


def _prometheus(alertmanager: int, targets: list[str]) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [{"job_name": "models", "static_configs": [{"targets": targets}]}],
    }


def _alertmanager(hook_url: str, token: str) -> dict[str, Any]:
    hook: dict[str, Any] = {"url": hook_url, "send_resolved": True}
    if token:
        hook["http_config"] = {"authorization": {"type": "Bearer", "credentials": token}}
    times = {"group_wait": "1s", "group_interval": "2s", "repeat_interval": "1m"}
    return {
        "route": {"receiver": "hook", "group_by": ["alertname", "model"], **times},
        "receivers": [{"name": "hook", "webhook_configs": [hook]}],
    }


def _exporter(made: Monitoring) -> ThreadingHTTPServer:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.page()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
