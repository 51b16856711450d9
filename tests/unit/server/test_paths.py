"""One reader of paths for every route: what it does not understand leads nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.names import RepositoryPath
from matou.server.paths import Operation, read_git_path, repository_at, segments_of

OID = "ab" * 32


@pytest.mark.parametrize(
    ("path", "repository", "operation"),
    [
        ("/team/ship.git/info/refs", "team/ship", Operation.ADVERTISE),
        ("/team/ship/info/refs", "team/ship", Operation.ADVERTISE),
        ("/team/project/ship.git/git-upload-pack", "team/project/ship", Operation.UPLOAD_PACK),
        ("/a/b/c/d/e/ship.git/git-receive-pack", "a/b/c/d/e/ship", Operation.RECEIVE_PACK),
        ("/team/ship.git/info/lfs/objects/batch", "team/ship", Operation.LFS_BATCH),
        (f"/team/ship.git/info/lfs/objects/{OID}", "team/ship", Operation.LFS_OBJECT),
        ("/team/ship.git/info/lfs/locks/verify", "team/ship", Operation.LFS_LOCKS_VERIFY),
        ("/%E5%9B%A2%E9%98%9F/%E7%A0%81%E5%A4%B4.git/info/refs", "团队/码头", Operation.ADVERTISE),
        ("/team/a%20b.git/info/refs", "team/a b", Operation.ADVERTISE),
        ("/info/refs/info/refs", "info/refs", Operation.ADVERTISE),
        ("/team:project/ship.git/info/refs", "team/project/ship", Operation.ADVERTISE),
        ("/a%3Ab:c/ship/git-upload-pack", "a/b/c/ship", Operation.UPLOAD_PACK),
    ],
)
def test_a_path_names_a_repository_and_what_is_wanted_of_it(path: str, repository: str, operation: Operation) -> None:
    target = read_git_path(path.encode())

    assert target is not None
    assert (str(target.repository), target.operation) == (repository, operation)


@pytest.mark.parametrize(
    "path",
    [
        "/ship.git/info/refs",
        "/team:/ship.git/info/refs",
        "/:team/ship.git/info/refs",
        "/team:a/b/ship.git/info/refs",
        "/team/a:ship.git/info/refs",
        "/team/.wiki.git/info/refs",
        "/team/ship.wiki.wiki.git/info/refs",
        "/team.wiki/ship.git/info/refs",
        "/ship.wiki.git/info/refs",
        "/team//ship.git/info/refs",
        "//team/ship.git/info/refs",
        "/team/../ship.git/info/refs",
        "/team/%2e%2e/ship.git/info/refs",
        "/team/%252e%252e/ship.git/info/refs",
        "/team%2fship.git/info/refs",
        "/team/ship%00.git/info/refs",
        "/team/ship.git%00/info/refs",
        "/team/ship.git.git/info/refs",
        "/team.git/ship.git/info/refs",
        "/team/.git/info/refs",
        "/team/ship.git;a/info/refs/x",
        "/team/%ff.git/info/refs",
        "/team/%c0%ae%c0%ae/info/refs",
        "/team\\ship.git/info/refs",
        "/team/-ship.git/info/refs",
        "/team/CON.git/info/refs",
        "/team/ship.git/info/refs/",
        "/team/ship.git/HEAD",
        "/team/ship.git/objects/info/packs",
        "/team/" + "a" * 200 + ".git/info/refs",
        "/" + "a/" * 3000 + "ship.git/info/refs",
        "*",
        "",
    ],
)
def test_a_hostile_path_leads_nowhere(path: str) -> None:
    assert read_git_path(path.encode()) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_never_decoded_twice(raw: bytes) -> None:
    target = read_git_path(b"/" + raw)

    assert target is None or RepositoryPath.parse(str(target.repository)) == target.repository


def test_a_part_is_decoded_after_the_path_was_split() -> None:
    assert segments_of(b"/a%2Fb/c") == ("a/b", "c")
    assert repository_at(("a/b", "c")) is None


@pytest.mark.parametrize("name", ["ship.wiki.git", "ship.wiki"])
def test_a_wiki_is_named_by_whose_it_is(name: str) -> None:
    target = read_git_path(f"/team/{name}/info/refs".encode())

    assert target is not None
    assert (str(target.repository), target.is_wiki) == ("team/ship", True)
