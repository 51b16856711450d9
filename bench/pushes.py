"""Pushes beside `git receive-pack` into a plain folder, which syncs no ref: many refs, and one file sixty times."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from history import make_history
from matou.forge.access import MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user
from matou.forge.repositories.creation import create_repository
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command
from rows import Row
from sample import environment_for, place_for

MANY = (500, 10_000)
ONE_FILE_PUSHES = 60
BAR = 1.5


@dataclass(frozen=True)
class Places:
    """A clone with commits enough, and the two repositories that it is pushed to."""

    clone: Path
    plain: Path
    url: str
    environment: dict[str, str]


def bench_pushes(folder: Path, scale: float, _rounds: int) -> Iterator[Row]:
    with _served(folder) as places:
        # Else HEAD would be one of the many, and could not be deleted.
        for where in (str(places.plain), places.url):
            _push(places, where, ["main~2:refs/heads/main"])
        for count in MANY:
            yield from _many_refs(places, max(100, round(count * scale)))
        yield _one_file(places, max(2, round(ONE_FILE_PUSHES * scale)))


def _many_refs(places: Places, count: int) -> Iterator[Row]:
    names = [f"refs/heads/many/{number % 97}/b{number}" for number in range(count)]
    for what, revision in (("made", "main~1"), ("moved", "main"), ("deleted", None)):
        refspecs = [f":{name}" if revision is None else f"{revision}:{name}" for name in names]
        theirs, ours = (_push(places, where, refspecs) for where in (str(places.plain), places.url))
        detail = f"{ours:.2f} s to {theirs:.2f} s"
        yield Row(f"push, {count:,} refs {what}: to git push into a folder", ours / theirs, BAR, "×", detail)


def _one_file(places: Places, count: int) -> Row:
    """Each with a commit of its own, one after the other."""
    commits = _git(places, "rev-list", "--reverse", f"--max-count={count}", "main").split()
    seconds = sum(_push(places, places.url, [f"{commit}:refs/heads/one"]) for commit in commits)
    return Row(f"push, one file {count} times", seconds, 10, "s", f"{1000 * seconds / count:.0f} ms each")


def _push(places: Places, where: str, refspecs: Sequence[str]) -> float:
    command = ["git", f"--git-dir={places.clone}", "push", "--quiet", where]
    began = time.monotonic()
    subprocess.run([*command, *refspecs], env=places.environment, check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def _git(places: Places, *words: str) -> str:
    command = ["git", f"--git-dir={places.clone}", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def _served(folder: Path) -> Iterator[Places]:
    folder.mkdir(parents=True)
    clone = make_history(folder / "history.git", commits=ONE_FILE_PUSHES + 2, files=20)
    plain = folder / "plain.git"
    subprocess.run(["git", "init", "--quiet", "--bare", plain], check=True)
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, "bench", email="bench@example.com", admin=True)
        create_organization(forge, "team", owner=owner)
        path = RepositoryPath.parse("team/pushed")
        create_repository(forge, place_for(forge, path), path.name, creator=owner)
        token = create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            yield Places(clone, plain, f"{url}/team/pushed.git", os.environ | environment_for(token))
        finally:
            server.terminate()
