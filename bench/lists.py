"""GitCode's lists of 20 rows: tags, branches and one's own repositories, again and again, on one worker."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.forge.access import ALL_SCOPES, Identity, MayChangeSettings, MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.repositories.creation import import_repository
from matou.forge.repositories.init_options import InitOptions, make_repository
from matou.forge.repositories.repository_lists import find_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_update import describe_repository
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command
from readers import Asker
from rows import Row
from sample import place_for

CONNECTIONS = 8
PER_SECOND = 800
REFS = 200
REPOSITORIES = 40
LISTS = (
    ("tags", "/repos/team/refs/tags"),
    ("branches", "/repos/team/refs/branches"),
    ("own repositories", "/user/repos"),
)


@dataclass(frozen=True)
class Served:
    asker: Asker
    server: Path


def bench_lists(folder: Path, _scale: float, rounds: int) -> Iterator[Row]:
    """20 rows of each, unchanged; and what the first one takes after somebody has written."""
    with _served(folder) as served:
        for name, path in LISTS:
            answers = [served.asker.ask(path, connections=CONNECTIONS, seconds=2) for _ in range(rounds)]
            assert not any(answer.failures for answer in answers), path
            best = max(answer.a_second for answer in answers)
            first = _after_a_write(served, path)
            detail = f"{CONNECTIONS} connections; the first after a write {first * 1000:.1f} ms"
            yield Row(f"{name}, 20 rows, a second", best, PER_SECOND, "", detail, at_least=True)


def _after_a_write(served: Served, path: str) -> float:
    with open_forge(served.server, Settings.of_process(), loopback=True) as forge:
        one = find_repository(forge, RepositoryPath.parse("team/refs"))
        describe_repository(forge, granted_to_operator(MayChangeSettings, one), f"asked for {path}")
    return served.asker.ask(path, connections=1, most=1).times[0]


@contextmanager
def _served(folder: Path) -> Iterator[Served]:
    folder.mkdir(parents=True)
    server = folder / "server"
    with open_forge(server, Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com")
        create_organization(forge, "team", owner=owner)
        refs = _with_refs(folder / "refs.git")
        path = RepositoryPath.parse("team/refs")
        import_repository(forge, refs, place_for(forge, path), path.name, creator=owner, local=True)
        for number in range(REPOSITORIES):
            profile = RepositoryMetadata(f"project-{number:02}", f"The {number}th", visibility=Visibility.PRIVATE)
            where = NamespacePath(("team",) if number % 2 else ("bench",))
            make_repository(forge, Identity(owner, ALL_SCOPES), where, "", profile, InitOptions())
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    command: Command = [MATOU, "serve", "--root", server, "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(Asker(process.stdout.readline().strip(), token), server)
        finally:
            process.terminate()


def _with_refs(folder: Path) -> Path:
    """A bare repository with a commit, a branch and an annotated tag for each of REFS."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    stream = b"".join((_one("main", REFS), *(_one(f"topic/{number:03}", number) for number in range(REFS))))
    subprocess.run(["git", f"--git-dir={folder}", "fast-import", "--quiet"], input=stream, check=True)
    return folder


def _one(branch: str, number: int) -> bytes:
    who = b"Bench <bench@example.com> %d +0000" % (1_700_000_000 + number)
    lines: Sequence[bytes] = (
        b"commit refs/heads/%s\ncommitter %s\ndata 4\none\n" % (branch.encode(), who),
        b"M 100644 inline file\ndata 3\n%03d\n" % number,
        b"tag v%d\nfrom refs/heads/%s\ntagger %s\ndata 4\ntag\n" % (number, branch.encode(), who),
    )
    return b"".join(lines)
