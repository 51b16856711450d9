"""Gitee's list of 1,000 projects: how many pages a second one worker makes, and how many it remembers."""

import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.db.repositories import Repository
from matou.forge.access import ALL_SCOPES, Identity, MayChangeSettings, MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.repositories.init_options import InitOptions, make_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_update import describe_repository
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command, high_water
from readers import Answers, Asker
from rows import Row

PAGE = 20
CONNECTIONS = 8
PASSES_A_ROUND = 10
PAGES_A_SECOND = 500
MEMORY_BAR_MIB = 250
GROWTH_BAR_MIB = 8


@dataclass(frozen=True)
class Listed:
    """A running server, and the same forge in this process; `pages` has each page once, and the empty one after."""

    asker: Asker
    pages: Sequence[str]
    forge: Forge
    one: Repository
    pid: int


@dataclass(frozen=True)
class Reading:
    """What some readings of all pages took, and how much of it the server's processor time was."""

    pages: int
    seconds: float
    processor_seconds: float


def bench_gitee(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """All pages of the list after each write, and again without one."""
    with _served(folder, round(1000 * scale)) as listed:
        yield _first_readings(listed, rounds)
        before = high_water(listed.pid)
        yield _remembered(listed, rounds)
        _first_readings(listed, rounds)
        peak = high_water(listed.pid)
        grown = f"by {2 * rounds * PASSES_A_ROUND} more readings of the whole list"
        yield Row("memory of the server, Gitee's lists", peak / 2**20, MEMORY_BAR_MIB, "MiB", "peak")
        yield Row("memory of the server, Gitee's lists: growth", (peak - before) / 2**20, GROWTH_BAR_MIB, "MiB", grown)


def _first_readings(listed: Listed, rounds: int) -> Row:
    """A page is read for the first time where anything was written since it was made."""
    return _row("Gitee list pages a second, first reading", [_read(listed, is_new=True) for _ in range(rounds)])


def _remembered(listed: Listed, rounds: int) -> Row:
    _read(listed, is_new=True)
    return _row("Gitee list pages a second, remembered", [_read(listed, is_new=False) for _ in range(rounds)])


def _read(listed: Listed, *, is_new: bool) -> Reading:
    """The whole list, PASSES_A_ROUND times."""
    began = _processor_seconds(listed.pid)
    passes: list[Answers] = []
    for number in range(PASSES_A_ROUND):
        if is_new:
            describe_repository(
                listed.forge, granted_to_operator(MayChangeSettings, listed.one), f"written in pass {number}"
            )
        passes.append(listed.asker.ask_each(listed.pages, connections=CONNECTIONS))
    assert not any(answers.failures for answers in passes)
    spent = _processor_seconds(listed.pid) - began
    return Reading(sum(len(one.times) for one in passes), sum(one.seconds for one in passes), spent)


def _row(what: str, readings: Sequence[Reading]) -> Row:
    rate = statistics.median(reading.pages / reading.seconds for reading in readings)
    processor = statistics.median(reading.processor_seconds / reading.pages for reading in readings)
    detail = f"{processor * 1000:.2f} ms of processor time each; {PAGE} projects a page, {CONNECTIONS} connections"
    return Row(what, rate, PAGES_A_SECOND, "", detail, at_least=True)


@contextmanager
def _served(folder: Path, count: int) -> Iterator[Listed]:
    folder.mkdir(parents=True)
    pages = [f"/projects?page={number}&per_page={PAGE}" for number in range(1, -(-count // PAGE) + 2)]
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        token, one = _fill(forge, count)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                assert server.stdout is not None
                asker = Asker(server.stdout.readline().strip(), token, root="/api/v3")
                yield Listed(asker, pages, forge, one, server.pid)
            finally:
                server.terminate()


def _fill(forge: Forge, count: int) -> tuple[str, Repository]:
    """Half of them are the person's own, half a team's; and a third is private."""
    owner = create_user(forge, "bench", email="bench@example.com", admin=True)
    create_organization(forge, "team", owner=owner)
    made = [_make(forge, Identity(owner, ALL_SCOPES), number) for number in range(count)]
    return create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal(), made[0]


def _make(forge: Forge, identity: Identity, number: int) -> Repository:
    visibility = Visibility.PUBLIC if number % 3 else Visibility.PRIVATE
    profile = RepositoryMetadata(f"project-{number:04}", f"The project that came {number}th", visibility=visibility)
    where = NamespacePath(("team",) if number % 2 else ("bench",))
    return make_repository(forge, identity, where, "", profile, InitOptions(default_branch="master"))


def _processor_seconds(pid: int) -> float:
    """User and system time of proc(5), of all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
