"""GitCode's API over a long history: how fast its reads answer on one worker, and what a push does to them."""

import os
import random
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from history import make_history
from matou.forge.access import MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.repositories.creation import import_repository
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command, high_water
from readers import Asker
from rows import Row
from sample import environment_for, place_for

READERS = 50
PUSHED_BYTES = 100 * 1024 * 1024
MEMORY_BAR_MIB = 250
REPOSITORY = "/repos/team/history"


@dataclass(frozen=True)
class Api:
    """A running server with one long history, which `plain` has too."""

    asker: Asker
    plain: Path
    git_url: str
    environment: dict[str, str]
    pid: int


def bench_api(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    """A history of 50,000 commits and 2,000 files."""
    with _served(folder, scale) as api:
        yield from _statistics(api)
        yield from _reads(api, rounds)
        yield from _after_a_push(api)
        yield from _reads_beside_a_push(api)
        yield Row("memory of the server", high_water(api.pid) / 2**20, MEMORY_BAR_MIB, "MiB", "peak, of all the above")


@contextmanager
def _served(folder: Path, scale: float) -> Iterator[Api]:
    folder.mkdir(parents=True)
    plain = make_history(folder / "history.git", commits=round(50_000 * scale), files=round(2_000 * scale))
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        create_organization(forge, "team", owner=owner)
        path = RepositoryPath.parse("team/history")
        import_repository(forge, plain, place_for(forge, path), path.name, creator=owner, local=True)
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            environment = os.environ | environment_for(token)
            yield Api(Asker(url, token), plain, f"{url}/team/history.git", environment, server.pid)
        finally:
            server.terminate()


def _statistics(api: Api) -> Iterator[Row]:
    """Cold beside one `git log --numstat`, each once, after the files were read once by a clone."""
    log = ["git", f"--git-dir={api.plain}", "log", "--numstat", "--format=%H", "main"]
    peer = _seconds(log)
    cold = _first(api, "/contributors/statistic")
    yield Row("37, whole history, cold: to git log --numstat", cold / peer, 1.2, "×", f"{cold:.1f} s to {peer:.1f} s")
    yield from _warm(api, "37, whole history, warm", "/contributors/statistic", 0.060)
    for name, path in (("8 languages", "/languages"), ("9 contributors", "/contributors")):
        first = _first(api, path)
        yield from _warm(api, f"{name}, warm", path, 0.005, first)


def _reads(api: Api, rounds: int) -> Iterator[Row]:
    entry = subprocess.run(
        ["git", f"--git-dir={api.plain}", "ls-tree", "-r", "main"], capture_output=True, check=True, text=True
    ).stdout.splitlines()[100]
    blob, file = entry.split()[2], entry.partition("\t")[2]
    recursive = "/git/trees/main?recursive=1&per_page=100"
    yield from _warm(api, "1 recursive tree of 2,000 files, first answer", f"{recursive}&page=2", 0.025, once=True)
    yield from _warm(api, "1 recursive tree of 2,000 files, warm", recursive, 0.025)
    for name, path in (
        ("1 root tree", "/git/trees/main?per_page=100"),
        ("2 a file's contents", f"/contents/{file}"),
        ("7 a blob", f"/git/blobs/{blob}"),
        ("36 a raw file", f"/raw/{file}"),
    ):
        first = _first(api, path)
        answers = [api.asker.ask(REPOSITORY + path) for _ in range(rounds)]
        best = max(answers, key=lambda answer: answer.a_second)
        detail = f"{best.a_second:,.0f} a second at 8 connections; first answer {first * 1000:.1f} ms"
        yield Row(f"{name}, per request", 1000 / best.a_second, 1.0, "ms", detail)


def _after_a_push(api: Api) -> Iterator[Row]:
    """What 37 takes when one commit came: only that one is looked at."""
    tree = _git(api, "rev-parse", "main^{tree}")
    _push(api, _git(api, "commit-tree", "-p", "main", "-m", "one more", tree), "main").wait()
    first = _first(api, "/contributors/statistic")
    yield Row("37, the first answer after a push of one commit", first, 1.0, "s", "the bar is ours")


def _reads_beside_a_push(api: Api) -> Iterator[Row]:
    """READERS read a tree while 100 MB come in: 95th percentiles, and failures."""
    path = f"{REPOSITORY}/git/trees/topic"
    quiet = api.asker.ask(path, connections=READERS, seconds=4)
    blob = _git(api, "hash-object", "-w", "--stdin", given=random.Random(1).randbytes(PUSHED_BYTES))
    tree = _git(api, "mktree", given=f"100644 blob {blob}\tlarge\n".encode())
    push = _push(api, _git(api, "commit-tree", "-m", "large", tree), "large")
    beside = api.asker.ask_until(path, lambda: push.poll() is not None, connections=READERS)
    ratio = beside.percentile(0.95) / quiet.percentile(0.95)
    detail = f"{beside.percentile(0.95) * 1000:.0f} ms to {quiet.percentile(0.95) * 1000:.0f} ms, 95th percentiles"
    yield Row(f"{READERS} readers beside a push of 100 MB: to quiet", ratio, 3, "×", detail)
    failures = beside.failures + (push.returncode != 0)
    yield Row(f"{READERS} readers beside a push of 100 MB: failures", failures, 0, "", f"of {len(beside.times):,}")


def _push(api: Api, commit: str, branch: str) -> subprocess.Popen[bytes]:
    refspec = f"{commit}:refs/heads/{branch}"
    command = ["git", f"--git-dir={api.plain}", "push", "--quiet", api.git_url, refspec]
    return subprocess.Popen(command, env=api.environment)


def _git(api: Api, *arguments: str, given: bytes = b"") -> str:
    identity = [part for key in ("user.name=b", "user.email=b@example.com") for part in ("-c", key)]
    command = ["git", f"--git-dir={api.plain}", *identity, *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout.decode().strip()


def _first(api: Api, path: str) -> float:
    """Seconds until the first answer, which must be a good one."""
    answers = api.asker.ask(REPOSITORY + path, connections=1, seconds=600, most=1)
    assert not answers.failures, path
    return answers.times[0]


def _warm(
    api: Api, what: str, path: str, bar: float, first: float | None = None, *, once: bool = False
) -> Iterator[Row]:
    """The median of many answers on one connection, or the first alone."""
    answers = api.asker.ask(REPOSITORY + path, connections=1, seconds=2, most=1 if once else 200)
    assert not answers.failures, path
    detail = f"{len(answers.times)} on one connection, median" + (f"; first {first:.2f} s" if first is not None else "")
    yield Row(what, statistics.median(answers.times) * 1000, bar * 1000, "ms", detail)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
