"""Leads connections to one of a server's workers, which share a socket and are not asked for by name. Linux only."""

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

CHUNK_BYTES = 65536


def workers_of(supervisor: int) -> list[int]:
    """The processes that serve, in the order in which they were begun."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
    return sorted(int(pid) for pid in children.split())


def connect_to(worker: int, url: str) -> socket.socket:
    """A connection that this worker has accepted; others are held until then, so that it is its turn."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    with ExitStack() as others:
        while True:
            connection = socket.create_connection((parts.hostname, parts.port))
            if _is_accepted_by(worker, connection):
                return connection
            others.enter_context(connection)


@contextmanager
def relay_to(worker: int, url: str) -> Iterator[str]:
    """A URL of which each connection goes to this worker."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_relay_all, args=(listener, worker, url), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _relay_all(listener: socket.socket, worker: int, url: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_relay, args=(client, worker, url), daemon=True).start()


def _relay(client: socket.socket, worker: int, url: str) -> None:
    with client, connect_to(worker, url) as server, suppress(OSError):
        others = {client: server, server: client}
        while others:
            for origin in select.select(list(others), [], [])[0]:
                chunk = origin.recv(CHUNK_BYTES)
                others[origin].sendall(chunk)
                if not chunk:
                    others.pop(origin).shutdown(socket.SHUT_WR)


def _is_accepted_by(worker: int, connection: socket.socket) -> bool:
    """Waits until somebody has accepted it: until then the socket at its other end has no owner."""
    inode = _inode_of_other_end(connection)
    return f"socket:[{inode}]" in _files_of(worker)


def _inode_of_other_end(connection: socket.socket) -> str:
    here, there = connection.getsockname()[1], connection.getpeername()[1]
    line = re.compile(rf"^ *\d+: [0-9A-F]+:{there:04X} [0-9A-F]+:{here:04X} .*", re.MULTILINE)
    while True:
        found = line.search(Path("/proc/net/tcp").read_text())
        if found is not None and (inode := found[0].split()[9]) != "0":
            return inode


def _files_of(pid: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return found
