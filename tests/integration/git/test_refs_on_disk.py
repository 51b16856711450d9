"""Refs on disk: git agrees with what we read and with what we wrote, and damage is named."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.errors import Damaged, TryLater
from matou.git.refs.listing import KEPT_PREFIX, marks_of, read_refs, write_refs
from matou.git.repository import create_bare
from matou.git.wire.known_refs import read_known_refs
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from support.git_repositories import (
    assert_sound,
    commit_file,
    delete_ref,
    detach_head,
    git,
    init_bare,
    listing_of,
    make_many_refs,
    make_repository,
    make_source,
    peeled_of,
    point_head_at,
    refs_of,
    tip_of,
)

KEPT = RefName(f"{KEPT_PREFIX}000001/heads/main")


def packed(path: Path) -> Path:
    git(make_source(path), "pack-refs", "--all")
    return path


def packed_then_changed(path: Path) -> Path:
    packed(path)
    commit_file(path, "main", "new", b"new")
    delete_ref(path, "refs/tags/v1.0")
    git(path, "tag", "--force", "--annotate", "-m", "x", "v1.1", "main")
    return path


def with_symbolic_refs(path: Path) -> Path:
    make_source(path)
    git(path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    git(path, "symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere")
    return path


def without_peels(path: Path) -> Path:
    """As git before 1.8 packed refs, and as other programs do."""
    packed(path)
    lines = (path / "packed-refs").read_bytes().splitlines(keepends=True)
    (path / "packed-refs").write_bytes(b"".join(line for line in lines if line[:1] not in (b"^", b"#")))
    return path


def detached(path: Path) -> Path:
    detach_head(make_source(path))
    return path


def sha256(path: Path) -> Path:
    return make_source(path, object_format="sha256")


SHAPES: tuple[Callable[[Path], Path], ...] = (
    init_bare, make_repository, make_source, packed, packed_then_changed, with_symbolic_refs, without_peels, detached,
    sha256,
)  # fmt: skip


@pytest.mark.parametrize("make", SHAPES)
def test_we_read_what_git_lists(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    repository = make(tmp_path / "r.git")

    assert read_refs(repository) == listing_of(repository)


@pytest.mark.parametrize("make", SHAPES)
def test_git_lists_what_we_wrote(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    repository = make(tmp_path / "r.git")
    listing = read_refs(repository)

    write_refs(repository, RefListing(listing.refs, head=listing.head, detached_head=listing.detached_head), {})

    assert refs_of(repository) == listing.refs
    assert peeled_of(repository) == listing.peeled if listing.refs else True
    assert read_refs(repository) == listing
    assert not [file for _, _, files in os.walk(repository / "refs") for file in files]
    assert_sound(repository)


def test_a_thousand_refs_are_written_as_git_would_pack_them(tmp_path: Path) -> None:
    repository = make_many_refs(tmp_path / "r.git", 1000)
    make_source(tmp_path / "s.git")
    theirs = (repository / "packed-refs").read_bytes()
    (repository / "packed-refs").write_bytes(theirs.replace(b" sorted", b""))

    write_refs(repository, listing_of(repository), {})

    assert (repository / "packed-refs").read_bytes() == theirs


def test_what_a_source_says_of_its_tags_is_not_believed(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    truth = listing_of(repository)
    lie = RefListing(truth.refs, dict.fromkeys(truth.refs, tip_of(repository, "main~1")), head=truth.head)

    write_refs(repository, lie, {})

    assert peeled_of(repository) == truth.peeled


def test_odd_names_and_names_that_could_not_both_be_files_are_refs(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git")
    tip = tip_of(repository, "main")
    names = ["a", "a/b", "-x", "特性", "\udcff\udcfe", "x" * 300, "a'b\"c$d", "HEAD", tip, "@x", "a{b}"]
    refs = {RefName(f"refs/heads/{name}"): tip for name in names}

    write_refs(repository, RefListing(refs, head=RefName("refs/heads/a")), {})

    assert refs_of(repository) == refs
    assert read_refs(repository).refs == refs
    assert_sound(repository)


def test_a_clone_of_what_we_wrote_has_its_refs(tmp_path: Path) -> None:
    repository = packed_then_changed(tmp_path / "r.git")
    write_refs(repository, read_refs(repository), {})

    git(None, "clone", "--quiet", "--mirror", "--no-local", repository, tmp_path / "clone.git")

    assert refs_of(tmp_path / "clone.git") == refs_of(repository)


def test_kept_refs_are_never_lost(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    old, new = tip_of(repository, "main~1"), tip_of(repository, "main")
    write_refs(repository, read_refs(repository), {KEPT: old})
    loose_kept = RefName(f"{KEPT_PREFIX}000002/heads/loose")
    git(repository, "update-ref", loose_kept, old)

    write_refs(repository, RefListing({}), {KEPT: new})

    assert refs_of(repository) == {KEPT: old, loose_kept: old}


@pytest.mark.parametrize(
    ("listing_head", "text"),
    [
        ({"head": "refs/heads/unborn"}, "ref: refs/heads/unborn\n"),
        ({"head": "refs/heads/特性"}, "ref: refs/heads/特性\n"),
        ({"head": None}, "ref: refs/heads/main\n"),
        ({"head": "HEAD"}, "ref: refs/heads/main\n"),
        ({"head": "refs/heads/a..b"}, "ref: refs/heads/main\n"),
        ({"head": "refs/heads/a\nb"}, "ref: refs/heads/main\n"),
        ({"detached_head": "a" * 40}, "a" * 40 + "\n"),
    ],
)
def test_head_is_what_the_source_says_if_git_can_read_it(
    tmp_path: Path, listing_head: dict[str, RefName], text: str
) -> None:
    repository = init_bare(tmp_path / "r.git")

    write_refs(repository, RefListing({}, **listing_head), {})  # type: ignore[arg-type]

    assert (repository / "HEAD").read_text() == text


def test_an_unborn_head_is_read_with_the_branch_that_it_names(tmp_path: Path) -> None:
    repository = init_bare(tmp_path / "r.git")
    point_head_at(repository, "refs/heads/later")

    assert read_refs(repository) == RefListing({}, head=RefName("refs/heads/later"))


def test_a_repository_that_another_process_writes_to_is_busy(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    before = refs_of(repository)
    (repository / "packed-refs.lock").touch()

    with pytest.raises(TryLater, match=r"packed-refs\.lock"):
        write_refs(repository, RefListing({}), {})

    assert refs_of(repository) == before
    assert (repository / "packed-refs.lock").exists()


def test_writing_the_same_again_changes_no_file(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    write_refs(repository, read_refs(repository), {})
    before = marks_of(repository)

    write_refs(repository, read_refs(repository), {})

    assert marks_of(repository) == before


@pytest.mark.parametrize("content", [b"", b"\0" * 41, b"ref: ", b"ref: ../../etc/passwd\n", b"a" * 39, b"garbage\n"])
@pytest.mark.parametrize("name", ["refs/heads/zz", "HEAD"])
def test_a_ref_file_that_git_did_not_write_is_damage_and_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    repository = make_source(tmp_path / "r.git")
    (repository / name).write_bytes(content)

    with pytest.raises(Damaged, match=name):
        read_refs(repository)


@pytest.mark.parametrize("damage", [b"garbage\n", b"\0" * 60, b"^" + b"a" * 39 + b"\n", b"a" * 40 + b" refs/heads/cut"])
def test_packed_refs_that_git_did_not_write_are_damage(tmp_path: Path, damage: bytes) -> None:
    repository = packed(tmp_path / "r.git")
    with (repository / "packed-refs").open("ab") as file:
        file.write(damage)

    with pytest.raises(Damaged, match="packed-refs"):
        read_refs(repository)


def test_no_kept_ref_is_lost_to_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    repository = packed(tmp_path / "r.git")
    (repository / "packed-refs").write_bytes(b"garbage\n")

    with pytest.raises(Damaged):
        write_refs(repository, RefListing({}), {})

    assert (repository / "packed-refs").read_bytes() == b"garbage\n"


def later(seconds: float) -> Callable[[], int]:
    return lambda: time.time_ns() + int(seconds * 1e9)


CHANGES: tuple[Callable[[Path], object], ...] = (
    lambda repository: commit_file(repository, "main", "x", b"x"),
    lambda repository: delete_ref(repository, "refs/tags/v1.0"),
    lambda repository: git(repository, "pack-refs", "--all"),
    lambda repository: point_head_at(repository, "refs/heads/other"),
    lambda repository: git(repository, "update-ref", "refs/heads/deep/er/est", "main"),
    lambda repository: (repository / "refs/heads/main").write_text("b" * 40 + "\n"),
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_ref_shows_in_the_state(tmp_path: Path, change: Callable[[Path], object]) -> None:
    repository = make_source(tmp_path / "r.git")
    before = read_known_refs(repository, clock=later(10))

    change(repository)

    assert not before.is_current(marks_of(repository))
    assert read_known_refs(repository, clock=later(10)).state != before.state


def test_a_state_is_stable_while_nothing_changes_and_in_doubt_just_after_a_change(tmp_path: Path) -> None:
    repository = make_source(tmp_path / "r.git")
    doubtful, one, other = (read_known_refs(repository, clock=later(seconds)) for seconds in (0, 10, 20))

    assert not doubtful.is_current(marks_of(repository))
    assert one.is_current(marks_of(repository))
    assert one.state == other.state


@given(st.dictionaries(st.text(st.sampled_from("abz/-.é中\udcff"), min_size=1, max_size=8), st.sampled_from("abc")))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, names: dict[str, str]) -> None:
    repository = tmp_path_factory.mktemp("refs") / "r.git"
    create_bare(repository)
    refs = {RefName(f"refs/heads/{name}"): ObjectId(digit * 40) for name, digit in names.items()}

    write_refs(repository, RefListing(refs), {})

    assert read_refs(repository).refs == refs
