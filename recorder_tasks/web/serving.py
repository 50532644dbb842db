"""Runs the web application under uvicorn, and says where it is."""

from __future__ import annotations

import logging
import socket

import uvicorn

from recorder_tasks.web.application import create_app
from recorder_tasks.wiring import wiring

GRACE = 3  # seconds that open requests have to end after SIGTERM; live pages reconnect
READY = "control room"


def serve(host: str, port: int, loglevel: str) -> None:
    """Returns after SIGTERM or Ctrl-C. Prints one line with the address once it listens."""
    parts = wiring()
    listener = _listen(host, port)
    bound = listener.getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    config = uvicorn.Config(
        create_app(parts),
        log_level=loglevel,
        access_log=loglevel == "debug",
        proxy_headers=True,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    print(f"{READY} http://{shown}:{bound[1]}", flush=True)
    logging.getLogger("recorder_tasks").setLevel(loglevel.upper())
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        parts.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener
