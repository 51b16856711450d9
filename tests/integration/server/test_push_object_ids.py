"""What a push says that a ref is to name is an object's whole id, and no revision that git would look up."""

from hashlib import sha256

from support.git_repositories import git, make_repository, refs_of
from support.matou_server import MatouServer
from support.push_rules import Work
from support.raw_pushes import NOTHING, Command, push_body, push_bytes, push_raw

NO_REF = "0" * 64
_EMPTY = b"PACK\0\0\0\2\0\0\0\0"
EMPTY_PACK_OF_SHA256 = _EMPTY + sha256(_EMPTY).digest()


def test_an_id_of_the_other_kind_is_no_name_of_a_ref(work: Work) -> None:
    """Git was asked of it, and took `refs/remotes/<64 digits>` for what was meant: nobody could clone any more."""
    name = "ab" * 32
    tip = git(work.clone, "rev-parse", "main")
    push_raw(work.server, work.repository, Command(NOTHING, tip, f"refs/remotes/{name}"))
    before = work.refs
    assert f"refs/remotes/{name}" in before

    answer = push_raw(work.server, work.repository, Command(NO_REF, name, "refs/heads/other"))

    assert b"ng refs/heads/other missing necessary objects" in answer.data
    assert work.refs == before
    assert not (work.git_dir / "refs/heads/other").exists()


def test_the_beginning_of_an_id_is_no_id(matou_server: MatouServer) -> None:
    """A repository of SHA-256 took 40 digits for the abbreviation of one of its objects."""
    repository = matou_server.repository()
    git_dir = matou_server.git_dir(repository)
    long = make_repository(git_dir.with_name("long.git"), commits=1, object_format="sha256")
    git_dir.rename(git_dir.with_name("short.git"))
    long.rename(git_dir)
    tip = git(git_dir, "rev-parse", "main")
    commands = [Command(NOTHING, tip[:40], "refs/heads/other"), Command(NO_REF, tip, "refs/heads/same")]

    answer = push_bytes(matou_server, repository, push_body(commands, EMPTY_PACK_OF_SHA256))

    assert b"ng refs/heads/other missing necessary objects" in answer.data
    assert b"ok refs/heads/same" in answer.data
    assert ("refs/heads/same", tip) in refs_of(git_dir).items()
    assert not (git_dir / "refs/heads/other").exists()
