"""What the fakes share: a local server on a free port, in this process or standing alone."""

import argparse
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


@dataclass(frozen=True)
class Told:
    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Fake:
    """Keeps `log` of everything asked. `trouble`: answers to give first instead of working, each used once.

    `lose`: how many requests are carried out without an answer: the worker that was killed before it heard.
    """

    def __init__(self) -> None:
        self.log: list[Asked] = []
        self.trouble: list[Told] = []
        self.lose = 0
        self.lock = threading.RLock()

    def answer(self, asked: Asked) -> Told:
        raise NotImplementedError

    def start(self, port: int = 0) -> "Fake":
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
                with fake.lock:
                    fake.log.append(asked)
                    told = fake.trouble.pop(0) if fake.trouble else fake.answer(asked)
                    if fake.lose:
                        fake.lose -= 1
                        self.close_connection = True
                        return
                raw = json.dumps(told.body).encode()
                self.send_response(told.status)
                for name, value in {"Content-Type": "application/json", **told.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.target}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def stand_alone(fake: Fake) -> None:
    """`python -m tests.fakes.<name> --port N`: prints its address and serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    fake.start(parser.parse_args().port)
    fake.thread.join()
