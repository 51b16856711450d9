"""Machines that share nothing but a network: a namespace each, a disk of its own, and a clock that can be moved.

The database and the bucket are at two addresses of one bridge, so that a machine can be cut off from either. As root.
"""

import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from support.databases import postgres_binaries
from support.program import MATOU, Person
from support.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, wait_for_port

NETWORK = "10.231.77"
DATABASE_ADDRESS = f"{NETWORK}.1"
BUCKET_ADDRESS = f"{NETWORK}.2"
SERVER_PORT = 8585
CLOCK_SOURCE = Path(__file__).with_name("moved_clock.c")


def reasons_for_no_machines() -> str:
    """What this computer lacks; nothing where it lacks nothing."""
    lacking = [program for program in ("ip", "mount", "cc") if shutil.which(program) is None]
    if os.geteuid() != 0:
        lacking.append("root's rights")
    if postgres_binaries() is None:
        lacking.append("PostgreSQL")
    return ", ".join(lacking)


def build_clock(folder: Path) -> Path:
    """The library that moves the calendar of those who load it."""
    library = folder / "moved_clock.so"
    run("cc", "-shared", "-fPIC", "-O2", "-o", library, CLOCK_SOURCE)
    return library


def run(*words: str | Path) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


@dataclass
class Machine:
    """One of them: its folder is a disk of its own, and whatever runs on it can be ended, stopped and cut off at once.

    Attributes:
        commands: the words after `matou` of what it runs, begun again by `start`.
    """

    number: int
    folder: Path
    person: Person
    clock_library: Path
    commands: list[list[str]] = field(default_factory=list)
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"matou-{self.number}"

    @property
    def address(self) -> str:
        return f"{NETWORK}.{10 + self.number}"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{SERVER_PORT}"

    @property
    def root(self) -> Path:
        return self.folder / "archive"

    def start(self) -> None:
        for words in self.commands:
            with (self.folder.parent / f"{self.name}.log").open("ab") as log:
                self.running.append(self._begin(words, log))

    def _begin(self, words: list[str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        variables = self.person.variables(**self._clock())
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, MATOU, *words], env=variables, stdout=log, stderr=log
        )

    def _clock(self) -> Mapping[str, str]:
        """Its calendar can be moved; what measures how long something took cannot."""
        return {"LD_PRELOAD": str(self.clock_library), "MOVED_CLOCK_FILE": str(self.clock_file)}

    @property
    def clock_file(self) -> Path:
        return self.folder.parent / f"{self.name}.clock"

    def set_clock(self, seconds_ahead: int) -> None:
        with self.clock_file.open("r+b" if self.clock_file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds_ahead))

    def processes(self) -> list[int]:
        listed = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        return [int(pid) for pid in listed.stdout.split()]

    def send(self, number: signal.Signals) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """As a power cut: all at once, also what began meanwhile."""
        while self.processes():
            self.send(signal.SIGKILL)
            time.sleep(0.05)
        for process in self.running:
            process.wait()
        self.running.clear()

    def inside(self, *words: str) -> None:
        run("ip", "netns", "exec", self.name, *words)

    @contextmanager
    def cut_off_from(self, address: str) -> Iterator[None]:
        """Nothing that it sends there arrives, and nobody says so."""
        self.inside("ip", "route", "add", "blackhole", f"{address}/32")
        try:
            yield
        finally:
            self.inside("ip", "route", "del", "blackhole", f"{address}/32")

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        filler = self.folder / "filler"
        try:
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(65536) if shutil.disk_usage(self.folder).free > 65536 else b"\0" * 4096)
            yield
        finally:
            filler.unlink()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    @contextmanager
    def ahead(self, seconds: int) -> Iterator[None]:
        self.set_clock(seconds)
        try:
            yield
        finally:
            self.set_clock(0)

    @contextmanager
    def dead(self) -> Iterator[None]:
        self.kill()
        try:
            yield
        finally:
            self.start()


@contextmanager
def network() -> Iterator[None]:
    """The bridge, with the addresses of the database and of the bucket."""
    run("ip", "link", "add", "matou-bridge", "type", "bridge")
    try:
        for address in (DATABASE_ADDRESS, BUCKET_ADDRESS):
            run("ip", "address", "add", f"{address}/24", "dev", "matou-bridge")
        run("ip", "link", "set", "matou-bridge", "up")
        yield
    finally:
        run("ip", "link", "del", "matou-bridge")


@contextmanager
def machine(number: int, folder: Path, person: Person, clock: Path, *, disk_mebibytes: int) -> Iterator[Machine]:
    made = Machine(number, folder / f"disk-{number}", person, clock)
    made.folder.mkdir()
    made.set_clock(0)
    with ExitStack() as ending:
        run("ip", "netns", "add", made.name)
        ending.callback(run, "ip", "netns", "del", made.name)
        inner, outer = f"mt{number}-in", f"mt{number}-out"
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", made.name)
        run("ip", "link", "set", outer, "master", "matou-bridge", "up")
        made.inside("ip", "address", "add", f"{made.address}/24", "dev", inner)
        for device in (inner, "lo"):
            made.inside("ip", "link", "set", device, "up")
        run("mount", "-t", "tmpfs", "-o", f"size={disk_mebibytes}m,mode=700", "matou-disk", made.folder)
        ending.callback(run, "umount", "--lazy", made.folder)
        ending.callback(made.kill)
        yield made


@contextmanager
def database_server(folder: Path) -> Iterator[str]:
    """A cluster at an address of the network, durable as one is; gives the URL of an empty database."""
    binaries = postgres_binaries()
    assert binaries is not None
    shutil.chown(folder, "postgres")
    data = folder / "data"
    words = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", str(data)]
    subprocess.run([binaries / "initdb", *words], user="postgres", cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0/24 trust\n")
    settings = [f"--listen_addresses={DATABASE_ADDRESS}", f"--unix_socket_directories={folder}"]
    with (folder / "log").open("ab") as log:
        command = [str(binaries / "postgres"), "-D", str(data), "--max_connections=300", *settings]
        server = subprocess.Popen(command, user="postgres", cwd=folder, stdout=log, stderr=log)
    try:
        wait_for_port(DATABASE_ADDRESS, 5432)
        psql = ["psql", "-q", "-h", DATABASE_ADDRESS, "-U", "postgres", "-c", "CREATE DATABASE matou"]
        while subprocess.run(psql, stderr=subprocess.DEVNULL).returncode != 0:
            time.sleep(0.1)
        yield f"postgresql+psycopg://postgres@{DATABASE_ADDRESS}/matou"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


@contextmanager
def bucket_server(program: Path, folder: Path) -> Iterator[S3Server]:
    (folder / BUCKET).mkdir(parents=True)
    variables = {"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
    command: list[str | Path] = [program, "--port", f"{BUCKET_ADDRESS}:7070", "posix", folder]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(BUCKET_ADDRESS, 7070)
            yield S3Server(f"http://{BUCKET_ADDRESS}:7070")
        finally:
            server.terminate()
