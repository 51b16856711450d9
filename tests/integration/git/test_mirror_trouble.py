"""A mirror whose source is cut off, lies, is shallow, or changes meanwhile."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from integration.git.mirrored_sources import MAIN, URL, Team, sha256, team, updated
from matou.errors import Conflict, MatouError, TryLater
from matou.git.operations import connectivity, fetch
from matou.git.operations.mirror import BadPack, FetchSource, list_refs, update_mirror
from matou.git.operations.push import Body
from matou.git.process.run import GitOutOfMemory, Limits
from matou.git.refs.listing import read_refs
from matou.git.repository import create_bare, remove_leftovers
from matou.git.wire.client import fetch_request
from matou.model.names import ObjectId
from matou.model.refs import RefListing
from support.git_repositories import (
    LocalAnswer,
    LocalTransport,
    assert_sound,
    commit_file,
    force_push,
    git,
    git_bytes,
    listing_of,
    make_repository,
    make_source,
    objects_of,
    refs_of,
    store_object,
    tip_of,
)

__all__ = ["team"]


def test_a_shallow_source_is_saved_as_far_as_it_goes_and_later_whole(tmp_path: Path) -> None:
    whole = make_repository(tmp_path / "whole.git", commits=6)
    git(None, "clone", "--quiet", "--bare", "--depth=2", whole.as_uri(), tmp_path / "s.git")
    team = Team(tmp_path / "s.git", tmp_path / "m.git")

    first = update_mirror(
        team.mirror, FetchSource(team.transport, URL), list_refs(team.transport, URL), previous=None, run=1
    )
    git(team.source, "fetch", "--quiet", "--unshallow", whole, "main")
    commit_file(team.source, "main", "new", b"new")
    second = update_mirror(
        team.mirror, FetchSource(team.transport, URL), list_refs(team.transport, URL), previous=None, run=2
    )

    assert (first.is_shallow, second.is_shallow) == (True, False)
    assert objects_of(team.mirror) == objects_of(team.source)
    assert_sound(team.mirror)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.1, 0.5, 0.9, 0.97])
def test_a_connection_that_is_cut_leaves_no_trace_and_the_next_try_succeeds(team: Team, part: float) -> None:
    listing = list_refs(team.transport, URL)
    update_mirror(team.mirror.with_name("other.git"), FetchSource(team.transport, URL), listing, previous=None, run=1)
    size = sum(path.stat().st_size for path in team.mirror.with_name("other.git").rglob("*.pack"))
    team.transport.pack_bytes = 30 + int(size * part)
    for _ in range(3):
        with pytest.raises(TryLater):
            update_mirror(team.mirror, FetchSource(team.transport, URL), listing, previous=None, run=1)
    assert not refs_of(team.mirror)
    assert [path for path in team.mirror.joinpath("objects").rglob("*") if path.is_file()] == []
    team.transport.pack_bytes = None

    team.back_up()

    assert_sound(team.mirror)
    assert refs_of(team.mirror) == refs_of(team.source)


def test_a_pack_that_came_before_a_crash_is_not_fetched_again(team: Team) -> None:
    team.back_up()
    (team.mirror / "packed-refs").unlink()
    requests_seen = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == requests_seen + 1
    assert read_refs(team.mirror) == listing_of(team.source)


def test_objects_that_a_crash_left_without_what_they_reach_are_fetched_again(team: Team) -> None:
    tip = tip_of(team.source, "main")
    create_bare(team.mirror)
    store_object(team.mirror, "commit", git_bytes(team.source, "cat-file", "commit", tip))
    assert git(team.mirror, "cat-file", "-t", tip) == "commit"

    team.back_up()

    assert_sound(team.mirror)
    assert objects_of(team.mirror) == objects_of(team.source)


class Substituting(LocalTransport):
    """Answers every fetch with the pack of another request, as a broken or hostile server might."""

    other: bytes = b""

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator[LocalAnswer]:
        is_fetch = isinstance(body, bytes) and b"command=fetch" in body
        with super().exchange(url, service, self.other if is_fetch else body, protocol=protocol) as answer:
            yield answer


class Trailing(LocalTransport):
    """Sends more behind the pack, as no server of good will does."""

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator[LocalAnswer]:
        with super().exchange(url, service, body, protocol=protocol) as answer:
            content = answer.read()
            if isinstance(body, bytes) and b"command=fetch" in body:
                content = content.removesuffix(b"0000") + b"000d\x01\xff\xfe /../x" + b"0000"
            yield LocalAnswer(BytesIO(content), None)


def test_what_comes_after_a_pack_is_not_taken_for_its_name(team: Team) -> None:
    listing = listing_of(team.source)

    update = update_mirror(team.mirror, FetchSource(Trailing({URL: team.source}), URL), listing, previous=None, run=1)

    assert refs_of(team.mirror) == listing.refs
    assert all(pack.is_file() for pack in update.new_packs)
    assert_sound(team.mirror)


def test_a_pack_without_what_was_asked_for_is_refused(team: Team) -> None:
    transport = Substituting({URL: team.source})
    older = tip_of(team.source, "main~2")
    transport.other = fetch_request([older], [])

    with pytest.raises(BadPack):
        update_mirror(team.mirror, FetchSource(transport, URL), listing_of(team.source), previous=None, run=1)

    assert not refs_of(team.mirror)


def test_a_later_pack_without_what_was_asked_for_is_refused_too(team: Team) -> None:
    team.back_up()
    before = refs_of(team.mirror)
    beside = commit_file(team.source, "release/1.0", "beside", b"beside")
    commit_file(team.source, "main", "new", b"new")
    transport = Substituting({URL: team.source})
    transport.other = fetch_request([beside], [])

    with pytest.raises(BadPack):
        update_mirror(team.mirror, FetchSource(transport, URL), listing_of(team.source), previous=team.previous, run=2)

    assert refs_of(team.mirror) == before


def test_a_large_pack_that_is_cut_leaves_no_part_of_it(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "s.git", commits=5, file_bytes=400_000)
    transport = LocalTransport({URL: source}, pack_bytes=1_500_000)
    mirror = tmp_path / "m.git"

    with pytest.raises(TryLater):
        update_mirror(mirror, FetchSource(transport, URL), listing_of(source), previous=None, run=1)

    assert [path for path in (mirror / "objects").rglob("*") if path.is_file()] == []


def test_a_source_that_no_longer_has_what_it_listed_is_asked_again_later(team: Team) -> None:
    gone = RefListing({MAIN: ObjectId("d" * 40)}, head=MAIN)

    with pytest.raises(MatouError) as caught:
        update_mirror(team.mirror, FetchSource(team.transport, URL), gone, previous=None, run=1)

    assert isinstance(caught.value, TryLater)
    assert not refs_of(team.mirror)


def test_a_source_that_changed_its_object_format_is_a_conflict(tmp_path: Path) -> None:
    team = Team(make_source(tmp_path / "s.git"), tmp_path / "m.git")
    team.back_up()
    shutil.rmtree(team.source)
    sha256(team.source)

    with pytest.raises(Conflict):
        team.back_up()


def test_a_mirror_with_a_missing_tip_is_healed_by_the_source(team: Team) -> None:
    team.back_up()
    new = commit_file(team.source, "main", "new", b"new")
    team.back_up()
    for path in (team.mirror / "objects/pack").iterdir():
        if tip_is_in(path, new):
            path.unlink()
            path.with_suffix(".pack").unlink()

    commit_file(team.source, "main", "newer", b"newer")
    team.back_up()

    assert_sound(team.mirror)


def tip_is_in(path: Path, oid: str) -> bool:
    return path.suffix == ".idx" and oid in git(None, "show-index", input=path.read_bytes())


def test_a_mirror_that_is_being_written_is_left_alone(team: Team) -> None:
    team.back_up()
    (team.mirror / "packed-refs.lock").touch()
    force_push(team.source, "main")

    with pytest.raises(TryLater):
        team.back_up()

    remove_leftovers(team.mirror, since=datetime.now(UTC) - timedelta(minutes=1))
    team.back_up()
    assert read_refs(team.mirror).refs == {**refs_of(team.source), **team.kept()}


@pytest.fixture
def shallow(tmp_path: Path) -> Team:
    """A source that lacks four of six commits, and its mirror."""
    whole = make_repository(tmp_path / "whole.git", commits=6)
    git(None, "clone", "--quiet", "--bare", "--depth=2", whole.as_uri(), tmp_path / "s.git")
    team = Team(tmp_path / "s.git", tmp_path / "m.git")
    updated(team, run=1)
    return team


def test_a_source_that_became_whole_gives_the_rest_although_no_ref_moved(shallow: Team, tmp_path: Path) -> None:
    still = updated(shallow, run=2)
    git(shallow.source, "fetch", "--quiet", "--unshallow", tmp_path / "whole.git", "main")

    then = updated(shallow, run=3)

    assert (still.is_shallow, still.new_packs) == (True, ())
    assert (then.is_shallow, len(then.new_packs)) == (False, 1)
    assert objects_of(shallow.mirror) == objects_of(tmp_path / "whole.git")
    assert not (shallow.mirror / "shallow").exists()
    assert_sound(shallow.mirror)


def test_a_source_that_came_by_a_part_of_its_history_gives_that_part(shallow: Team, tmp_path: Path) -> None:
    git(shallow.source, "fetch", "--quiet", "--depth=4", (tmp_path / "whole.git").as_uri(), "main")

    update = updated(shallow, run=2)

    assert update.is_shallow
    assert (shallow.mirror / "shallow").read_text() == (shallow.source / "shallow").read_text()
    assert objects_of(shallow.mirror) == objects_of(shallow.source)


def test_what_a_shallow_source_overwrote_keeps_its_own_end(shallow: Team, tmp_path: Path) -> None:
    """The kept tip's history ends where it ended; a `shallow` that is written anew must not forget that."""
    overwritten = tip_of(shallow.source, "main")
    other = make_repository(tmp_path / "other.git", commits=3, file_bytes=50)
    git(None, "clone", "--quiet", "--bare", "--depth=1", other.as_uri(), tmp_path / "o.git")
    shallow.transport.repositories = {URL: tmp_path / "o.git"}

    update = updated(shallow, run=2)

    assert tip_of(shallow.mirror, update.kept[0]) == overwritten
    assert len((shallow.mirror / "shallow").read_text().split()) == 2
    assert_sound(shallow.mirror)


def test_a_history_that_was_saved_whole_stays_whole_when_its_source_becomes_shallow(tmp_path: Path) -> None:
    whole = make_repository(tmp_path / "whole.git", commits=6)
    team = Team(whole, tmp_path / "m.git")
    updated(team, run=1)
    git(None, "clone", "--quiet", "--bare", "--depth=2", whole.as_uri(), tmp_path / "s.git")
    commit_file(tmp_path / "s.git", "main", "new", b"new")
    team.transport.repositories = {URL: tmp_path / "s.git"}

    update = updated(team, run=2)

    assert not update.is_shallow
    assert len(git(team.mirror, "rev-list", "main").split()) == 7
    assert_sound(team.mirror)


def test_a_pack_that_breaks_off_while_a_history_becomes_whole_leaves_it_known_as_shallow(
    shallow: Team, tmp_path: Path
) -> None:
    git(shallow.source, "fetch", "--quiet", "--unshallow", tmp_path / "whole.git", "main")
    shallow.transport.pack_bytes = 60
    with pytest.raises(MatouError):
        updated(shallow, run=2)
    shallow.transport.pack_bytes = None

    update = updated(shallow, run=3)

    assert not update.is_shallow
    assert objects_of(shallow.mirror) == objects_of(tmp_path / "whole.git")
    assert_sound(shallow.mirror)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_git_that_wants_too_much_memory_says_nothing_of_the_pack(tmp_path: Path, is_new: bool) -> None:
    """It was told as a pack that is not sound, and so as damage."""
    source = make_repository(tmp_path / "s.git", commits=1, file_bytes=30_000_000 if is_new else 10)
    mirror, transport = tmp_path / "m.git", LocalTransport({URL: source})
    limits = Limits(memory_bytes=25 * 1024 * 1024)
    if not is_new:
        update_mirror(mirror, FetchSource(transport, URL), listing_of(source), previous=None, run=1)
        commit_file(source, "main", "large", os.urandom(30_000_000))

    with pytest.raises(GitOutOfMemory, match="wanted more memory than it may have"):
        update_mirror(mirror, FetchSource(transport, URL, limits=limits), listing_of(source), previous=None, run=2)

    assert not [path for path in (mirror / "objects").rglob("tmp_*") if path.is_file()]


class Faulty(LocalTransport):
    """Lists its refs, and answers every fetch with a fault of its own."""

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator[LocalAnswer]:
        if isinstance(body, bytes) and b"command=fetch" in body:
            self.requests.append(("POST", body))
            raise TryLater("{url} answered {status}", url=url, status=500)
        with super().exchange(url, service, body, protocol=protocol) as answer:
            yield answer


def test_a_server_with_a_fault_is_not_asked_by_git_itself_too(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connectivity, fetch):
        monkeypatch.setattr(module, "run_git", lambda *_, **__: pytest.fail("git was started"))
    transport = Faulty({URL: team.source})

    with pytest.raises(TryLater, match="answered 500"):
        update_mirror(team.mirror, FetchSource(transport, URL), list_refs(transport, URL), previous=None, run=1)

    assert [method for method, _ in transport.requests] == ["POST", "POST"]
