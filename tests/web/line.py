"""The line between a phone and the server, which a test can cut, or let lose answers that the server has given."""

from __future__ import annotations

import contextlib
import socket
import threading

PIECE = 1 << 16  # bytes


class Line:
    """Forwards every connection to the server, from an address that stays the same when the line is cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._lost: bytes | None = None
        self.losses = 0
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        _close(self._listener)
        with self._lock:
            ended, self._open = self._open, set()
        for each in ended:
            _close(each)

    def mend(self) -> None:
        """Listen again at the same address."""
        self._listener = self._listen(self.port)

    def lose_answers_to(self, request: str | None) -> None:
        """From now on let the server have requests that begin so, and cut them off before their answers come back."""
        self._lost = request.encode() if request else None

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # cut
            while True:
                phone, _ = listener.accept()
                threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        server = socket.create_connection(self._server)
        with self._lock:
            self._open |= {phone, server}
        losing = threading.Event()
        there = threading.Thread(target=self._there, args=(phone, server, losing), daemon=True)
        there.start()
        self._back(server, phone, losing)
        _close(phone)
        _close(server)
        with self._lock:
            self._open -= {phone, server}

    def _there(self, phone: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while piece := phone.recv(PIECE):
                if self._lost and piece.startswith(self._lost):
                    losing.set()
                server.sendall(piece)
        _close(server)

    def _back(self, server: socket.socket, phone: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(PIECE):
                if losing.is_set():  # the server has answered, so it has done what was asked
                    self.losses += 1
                    return
                phone.sendall(piece)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
