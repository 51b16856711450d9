"""A team with repositories of given sizes, on a Matou server of its own."""

import base64
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.db.namespaces import Namespace
from matou.forge.access import Authorized, MayCreateIn, MayCreateNamespaceIn, MayManageAccount, granted_to_operator
from matou.forge.accounts.namespaces import create_organization, create_project, find_namespace
from matou.forge.accounts.tokens import create_token
from matou.forge.accounts.users import create_user, find_user
from matou.forge.forge import Forge
from matou.forge.repositories.creation import import_repository
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from measuring import MATOU, Command

REPOSITORIES_A_PROJECT = 50
COMMITS = 20
OWNER = "bench"


def place_for(forge: Forge, path: RepositoryPath) -> Authorized[Namespace, MayCreateIn]:
    """Where a repository is to stand, as the operator."""
    return granted_to_operator(MayCreateIn, find_namespace(forge, path.namespace))


@dataclass(frozen=True)
class Sample:
    """A running server with repositories; `list_of_urls` has a line `URL path` for each."""

    label: str
    folder: Path
    url: str
    list_of_urls: Path
    environment: dict[str, str]
    token: str


@contextmanager
def make_sample(folder: Path, sizes: Sequence[int]) -> Iterator[Sample]:
    folder.mkdir(parents=True)
    paths, token = _fill(folder, sizes)
    command: Command = [MATOU, "serve", "--root", folder / "server", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            listed = folder / "urls"
            listed.write_text("".join(f"{url}/{path}.git {path}\n" for path in paths), encoding="utf-8")
            label = f"{len(sizes):,} repositories, {sum(sizes) / 2**20:,.0f} MiB"
            yield Sample(label, folder, url, listed, environment_for(token), token)
        finally:
            server.terminate()


def make_namespace(sample: Sample, name: str) -> None:
    """One more organization of who owns the repositories, made beside the running server."""
    with open_forge(sample.folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = find_user(forge, OWNER)
        assert owner is not None
        create_organization(forge, name, owner=owner)


def environment_for(token: str) -> dict[str, str]:
    """For matou and git alike; the header spares git the request that would be answered with 401."""
    basic = base64.b64encode(f"bench:{token}".encode()).decode()
    return {
        "MATOU_CODING_TOKEN": token,
        "MATOU_GITCODE_TOKEN": token,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }


def _fill(folder: Path, sizes: Sequence[int]) -> tuple[list[str], str]:
    paths = []
    with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
        owner = create_user(forge, OWNER, admin=True)
        team = create_organization(forge, "team", owner=owner)
        for number, size in enumerate(sizes):
            project = f"project{number // REPOSITORIES_A_PROJECT:03}"
            if number % REPOSITORIES_A_PROJECT == 0:
                create_project(forge, granted_to_operator(MayCreateNamespaceIn, team), project, creator=owner)
            path = RepositoryPath.parse(f"team/{project}/repository{number:04}")
            import_repository(
                forge, _made(folder, number, size), place_for(forge, path), path.name, creator=owner, local=True
            )
            paths.append(str(path))
        return paths, create_token(forge, granted_to_operator(MayManageAccount, owner), "bench").reveal()


def _made(folder: Path, seed: int, size: int) -> Path:
    """A bare repository of about that many bytes: random text, so that it does not compress away, in some commits."""
    made = folder / "made" / str(seed)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", made], check=True)
    stream = b"".join(_commits(random.Random(seed), size))
    subprocess.run(["git", "-C", made, "fast-import", "--quiet"], input=stream, check=True)
    return made


def _commits(chosen: random.Random, size: int) -> Iterator[bytes]:
    for number in range(COMMITS):
        content = chosen.randbytes(size // COMMITS * 3 // 4).hex().encode()
        yield b"commit refs/heads/main\nmark :%d\n" % (number + 1)
        yield b"committer B <b@example.com> %d +0000\ndata 1\nc\n" % (1_700_000_000 + number)
        yield b"M 100644 inline folder%d/file%d\ndata %d\n%s\n" % (number % 4, number, len(content), content)
    yield b"reset refs/heads/release\nfrom :15\n\nreset refs/tags/v1\nfrom :11\n\n"
