"""Tasks that leave marks, and a process that does them: `python job_worker.py DATABASE LEASE_SECONDS AT_ONCE MARKS`."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from matou.db.engine import Database, open_database
from matou.errors import Invalid, TryLater
from matou.jobs.local_queue import LocalQueue
from matou.jobs.procrastinate_queue import ProcrastinateQueue
from matou.jobs.queue import JobQueue, RunningJob, Tasks

PATIENCE_SECONDS = 60


def queue_of(database: Database, lease: timedelta) -> JobQueue:
    is_local = database.engine.dialect.name == "sqlite"
    return LocalQueue(database, lease=lease) if is_local else ProcrastinateQueue(database, lease=lease)


@dataclass(frozen=True)
class Marks:
    """A folder where tasks say what they did, and learn when to go on."""

    folder: Path

    def add(self, word: str) -> None:
        """One line in one write, whichever process does it."""
        with (self.folder / "marks").open("a") as file:
            file.write(f"{word}\n")

    def read(self) -> list[str]:
        file = self.folder / "marks"
        return file.read_text().splitlines() if file.exists() else []

    def open_gate(self) -> None:
        (self.folder / "gate").touch()

    def is_open(self) -> bool:
        return (self.folder / "gate").exists()

    def wait_for(self, word: str, count: int = 1) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read().count(word) < count:
            assert time.monotonic() < deadline, f"{word} was not seen {count} times: {self.read()[-20:]}"
            time.sleep(0.02)

    def tasks(self) -> Tasks:
        return {
            "mark": self._mark,
            "hold": self._hold,
            "publish": self._publish,
            "put off": self._put_off,
            "refuse": self._refuse,
            "break": self._break,
            "die": self._die,
        }

    def _mark(self, running: RunningJob) -> None:
        name = running.argument("name")
        with self._alone(running):
            self.add(f"done {name}")

    def _hold(self, running: RunningJob) -> None:
        name = running.argument("name")
        with self._alone(running):
            self.add(f"began {name}")
            self._wait(running)
        self.add(f"done {name}")

    def _wait(self, running: RunningJob) -> None:
        while not self.is_open():
            running.check()
            time.sleep(0.02)

    def _publish(self, running: RunningJob) -> None:
        """Does not look whether it has its job still, but where it publishes."""
        name = running.argument("name")
        self.add(f"began {name}")
        while not self.is_open():
            time.sleep(0.02)
        try:
            with running.publishing():
                self.add(f"published {name}")
        except Exception as error:
            self.add(f"{type(error).__name__} {name}")
            raise

    def _put_off(self, running: RunningJob) -> None:
        self.add("put off")
        raise TryLater("the platform is away", wait=timedelta(milliseconds=1))

    def _refuse(self, running: RunningJob) -> None:
        self.add("refused")
        raise Invalid("this cannot be done")

    def _break(self, running: RunningJob) -> None:
        self.add("broke")
        raise ZeroDivisionError("a fault of ours")

    def _die(self, running: RunningJob) -> None:
        self.add("died")
        os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def _alone(self, running: RunningJob) -> Iterator[None]:
        """Says so where two hold one lock, or do one job, at once."""
        name = running.job.lock or running.job.id
        with (self.folder / f"held by {name}").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.add(f"twice {name}")
            yield


@contextmanager
def worker_process(
    location: Path | str, marks: Marks, lease: timedelta, at_once: int = 1
) -> Iterator["subprocess.Popen[bytes]"]:
    words = [sys.executable, __file__, str(location), str(lease.total_seconds()), str(at_once), str(marks.folder)]
    child = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def main() -> None:
    location, seconds, at_once, folder = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = open_database(Path(location) if location.startswith("/") else location)
    queue = queue_of(database, timedelta(seconds=float(seconds)))
    queue.work(Marks(Path(folder)).tasks(), at_once=int(at_once), stop=stop)


if __name__ == "__main__":
    main()
