"""Where the vendor's callbacks arrive: a small server of the team's, which hands them to the desk."""

from __future__ import annotations

from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from recorder_tasks.store import StoreError
from tests.journeys.house import House

SECRET = "notification-secret-of-the-soak"


class Callbacks(ThreadingHTTPServer):
    """Answers 503 while Redis is away, so that the vendor sends again. ``taken``: by what came of them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, school: House, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.school = school
        self.taken: Counter[str] = Counter()
        Thread(target=self.serve_forever, name="callbacks", daemon=True).start()
        url = f"http://127.0.0.1:{self.server_address[1]}/agora"
        trouble = {"loss": 0.1, "duplicate": 0.1, "reorder": True, "seed": seed}
        school.simulator.call("PUT", "/callbacks", {"url": url, "secret": SECRET, **trouble})

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.taken["broken off"] += 1

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        try:
            known = self.school.desk.notice("default", body, headers)
        except StoreError:
            self.taken["Redis away"] += 1
            return 503
        self.taken["of a recording" if known else "of none"] += 1
        return 200

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Callbacks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.take(body, dict(self.headers.items())))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Not on anybody's terminal."""
