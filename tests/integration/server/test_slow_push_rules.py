"""A push that is being judged may take minutes; nobody else waits for that."""

import fcntl
import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from urllib3 import PoolManager

from matou.db.repositories import Repository
from matou.db.users import User
from matou.model.names import RefName
from matou.model.platform import Visibility
from support.git_repositories import git, git_bytes, make_repository, refs_of
from support.matou_server import MatouServer
from support.raw_pushes import NOTHING, RECEIVE, Command, packet, push_body, push_raw

OTHER = RefName("refs/heads/other")
OF_ONE = 4
"""Pushes of one person at once."""

QUESTION = (
    packet(b"command=ls-refs\n")
    + b"0001"
    + b"".join(packet(b"ref-prefix refs/heads/%d\n" % number) for number in range(400))
    + b"0000"
)
"""Too long to be read on the event loop."""


@contextmanager
def refs_held(folders: Sequence[Path]) -> Iterator[None]:
    """As by somebody who changes many refs of each: pushes wait for ten seconds."""
    with ExitStack() as ending:
        for folder in folders:
            descriptor = os.open(folder / "refs", os.O_RDONLY)
            ending.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def push(server: MatouServer, repository: Repository, user: User, body: bytes) -> bytes:
    credential = server.credential(user)
    basic = b64encode(f"{credential.user}:{credential.password.reveal()}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": RECEIVE}
    url = f"{server.url}/{repository.path}.git/git-receive-pack"
    return PoolManager().request("POST", url, body=body, headers=headers).data


def test_whoever_reads_does_not_wait_for_pushes_that_are_judged(matou_server: MatouServer, tmp_path: Path) -> None:
    """Six were as many as there were threads for short work: then a fetch waited for as long as they took."""
    source = make_repository(tmp_path / "source.git", commits=1)
    tip = git(source, "rev-parse", "main")
    pack = git_bytes(source, "pack-objects", "--revs", "--stdout", "-q", input=f"{tip}\n".encode())
    pushed = [matou_server.repository() for _ in range(2 * OF_ONE)]
    for repository in pushed:
        push_raw(matou_server, repository, Command(NOTHING, tip, "refs/heads/main"), pack=pack)
    people = [matou_server.user(admin=True), matou_server.user(admin=True)]
    body = push_body([Command(NOTHING, tip, "refs/heads/other")])
    read = matou_server.repository(visibility=Visibility.PUBLIC)
    folders = [matou_server.git_dir(repository) for repository in pushed]

    with ThreadPoolExecutor(len(pushed)) as threads:
        with refs_held(folders):
            answers = [
                threads.submit(push, matou_server, repository, people[number % 2], body)
                for number, repository in enumerate(pushed)
            ]
            while sum(bool(list((folder / "objects").glob("tmp_objdir-*"))) for folder in folders) < len(folders):
                sleep(0.01)
            sleep(0.2)  # they are past their packs, which are empty, and wait for their refs
            begin = monotonic()
            PoolManager().request(
                "POST",
                f"{matou_server.url}/{read.path}.git/git-upload-pack",
                body=QUESTION,
                headers={"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"},
            )
            waited = monotonic() - begin
        assert all(b"ok refs/heads/other" in answer.result() for answer in answers)

    assert waited < 5
    assert all(refs_of(folder)[OTHER] == tip for folder in folders)
