"""Runs the web application under uvicorn, and says where it is."""

from __future__ import annotations

import socket

import uvicorn

from recorder_tasks import logs
from recorder_tasks.web.application import create_app
from recorder_tasks.web.board import Board
from recorder_tasks.wiring import wiring

GRACE = 3  # seconds that open requests have to end after SIGTERM; live pages reconnect
READY = "control room"


def serve(host: str, port: int, loglevel: str) -> None:
    """Returns after SIGTERM or Ctrl-C. Prints one line with the address once it listens."""
    parts = wiring()
    logs.configure(loglevel, parts.settings.log_json)
    logs.name_process(f"web@{socket.gethostname()}")
    listener = _listen(host, port)
    bound = listener.getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    app = create_app(parts)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=loglevel,
        access_log=loglevel == "debug",
        proxy_headers=True,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    print(f"{READY} http://{shown}:{bound[1]}", flush=True)
    try:
        Server(config, app.state.board).run(sockets=[listener])
    finally:
        parts.close()


class Server(uvicorn.Server):
    """Lets open pages go before it waits for requests to end: they would never."""

    def __init__(self, config: uvicorn.Config, board: Board) -> None:
        super().__init__(config)
        self._board = board

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._board.stop()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener
