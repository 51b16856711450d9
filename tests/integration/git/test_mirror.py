"""A mirror is what its source is, and nothing that it ever held is lost."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from integration.git.mirrored_sources import MAIN, URL, Team, sha256, team
from matou.errors import NotFound
from matou.git.operations.mirror import FetchSource, list_refs, make_mirror, update_mirror
from matou.git.refs.listing import read_refs
from matou.model.names import RefName
from matou.model.refs import RefListing
from support.git_repositories import (
    LocalTransport,
    annotated_tag,
    assert_sound,
    commit_file,
    delete_ref,
    detach_head,
    force_push,
    git,
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

__all__ = ["team"]


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
    requests_seen = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == requests_seen + 1


def test_a_branch_that_moved_back_to_an_older_commit_costs_no_pack(team: Team) -> None:
    team.back_up()
    git(team.source, "update-ref", "refs/heads/main", "main~1")
    git(team.source, "update-ref", "refs/heads/new", "main~1")
    requests_seen = len(team.transport.requests)

    team.back_up()

    assert len(team.transport.requests) == requests_seen + 1
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
