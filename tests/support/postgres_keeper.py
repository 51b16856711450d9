"""Runs PostgreSQL for as long as one process holds a shared lock on a file; started by `support.databases`.

    python postgres_keeper.py BINARIES FOLDER USERS_FILE STATE_FILE

It goes into the background once the cluster answers, and belongs to none of its users, since any of them may end first
or be killed: the kernel gives a lock back whatever ends its holder. A server that ends by itself is started again with
what it had, so that only the test that spoke with it fails. With the last user the cluster and its files are gone.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

START_SECONDS = 60
LOOK_SECONDS = 0.1

# Nothing here has to survive anything but the end of the server itself.
CARELESS = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "log_statement=none")


def main(binaries: Path, folder: Path, users: Path, state: Path) -> None:
    """Return in the process that was started once the cluster answers; stay in another one."""
    result, answered_with = os.pipe()
    if os.fork() > 0:
        os.close(answered_with)
        with os.fdopen(result) as reader:
            sys.exit(reader.read() or None)
    os.setsid()
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    try:
        if user is not None:
            shutil.chown(folder, user)
        _initialize(binaries, folder, user)
        server = _start(binaries, folder, user)
        _await_start(binaries, folder, server)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        os.write(answered_with, str(error).encode())
        os._exit(1)
    os.close(answered_with)
    _keep(server, users, lambda: _start(binaries, folder, user))
    shutil.rmtree(folder)
    state.unlink(missing_ok=True)


def _keep(server: "subprocess.Popen[bytes]", users: Path, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
    """Return when nobody uses it any more and it has ended."""
    with users.open("w") as lock:
        while not _is_free(lock.fileno()):
            if server.poll() is not None:
                server = start()
            time.sleep(LOOK_SECONDS)
        server.send_signal(signal.SIGINT)
        server.wait()


def _initialize(binaries: Path, folder: Path, user: str | None) -> None:
    options = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
    command: list[str | Path] = [binaries / "initdb", *options, folder / "data"]
    subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _start(binaries: Path, folder: Path, user: str | None) -> "subprocess.Popen[bytes]":
    settings = (*CARELESS, "listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200")
    command: list[str | Path] = [
        binaries / "postgres",
        "-D",
        folder / "data",
        *(f"--{setting}" for setting in settings),
    ]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command, user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _await_start(binaries: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        requests_seen: list[str | Path] = [binaries / "pg_isready", "--quiet", f"--host={folder}"]
        if subprocess.run(requests_seen, stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.05)
    server.kill()
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text()[-2000:])


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
