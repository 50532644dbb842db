"""A line to Redis that can lose an answer: the command arrives and is carried out, its sender never hears."""

from __future__ import annotations

import socket
from threading import Thread


class LossyLine:
    """A TCP relay in front of a server on loopback."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.lost = 0
        self._lose = False
        self._open: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def lose_next_answer(self) -> None:
        """The next answer is dropped, and its connection with it."""
        self._lose = True

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._open += [client, server]
            Thread(target=self._relay, args=(client, server, False), daemon=True).start()
            Thread(target=self._relay, args=(server, client, True), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(65536):
                if answers and self._lose:
                    self._lose = False
                    self.lost += 1
                    break
                sink.sendall(data)
        except OSError:
            return
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
