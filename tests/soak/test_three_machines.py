"""Three machines that share a database and a bucket: each in turn dies, stops, is cut off, filled, or loses the time.

MATOU_TEST_VERSITYGW=… MATOU_SOAK_SECONDS=600 pytest -m soak tests/soak/test_three_machines.py
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.jobs.queue import LEASE
from support.machines import (
    BUCKET_ADDRESS,
    DATABASE_ADDRESS,
    SERVER_PORT,
    Machine,
    bucket_server,
    build_clock,
    database_server,
    machine,
    network,
    reasons_for_no_machines,
)
from support.many_clients import TEAM, Client, Ledger, git
from support.program import Person
from support.s3_server import BUCKET, VERSITYGW, wait_for_port
from support.team import make_person
from support.used_servers import UsedServer

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(reasons_for_no_machines()), reason=f"there is no {reasons_for_no_machines()}"),
    pytest.mark.skipif(VERSITYGW not in os.environ, reason=f"there is no versitygw ({VERSITYGW})"),
]

MACHINES = 3
CLIENTS = int(os.environ.get("MATOU_SOAK_CLIENTS", "200"))
REPOSITORIES = 20
SECONDS = float(os.environ.get("MATOU_SOAK_SECONDS", "600"))
DISK_MEBIBYTES = 256
REST_SECONDS = 12
MOST_SILENCE_SECONDS = 10
MOST_RECOVERY_SECONDS = 120
HOUR = 3600


@dataclass
class Fault:
    """What happens to a machine, and for how long."""

    name: str
    on: Callable[[Machine], AbstractContextManager[None]]
    seconds: float = 20

    def __str__(self) -> str:
        return self.name


FAULTS = (
    Fault("killed", Machine.dead, 5),
    Fault("stopped past its lease", Machine.stopped, LEASE.total_seconds() + 5),
    Fault("cut off from the database", lambda one: one.cut_off_from(DATABASE_ADDRESS), 45),
    Fault("cut off from the bucket", lambda one: one.cut_off_from(BUCKET_ADDRESS)),
    Fault("full", Machine.full_disk),
    Fault("an hour ahead", lambda one: one.ahead(HOUR)),
    Fault("an hour behind", lambda one: one.ahead(-HOUR)),
)


@dataclass
class Cluster:
    machines: list[Machine]
    person: Person
    token: str

    @property
    def urls(self) -> list[str]:
        return [one.url for one in self.machines]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    tmp_path.chmod(0o755)
    # PostgreSQL's user may not enter the folders of tests.
    database_folder = Path("/var/tmp") / f"matou-soak-{os.getpid()}"
    database_folder.mkdir(mode=0o755)
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, database_folder)
        ending.enter_context(network())
        url = ending.enter_context(database_server(database_folder))
        bucket = ending.enter_context(bucket_server(Path(os.environ[VERSITYGW]), tmp_path / "bucket"))
        person = make_person(tmp_path / "home")
        person.environment.update(bucket.environment, MATOU_DATABASE_URL=url)
        clock = build_clock(tmp_path)
        machines = [
            ending.enter_context(machine(number, tmp_path, person, clock, disk_mebibytes=DISK_MEBIBYTES))
            for number in range(MACHINES)
        ]
        token = prepare(machines, person, bucket.url)
        for one in machines:
            one.start()
        for one in machines:
            wait_for_port(one.address, SERVER_PORT)
        yield Cluster(machines, person, token)


def prepare(machines: list[Machine], person: Person, bucket_url: str) -> str:
    """Attach each machine's folder, and make a person; gives their token."""
    for one in machines:
        person.matou("archive", "attach", one.root, f"s3://{BUCKET}/archive", "--endpoint", bucket_url)
        root = str(one.root)
        serve = ["serve", "--root", root, "--host", one.address, "--port", str(SERVER_PORT), "--no-schedule"]
        one.commands = [[*serve, "--requests-per-minute", "0"], ["worker", "--root", root]]
    root_of_first = machines[0].root
    person.matou("user", "add", "li", "--admin", "--root", root_of_first, "--no-password")
    person.matou("org", "create", TEAM, "--owner", "li", "--root", root_of_first)
    return person.matou("token", "create", "--user", "li", "--name", "soak", "--root", root_of_first).out.strip()


def make_repositories(cluster: Cluster) -> list[str]:
    server, names = UsedServer(cluster.urls[0], cluster.token), [f"repo-{number}" for number in range(REPOSITORIES)]
    for name in names:
        status, said = server.ask("POST", f"/orgs/{TEAM}/repos", name=name, auto_init=True, private=False)
        assert status in (200, 201), said
    return names


def begin_clients(cluster: Cluster, folder: Path, ledger: Ledger, stop: threading.Event) -> list[Client]:
    names = make_repositories(cluster)
    folder.mkdir()
    clients = [
        Client(number, names[number % len(names)], cluster.urls, cluster.token, folder, ledger, stop)
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    return clients


def go_through_faults(cluster: Cluster, ledger: Ledger, until: float) -> Iterator[tuple[str, float, float | None]]:
    """Each fault at each machine, as far as time allows: its name, the others' longest silence, its own after it."""
    turns = [(fault, (number + turn) % MACHINES) for turn in range(MACHINES) for number, fault in enumerate(FAULTS)]
    for fault, victim in turns:
        if time.monotonic() > until:
            return
        begun = time.monotonic()
        with fault.on(cluster.machines[victim]):
            time.sleep(fault.seconds)
        ended = time.monotonic()
        time.sleep(REST_SECONDS)
        now = time.monotonic()
        others = max(ledger.longest_silence(number, begun, now) for number in range(MACHINES) if number != victim)
        again = wait_for_answer(ledger, victim, ended)
        said = (f"{fault} (machine {victim})", others, again)
        print("{}: others silent for at most {:.1f} s, itself after {}".format(*said), flush=True)
        yield said


def wait_for_answer(ledger: Ledger, victim: int, ended: float) -> float | None:
    """Seconds from the end of a fault to the machine's next answer; None where there is none for minutes."""
    while time.monotonic() < ended + MOST_RECOVERY_SECONDS:
        if (moment := ledger.next_after(victim, ended)) is not None:
            return round(moment - ended, 1)
        time.sleep(0.2)
    return None


def require_nothing_lost(cluster: Cluster, clients: list[Client], ledger: Ledger) -> None:
    assert ledger.untrue == []
    moved = [(repository, old) for repository, old, _ in ledger.races]
    assert len(moved) == len(set(moved)), "a ref was moved twice from the same value"
    for machine_number, url in enumerate(cluster.urls):
        server = UsedServer(url, cluster.token)
        listed = {name: server.refs(name) or {} for name in {client.repository for client in clients}}
        for client in clients:
            found = listed[client.repository].get(client.branch, "")
            expected = {client.acknowledged, client.pending or client.acknowledged}
            assert found in expected, f"machine {machine_number}: {client.branch} of {client.repository}"


def require_written_files(cluster: Cluster, ledger: Ledger, folder: Path) -> None:
    for name in {repository for repository, _ in ledger.written}:
        url = UsedServer(cluster.urls[0], cluster.token).git_url(name)
        assert git(None, "clone", "--quiet", "--mirror", url, str(folder / name)).returncode == 0
        assert git(folder / name, "fsck", "--full", "--no-dangling").returncode == 0
        there = set(git(folder / name, "ls-tree", "-r", "--name-only", "main").stdout.splitlines())
        assert {path for repository, path in ledger.written if repository == name} <= there


def test_nothing_acknowledged_is_lost_whatever_happens_to_a_machine(cluster: Cluster, tmp_path: Path) -> None:
    ledger, stop = Ledger(), threading.Event()
    clients = begin_clients(cluster, tmp_path / "clients", ledger, stop)
    time.sleep(REST_SECONDS)

    seen = list(go_through_faults(cluster, ledger, time.monotonic() + SECONDS))

    stop.set()
    for client in clients:
        client.join()
    refusals = sorted(ledger.refusals.items(), key=lambda pair: -pair[1])[:20]
    print(f"{len(ledger.acknowledged)} answers, {len(ledger.written)} files, {len(ledger.races)} races; {refusals}")
    require_nothing_lost(cluster, clients, ledger)
    require_written_files(cluster, ledger, tmp_path / "checked")
    for one in cluster.machines:
        cluster.person.matou("check", one.root)
    assert seen
    assert {name: seconds for name, seconds, _ in seen if seconds > MOST_SILENCE_SECONDS} == {}
    assert [name for name, _, again in seen if again is None] == []
