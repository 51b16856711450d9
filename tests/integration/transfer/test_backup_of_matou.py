"""A backup of another Matou: the same paths, the same objects, refs and commits; unchanged is known by one digest."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from matou.archive.manifest import Outcome, Proof
from matou.archive.metadata import MAIN, open_metadata
from matou.archive.records import read_records
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.git.refs.listing import read_refs
from matou.settings import Settings
from matou.transfer.verify.command import verify
from matou.wiring import rebuild_metadata
from support.deciding import delete_repository, set_icon
from support.github_story import CONTENT, story
from support.matou_server import MatouServer, running_server
from support.peer_account import PeerAccount
from support.saved_conversation import NOON, save

KEPT = "refs/matou/kept/000003/heads/old"
CHANGE = "refs/matou/change/12/head"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    """With nothing on it that others may read: a backup takes all that its token sees."""
    with running_server(tmp_path_factory.mktemp("peer") / "archive", forgives_addresses=True) as server:
        yield server


@pytest.fixture
def peer(own_server: MatouServer, tmp_path: Path) -> PeerAccount:
    return PeerAccount(own_server, tmp_path / "second")


def with_metadata(peer: PeerAccount, repository: Repository, *, run: int = 1) -> str:
    head = peer.git(repository, "rev-parse", "main")
    asset = peer.server.forge.archive.blobs.put_bytes(CONTENT)
    said = story(head, asset)
    if run > 1:
        said.issues["I6DDD"] = replace(said.issues["I6BBB"], number="I6DDD", id="704")
    save(peer.server.forge, repository, said, run=run)
    return asset


def problems_of(peer: PeerAccount) -> list[str]:
    report = verify(peer.archive, everything=True, jobs=2, now=NOON)
    return [str(one.detail) for one in report.problems]


def test_a_repository_has_the_same_path_refs_and_objects(peer: PeerAccount) -> None:
    light = peer.repository("light")
    peer.git(light, "tag", "-a", "-m", "one", "v1", "main")

    report = peer.back_up()

    assert (report.outcomes[Outcome.SAVED], report.problems) == (1, ())
    place = f"repositories/{light.path}.git"
    assert peer.saved_git(place, "show-ref") == peer.git(light, "show-ref")
    assert peer.line("light").path == str(light.path)
    assert set(peer.namespaces()) >= {peer.name, f"{peer.name}/harbour"}
    assert problems_of(peer) == []


def test_what_is_unchanged_is_known_by_the_listing_alone(peer: PeerAccount) -> None:
    for name in ("light", "ferry", "buoy"):
        peer.repository(name)
    peer.back_up()

    report = peer.back_up()

    assert report.outcomes == {Outcome.UNCHANGED: 3}
    # Whom the token stands for, the namespaces, and the repositories.
    assert report.requests == 3
    assert peer.line("light").proof is Proof.LS_REFS


def test_one_ref_that_moved_without_any_other_trace_is_fetched(peer: PeerAccount) -> None:
    """Of the same length, at the same time, in the same file: the digest is that of the refs, and of nothing else."""
    light = peer.repository("light")
    first = peer.git(light, "rev-parse", "main")
    second = peer.commit(light, "second")
    peer.git(light, "update-ref", "refs/heads/side", first)
    peer.back_up()
    peer.git(light, "update-ref", "refs/heads/side", second)

    report = peer.back_up()

    assert report.outcomes == {Outcome.SAVED: 1}
    assert peer.saved_git(f"repositories/{light.path}.git", "rev-parse", "side") == second


def test_a_mirror_that_somebody_changed_here_is_made_right_again(peer: PeerAccount) -> None:
    light = peer.repository("light")
    first = peer.git(light, "rev-parse", "main")
    peer.commit(light, "second")
    peer.back_up()
    place = f"repositories/{light.path}.git"
    peer.saved_git(place, "update-ref", "refs/heads/main", first)

    peer.back_up()

    assert peer.saved_git(place, "rev-parse", "main") == peer.git(light, "rev-parse", "main")


def test_what_runs_have_kept_comes_along_once(peer: PeerAccount) -> None:
    light = peer.repository("light")
    old = peer.commit(light, "overwritten", branch="old")
    proposed = peer.commit(light, "proposed", branch="fork")
    peer.git(light, "update-ref", KEPT, old)
    peer.git(light, "update-ref", CHANGE, proposed)
    peer.git(light, "update-ref", "-d", "refs/heads/old")
    peer.git(light, "update-ref", "-d", "refs/heads/fork")

    report = peer.back_up()

    place, ours = f"repositories/{light.path}.git", "refs/matou/kept/000001/matou/kept/000003/heads/old"
    assert (report.problems, report.kept) == ((), 1)
    assert peer.saved_git(place, "rev-parse", ours, CHANGE).split() == [old, proposed]
    assert peer.line("light").kept == (ours,)
    assert peer.back_up().outcomes == {Outcome.UNCHANGED: 1}
    assert peer.line("light").kept == ()
    assert problems_of(peer) == []


def test_metadata_comes_commit_by_commit_with_its_files(peer: PeerAccount) -> None:
    light = peer.repository("light")
    asset = with_metadata(peer, light)
    peer.back_up()
    with_metadata(peer, light, run=2)

    report = peer.back_up()

    there, here = peer.server.forge.archive.metadata(light.path), peer.archive.metadata(light.path)
    assert read_refs(here).refs[MAIN] == read_refs(there).refs[MAIN]
    assert open_metadata(here).about.counts == open_metadata(there).about.counts
    assert peer.archive.blobs.read(asset) == CONTENT
    state = peer.line("light").metadata
    assert state is not None
    assert (state.commit, state.saved_in, state.kinds["issue"].items) == (read_refs(there).refs[MAIN], 2, 4)
    assert peer.back_up().requests == 3
    # A file that the first never had is told as it is told there.
    assert [str(one.cause) for one in report.problems] == ["1 is missing at the source"] * 1
    assert problems_of(peer) == []


def test_metadata_that_began_anew_leaves_what_was_here_under_a_kept_ref(peer: PeerAccount) -> None:
    light = peer.repository("light")
    with_metadata(peer, light)
    peer.back_up()
    place = f"metadata/{light.path}.git"
    before = peer.saved_git(place, "rev-parse", "main")
    there = peer.server.forge.archive.metadata(light.path)
    there.rename(there.with_name("aside"))
    with_metadata(peer, light, run=7)

    peer.back_up()

    assert peer.saved_git(place, "rev-parse", "main") == str(read_refs(there).refs[MAIN]) != before
    assert peer.saved_git(place, "rev-parse", "refs/matou/kept/000002/heads/main") == before


def test_damaged_metadata_is_copied_anew(peer: PeerAccount) -> None:
    light = peer.repository("light")
    with_metadata(peer, light)
    peer.back_up()
    [pack] = peer.archive.metadata(light.path).glob("objects/pack/*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-30] + bytes(30))
    assert problems_of(peer) != []

    peer.back_up()

    assert problems_of(peer) == []


def test_what_came_by_git_is_not_made_again_from_records_and_is_in_nobody_s_way(peer: PeerAccount) -> None:
    with_metadata(peer, peer.repository("light"))
    peer.back_up()

    assert rebuild_metadata(peer.to, Settings.from_environment({})) == ([], [])


@pytest.mark.parametrize(("role", "unseen"), [(Role.REPORTER, ["metadata"]), (Role.OWNER, [])])
def test_what_a_token_may_not_read_is_told_and_never_a_deletion(
    peer: PeerAccount, role: Role, unseen: list[str]
) -> None:
    """Metadata repositories hold what owners alone are shown: where webhooks lead, and how people are reached."""
    light = peer.repository("light")
    with_metadata(peer, light)
    peer.git(light, "update-ref", KEPT, "main")
    peer.token = peer.member(role)

    peer.back_up()

    assert [line.partition(" of ")[0] for line in peer.unseen()] == unseen
    assert (peer.line("light").metadata is None) is bool(unseen)
    assert len(peer.line("light").kept) == 1


def test_a_guest_gets_no_code_and_loses_none(peer: PeerAccount) -> None:
    light = peer.repository("light")
    peer.git(light, "update-ref", KEPT, "main")
    peer.token = peer.member(Role.GUEST)

    report = peer.back_up()

    assert report.outcomes == {Outcome.REFUSED: 1}
    assert peer.line("light").snapshot is None


def test_a_repository_that_was_deleted_there_stays_here(peer: PeerAccount) -> None:
    light = peer.repository("light")
    for name in ("ferry", "buoy"):
        peer.repository(name)
    peer.back_up()
    head = peer.git(light, "rev-parse", "main")
    delete_repository(peer.server.forge, light)

    # A listing that misses so many is believed when the next one says the same.
    peer.back_up()
    report = peer.back_up()

    assert report.outcomes == {Outcome.GONE: 1, Outcome.UNCHANGED: 2}
    assert peer.saved_git(f"repositories/{light.path}.git", "rev-parse", "main") == head


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def test_the_icon_of_a_project_comes_along_and_another_one_after_it(peer: PeerAccount) -> None:
    peer.repository("light")
    set_icon(peer.server.forge, peer.project, PICTURE)
    peer.back_up()
    first = peer.namespaces()[f"{peer.name}/harbour"].icon
    unchanged = peer.back_up()
    set_icon(peer.server.forge, peer.project, PICTURE * 2)

    peer.back_up()

    second = peer.namespaces()[f"{peer.name}/harbour"].icon
    assert first is not None
    assert second is not None
    assert peer.archive.blobs.read(first) == PICTURE
    assert peer.archive.blobs.read(second) == PICTURE * 2
    assert unchanged.requests == 3
    assert problems_of(peer) == []


def test_the_servers_runs_are_told_to_an_administrator_alone_and_others_are_told_so(tmp_path: Path) -> None:
    """Whoever may not see what came from a source is not told of it by the run that brought it."""
    with running_server(tmp_path / "archive") as server:
        server.forge.archive.begin_run()
        ordinary = PeerAccount(server, tmp_path / "second")
        ordinary.repository("light")
        ordinary.back_up()
        told = PeerAccount(server, tmp_path / "third", token=server.token(server.user(admin=True)))
        told.back_up()

    untold = "the list of the server's own runs: an administrator's token alone, good for everything, is told of them"
    assert ordinary.unseen() == [untold]
    assert told.unseen() == []
    [answer] = [one.body for one in read_records(told.archive.records(1)) if one.request == "GET /runs"]
    assert [(row["run"], row["state"]) for row in msgspec.json.decode(answer)] == [(1, "interrupted")]
