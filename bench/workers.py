"""One worker beside two, in turn: how fast APIs and pages are read, where those who ask have the same processors."""

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
from measuring import MATOU, Command
from readers import Asker
from rows import Row
from sample import place_for

CONNECTIONS = 16
SECONDS = 4
TICKS = os.sysconf("SC_CLK_TCK")
BAR = 1.7

READ = (
    ("API: commits", "/api/v5", "/repos/team/history/commits?per_page=20"),
    ("API: a file's contents", "/api/v5", "/repos/team/history/contents/{file}"),
    ("page: a repository", "", "/team/history"),
    ("page: a folder's file", "", "/team/history/-/blob/main/{file}"),
)


@dataclass(frozen=True)
class Served:
    """A server, and the processes of which it is made."""

    asker: Asker
    pids: tuple[int, ...]
    began_in: float

    def processor_seconds(self) -> float:
        return sum(_processor_seconds(pid) for pid in self.pids)


def bench_workers(folder: Path, scale: float, rounds: int) -> Iterator[Row]:
    root = folder / "server"
    folder.mkdir(parents=True)
    plain = make_history(folder / "history.git", commits=round(5_000 * scale), files=round(500 * scale))
    with open_forge(root, Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        create_organization(forge, "team", owner=owner)
        path = RepositoryPath.parse("team/history")
        import_repository(forge, plain, place_for(forge, path), path.name, creator=owner, local=True)
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    listed = subprocess.run(
        ["git", f"--git-dir={plain}", "ls-tree", "-r", "--name-only", "main"],
        capture_output=True,
        check=True,
        text=True,
    )
    file = listed.stdout.splitlines()[10]
    with ExitStack() as servers:
        one, two = (servers.enter_context(_served(root, token, workers)) for workers in (1, 2))
        yield Row("start of two workers: more than one", two.began_in - one.began_in, 1.0, "s", f"{two.began_in:.2f} s")
        for name, below, path_read in READ:
            yield _beside(name, below, path_read.format(file=file), one, two, rounds)


def _beside(name: str, below: str, path: str, one: Served, two: Served, rounds: int) -> Row:
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: list[float] = []
    own: list[float] = []
    for _ in range(rounds):
        for workers, served in ((1, one), (2, two)):
            asker = Asker(served.asker.url, served.asker.token, below)
            asker.ask(path, connections=CONNECTIONS, seconds=0.5)
            before, mine = served.processor_seconds(), time.process_time()
            answers = asker.ask(path, connections=CONNECTIONS, seconds=SECONDS)
            assert not answers.failures, name
            rates[workers].append(answers.a_second)
            if workers == 1:
                costs.append((served.processor_seconds() - before) / len(answers.times))
                own.append((time.process_time() - mine) / len(answers.times))
    single, double = (statistics.median(rates[workers]) for workers in (1, 2))
    cost, asking = statistics.median(costs), statistics.median(own)
    # Two processors do what two workers and whoever asks them need; one worker has one to itself.
    reachable = 2 / (cost + asking) / single
    rates_told = f"{single:,.0f} to {double:,.0f} a second; {cost * 1e6:.0f} µs each, {asking * 1e6:.0f} to ask"
    detail = f"{rates_told}: {reachable:.2f} is all that two processors have"
    return Row(f"two workers, {name}: to one", double / single, min(BAR, 0.9 * reachable), "×", detail, at_least=True)


@contextmanager
def _served(root: Path, token: str, workers: int) -> Iterator[Served]:
    command: Command = [MATOU, "serve", "--root", root, "--port", "0", "--workers", str(workers)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            began_in = time.perf_counter() - began
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            yield Served(Asker(url, token), (server.pid, *map(int, children)), began_in)
        finally:
            server.terminate()


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
