"""A mirror is what its source is, and nothing that it ever held is lost."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from matou.errors import Conflict, MatouError, NotFound, TryLater
from matou.git.operations import fetch
from matou.git.operations.mirror import BadPack, FetchSource, MirrorUpdate, list_refs, make_mirror, update_mirror
from matou.git.operations.push import Body
from matou.git.process.run import GitOutOfMemory, Limits
from matou.git.refs.listing import read_refs
from matou.git.repository import create_bare, remove_leftovers
from matou.git.wire.client import fetch_request
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from support.git_repositories import (
    LocalAnswer,
    LocalTransport,
    annotated_tag,
    assert_sound,
    commit_file,
    delete_ref,
    detach_head,
    force_push,
    git,
    git_bytes,
    init_bare,
    listing_of,
    make_many_refs,
    make_repository,
    make_sloppy_repository,
    make_source,
    objects_of,
    point_head_at,
    refs_of,
    store_object,
    tip_of,
)

URL = "http://127.0.0.1:9/team/project/ship.git"
MAIN = RefName("refs/heads/main")


def detached(path: Path) -> Path:
    detach_head(make_source(path), "main~1")
    return path


def detached_beside_every_branch(path: Path) -> Path:
    make_source(path)
    (path / "HEAD").write_text(git(path, "commit-tree", "main^{tree}", "-m", "alone") + "\n")
    return path


def unborn(path: Path) -> Path:
    point_head_at(make_source(path), "refs/heads/later")
    return path


def sha256(path: Path) -> Path:
    return make_source(path, object_format="sha256")


def tags_only(path: Path) -> Path:
    annotated_tag(make_repository(path), "v1", "main")
    delete_ref(path, "refs/heads/main")
    return path


def many(path: Path) -> Path:
    return make_many_refs(path, 300)


SHAPES: tuple[Callable[[Path], Path], ...] = (
    make_source, make_repository, init_bare, detached, detached_beside_every_branch, unborn, sha256, tags_only, many,
    make_sloppy_repository,
)  # fmt: skip


class Team:
    """A source and its mirror, run after run."""

    def __init__(self, source: Path, mirror: Path, *, version: int = 2) -> None:
        self.source = source
        self.mirror = mirror
        self.transport = LocalTransport({URL: source}, version=version)
        self.previous: RefListing | None = None
        self.run = 0

    def back_up(self, listing: RefListing | None = None) -> tuple[str, ...]:
        self.run += 1
        seen = list_refs(self.transport, URL) if listing is None else listing
        update = update_mirror(
            self.mirror, FetchSource(self.transport, URL), seen, previous=self.previous, run=self.run
        )
        self.previous = seen
        return update.kept

    def kept(self) -> dict[RefName, ObjectId]:
        return {name: oid for name, oid in refs_of(self.mirror).items() if name.startswith("refs/matou/")}


@pytest.fixture
def team(source: Path, mirror: Path) -> Team:
    return Team(source, mirror)


@pytest.mark.parametrize("make", SHAPES)
def test_the_list_of_refs_is_the_source_s(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    source = make(tmp_path / "s.git")

    assert list_refs(LocalTransport({URL: source}), URL) == listing_of(source)


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("make", [make_source, make_repository, init_bare, detached, tags_only])
def test_the_list_of_refs_of_an_old_server_is_the_same(
    tmp_path: Path, make: Callable[[Path], Path], version: int
) -> None:
    source = make(tmp_path / "s.git")
    truth = listing_of(source)

    listing = list_refs(LocalTransport({URL: source}, version=version), URL)

    assert (listing.refs, listing.peeled) == (truth.refs, truth.peeled)
    assert listing.detached_head == truth.detached_head


def test_a_server_of_version_2_is_asked_once(team: Team) -> None:
    list_refs(team.transport, URL)

    assert [method for method, _ in team.transport.requests] == ["POST"]


def test_a_repository_that_is_not_there_is_told_in_the_transport_s_words(team: Team) -> None:
    with pytest.raises(NotFound, match="404"):
        list_refs(team.transport, "http://127.0.0.1:9/nothing.git")


@pytest.mark.parametrize("make", SHAPES)
def test_a_first_backup_has_the_same_refs_head_and_objects_as_git_clone(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    team = Team(make(tmp_path / "s.git"), tmp_path / "m.git")

    team.back_up()

    assert read_refs(team.mirror) == listing_of(team.source)
    assert objects_of(team.mirror) == objects_of(team.source)
    if make is not make_sloppy_repository:
        assert_sound(team.mirror)


@pytest.mark.parametrize("make", SHAPES)
def test_a_mirror_made_aside_is_to_the_byte_what_an_update_of_nothing_makes(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    source, aside, usual = make(tmp_path / "s.git"), tmp_path / "new" / "aside.git", tmp_path / "usual.git"
    transport = LocalTransport({URL: source})
    listing = list_refs(transport, URL)

    made = make_mirror(aside, FetchSource(transport, URL), listing)
    updated = update_mirror(usual, FetchSource(transport, URL), listing, previous=None, run=1)

    assert files_of(aside) == files_of(usual)
    assert replace(made, new_packs=()) == replace(updated, new_packs=())
    assert [path.relative_to(aside) for path in made.new_packs] == [
        path.relative_to(usual) for path in updated.new_packs
    ]


def files_of(folder: Path) -> dict[Path, bytes | None]:
    """What is in each file, and None for a folder."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_first_backup_costs_two_requests(team: Team) -> None:
    team.back_up()

    assert [method for method, _ in team.transport.requests] == ["POST", "POST"]


def test_only_what_is_new_is_fetched_later(team: Team) -> None:
    team.back_up()
    old = tip_of(team.source, "main")
    new = commit_file(team.source, "main", "new", b"new")

    team.back_up()

    _, request = team.transport.requests[-1]
    assert request.count(b"want ") == 1
    assert f"want {new}".encode() in request
    assert f"have {old}".encode() in request
    assert read_refs(team.mirror) == listing_of(team.source)
    assert_sound(team.mirror)


def test_nothing_new_is_no_request_for_a_pack(team: Team) -> None:
    team.back_up()
    asked = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == asked + 1


def test_a_branch_that_moved_back_to_an_older_commit_costs_no_pack(team: Team) -> None:
    team.back_up()
    git(team.source, "update-ref", "refs/heads/main", "main~1")
    git(team.source, "update-ref", "refs/heads/new", "main~1")
    asked = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == asked + 1
    assert read_refs(team.mirror).refs == {**refs_of(team.source), **team.kept()}


def test_what_a_force_push_overwrites_is_kept(tmp_path: Path) -> None:
    team = Team(make_repository(tmp_path / "s.git"), tmp_path / "m.git")
    team.back_up()
    old, new = force_push(team.source, "main")

    kept = team.back_up()

    assert kept == ("refs/matou/kept/000002/heads/main",)
    assert team.kept() == {"refs/matou/kept/000002/heads/main": old}
    assert refs_of(team.mirror)[MAIN] == new
    assert_sound(team.mirror)


def test_what_a_deletion_drops_is_kept_only_if_nothing_else_reaches_it(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "s.git", branches=["merged", "alone", "twin"], annotated_tags=["v1"])
    commit_file(source, "alone", "a", b"a")
    git(source, "update-ref", "refs/heads/twin", "alone")
    tag = tip_of(source, "refs/tags/v1")
    team = Team(source, tmp_path / "m.git")
    team.back_up()
    alone = tip_of(source, "alone")
    for ref in ("refs/heads/merged", "refs/heads/alone", "refs/tags/v1"):
        delete_ref(source, ref)
    first = team.back_up()
    delete_ref(source, "refs/heads/twin")

    second = team.back_up()

    assert first == ("refs/matou/kept/000002/tags/v1",)
    assert second == ("refs/matou/kept/000003/heads/twin",)
    assert team.kept() == {
        "refs/matou/kept/000002/tags/v1": tag,
        "refs/matou/kept/000003/heads/twin": alone,
    }


def test_what_a_kept_ref_reaches_is_not_kept_again(tmp_path: Path) -> None:
    team = Team(make_repository(tmp_path / "s.git"), tmp_path / "m.git")
    team.back_up()
    older = tip_of(team.source, "main~1")
    force_push(team.source, "main")
    team.back_up()
    git(team.source, "fetch", "--quiet", team.mirror, f"{older}:refs/heads/again")
    team.back_up()
    delete_ref(team.source, "refs/heads/again")

    assert team.back_up() == ()
    assert list(team.kept()) == ["refs/matou/kept/000002/heads/main"]


def test_a_tag_of_a_blob_and_a_detached_head_are_kept_too(tmp_path: Path) -> None:
    team = Team(detached_beside_every_branch(tmp_path / "s.git"), tmp_path / "m.git")
    head = (team.source / "HEAD").read_text().strip()
    blob = tip_of(team.source, "main:README.md")
    git(team.source, "update-ref", "refs/tags/blob", blob)
    team.back_up()
    delete_ref(team.source, "refs/tags/blob")
    point_head_at(team.source, "refs/heads/main")

    team.back_up()

    assert team.kept() == {"refs/matou/kept/000002/HEAD": head, "refs/matou/kept/000002/tags/blob": blob}


def test_two_overwritten_tips_of_one_branch_in_one_run_are_both_kept(tmp_path: Path) -> None:
    team = Team(make_repository(tmp_path / "s.git"), tmp_path / "m.git")
    team.back_up()
    first, second = force_push(team.source, "main", b"second")
    team.back_up()
    force_push(team.source, "main", b"third")
    team.run -= 1

    team.back_up()

    assert team.kept() == {
        "refs/matou/kept/000002/heads/main": first,
        "refs/matou/kept/000002/heads/main-2": second,
    }


def test_a_source_that_became_empty_loses_nothing_here(team: Team) -> None:
    team.back_up()
    before = objects_of(team.mirror)
    for ref in refs_of(team.source):
        delete_ref(team.source, ref)

    team.back_up()

    assert objects_of(team.mirror) == before
    assert not [name for name in refs_of(team.mirror) if not name.startswith("refs/matou/")]


def test_refs_that_cannot_be_stored_are_named_and_the_others_are_saved(team: Team) -> None:
    truth = listing_of(team.source)
    tip = truth.refs[MAIN]
    odd = ["refs/heads/a..b", "refs/heads/x.lock", "refs/matou/kept/000001/heads/evil", "foo", "refs/heads/a\nb"]
    listing = RefListing({**truth.refs, **{RefName(name): tip for name in odd}}, truth.peeled, head=truth.head)

    update = update_mirror(team.mirror, FetchSource(team.transport, URL), listing, previous=None, run=1)

    assert update.not_stored == tuple(sorted(odd))
    assert refs_of(team.mirror) == truth.refs


def test_a_head_that_git_would_refuse_is_named(team: Team) -> None:
    listing = RefListing(refs_of(team.source), head=RefName("refs/../../etc"))

    update = update_mirror(team.mirror, FetchSource(team.transport, URL), listing, previous=None, run=1)

    assert update.not_stored == ("HEAD",)
    assert_sound(team.mirror)


def test_a_history_that_git_finds_fault_with_is_saved_and_the_faults_are_told(tmp_path: Path) -> None:
    source = make_sloppy_repository(tmp_path / "s.git")
    transport = LocalTransport({URL: source})

    update = update_mirror(tmp_path / "m.git", FetchSource(transport, URL), listing_of(source), previous=None, run=1)

    assert objects_of(tmp_path / "m.git") == objects_of(source)
    assert {line.split(": ")[2] for line in update.findings} == {
        "zeroPaddedFilemode",
        "badTimezone",
        "missingSpaceBeforeDate",
    }


def test_even_an_object_that_git_will_not_tolerate_is_saved(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "s.git")
    tree = tip_of(source, "main^{tree}")
    bad = store_object(
        source, "commit", f"tree {tree}\nauthor A\0 <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n".encode()
    )
    git(source, "update-ref", "refs/heads/bad", bad)
    transport = LocalTransport({URL: source})

    update = update_mirror(tmp_path / "m.git", FetchSource(transport, URL), listing_of(source), previous=None, run=1)

    assert refs_of(tmp_path / "m.git") == refs_of(source)
    assert any("nulInHeader" in line for line in update.findings)


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
    asked = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == asked + 1
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


def updated(team: Team, *, run: int) -> MirrorUpdate:
    return update_mirror(
        team.mirror, FetchSource(team.transport, URL), list_refs(team.transport, URL), previous=None, run=run
    )


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
    monkeypatch.setattr(fetch, "run_git", lambda *_, **__: pytest.fail("git was started"))
    transport = Faulty({URL: team.source})

    with pytest.raises(TryLater, match="answered 500"):
        update_mirror(team.mirror, FetchSource(transport, URL), list_refs(transport, URL), previous=None, run=1)

    assert [method for method, _ in transport.requests] == ["POST", "POST"]
