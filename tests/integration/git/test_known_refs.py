"""Refs that are brought up to date are what reading all of them anew gives, after whatever happened to them."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.git.refs.listing import packed_refs_text, parse_packed_refs, read_refs
from matou.git.wire import known_refs
from matou.git.wire.known_refs import KnownRefs, read_known_refs, ref_lines, without_own
from matou.model.names import ObjectId, RefName
from support.git_repositories import annotated_tag, commit_file, detach_head, git, make_many_refs, make_source

Change = Callable[[Path, random.Random], object]


def ref(chosen: random.Random) -> str:
    return f"refs/{chosen.choice(['heads', 'tags', 'heads/deep', 'matou/kept/1'])}/{chosen.choice('abcé')}"


def move(git_dir: Path, chosen: random.Random) -> None:
    git(git_dir, "update-ref", ref(chosen), f"main~{chosen.randrange(3)}")


def delete(git_dir: Path, chosen: random.Random) -> None:
    git(git_dir, "update-ref", "-d", ref(chosen))


def tag(git_dir: Path, chosen: random.Random) -> None:
    git(git_dir, "tag", "--force", "--annotate", "-m", str(chosen.random()), chosen.choice("abcé"), "main")


CHANGES: tuple[Change, ...] = (
    move, move, move, delete, tag, tag,
    lambda git_dir, _: git(git_dir, "pack-refs", "--all"),
    lambda git_dir, chosen: commit_file(git_dir, "main", "x", str(chosen.random()).encode()),
    lambda git_dir, chosen: git(git_dir, "symbolic-ref", "HEAD", f"refs/heads/{chosen.choice('abc')}"),
    lambda git_dir, _: detach_head(git_dir),
)  # fmt: skip


def assert_as_if_read_anew(known: KnownRefs, git_dir: Path) -> None:
    listing = read_refs(git_dir)
    assert known.everything == listing
    assert known.listing == without_own(listing)
    assert known.lines == ref_lines(listing)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("finished", [True, False], ids=["settled", "fresh"])
def test_whatever_happens_the_refs_are_those_on_the_disk(tmp_path: Path, seed: int, finished: bool) -> None:
    git_dir, chosen = make_source(tmp_path / "r.git"), random.Random(seed)
    later = (lambda: time.time_ns() + 10_000_000_000) if finished else time.time_ns
    known = read_known_refs(git_dir, clock=later)

    for _ in range(25):
        for _ in range(chosen.randrange(1, 4)):
            chosen.choice(CHANGES)(git_dir, chosen)
        if chosen.random() < 0.5:
            assert known.lines.names
        known = read_known_refs(git_dir, known.in_doubt() if chosen.random() < 0.3 else known, clock=later)

        assert_as_if_read_anew(known, git_dir)


def test_a_symbolic_ref_follows_what_it_names(tmp_path: Path) -> None:
    git_dir = make_source(tmp_path / "r.git")
    git(git_dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    known = read_known_refs(git_dir)

    commit_file(git_dir, "main", "x", b"x")

    assert_as_if_read_anew(read_known_refs(git_dir, known), git_dir)


def test_after_a_push_to_one_of_many_only_that_line_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_dir = make_many_refs(tmp_path / "r.git", 2_000)
    git(git_dir, "pack-refs", "--all")
    known = read_known_refs(git_dir)
    assert known.lines.names
    parsed: list[int] = []

    def counted(text: bytes, path: Path) -> object:
        parsed.append(len(text.splitlines()))
        return parse_packed_refs(text, path)

    monkeypatch.setattr(known_refs, "parse_packed_refs", counted)
    name = sorted(known.listing.refs)[1_000]
    git(git_dir, "update-ref", name, git(git_dir, "commit-tree", f"{name}^{{tree}}", "-m", "another"))
    git(git_dir, "pack-refs", "--all")

    after = read_known_refs(git_dir, known)

    assert_as_if_read_anew(after, git_dir)
    assert parsed == [1, 1]


NAMES = st.sampled_from([f"refs/heads/{text}" for text in ("a", "ab", "abc", "b", "é", "z")])
REFS = st.dictionaries(NAMES, st.tuples(st.sampled_from("1234"), st.sampled_from(["", "", "5", "6"])))


def packed_text(refs: Mapping[str, tuple[str, str]]) -> bytes:
    direct = {RefName(name): ObjectId(oid * 40) for name, (oid, _) in refs.items()}
    peeled = {RefName(name): ObjectId(peel * 40) for name, (_, peel) in refs.items() if peel}
    return packed_refs_text(direct, peeled)


@given(REFS, REFS)
def test_what_differs_in_packed_refs_gives_the_whole(
    old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]
) -> None:
    path = Path("packed-refs")
    before, text = parse_packed_refs(packed_text(old), path), packed_text(new)

    found, changed = known_refs._parsed_again(before, text, path)

    assert found == replace(parse_packed_refs(text, path), is_fully_peeled=found.is_fully_peeled)
    differing = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    assert changed is None or differing <= changed


@given(
    st.lists(st.binary(min_size=1, max_size=4).filter(lambda name: b"\0" not in name), unique=True),
    st.binary(max_size=3),
)
def test_what_begins_so_is_found_by_halving(names: list[bytes], prefix: bytes) -> None:
    names = sorted(names)
    lines = known_refs.RefLines(names, names)

    assert names[lines.below(prefix)] == [name for name in names if name.startswith(prefix)]


def test_tags_keep_what_they_stand_for(tmp_path: Path) -> None:
    git_dir = make_source(tmp_path / "r.git")
    git(git_dir, "pack-refs", "--all")
    known = read_known_refs(git_dir)
    annotated_tag(git_dir, "new", "main")

    after = read_known_refs(git_dir, known)

    assert after.listing.peeled[RefName("refs/tags/new")] == git(git_dir, "rev-parse", "main")
    assert_as_if_read_anew(after, git_dir)
