"""Which texts are ref names: git-check-ref-format is the oracle."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matou.git.refs.listing import (
    LONGEST_REF_NAME_BYTES,
    LONGEST_SHORT_NAME_BYTES,
    fault_of_foreign_ref,
    fault_of_ref_name,
)

ODD = ["/", "//", "/.", ".", "..", ".lock", "b.lock", "lock", "@", "@{", "{", "~", "^", ":", "?", "*", "[", "]", "\\"]
ODDER = [" ", "\x7f", "\x01", "\n", "\t", "é", "中", "\udcff", "\udc80x", "'", '"', "$", "\u200b"]
PIECES = st.lists(st.sampled_from(["refs", "heads", "a", "-", *ODD, *ODDER]), max_size=6)


def git_accepts(name: str) -> bool:
    arguments = [b"git", b"check-ref-format", name.encode("utf-8", "surrogateescape")]
    return subprocess.run(arguments, capture_output=True).returncode == 0


@given(PIECES.map("".join), st.sampled_from(["", "refs/heads/", "refs/"]))
@example("main", "refs/heads/")
@example("-x", "refs/heads/")
@example("a/b.lock/c", "refs/heads/")
@example("a.", "refs/heads/")
@example("a./b", "refs/heads/")
@example("@", "")
@example("refs/@", "")
@example("\udcff\udcfe", "refs/heads/")
def test_a_name_is_at_fault_exactly_where_git_refuses_it(name: str, prefix: str) -> None:
    assert (fault_of_ref_name(prefix + name) is None) == git_accepts(prefix + name)


@pytest.mark.parametrize("character", [chr(code) for code in range(1, 128)])
def test_each_ascii_character_is_judged_as_git_does(character: str) -> None:
    name = f"refs/heads/a{character}b"

    assert (fault_of_ref_name(name) is None) == git_accepts(name)


def test_a_nul_that_no_argument_could_hold_is_a_fault() -> None:
    assert fault_of_ref_name("refs/heads/a\0b") is not None


@given(PIECES.map("".join), st.sampled_from(["", "refs/heads/", "refs/"]))
def test_a_name_from_outside_passes_only_if_git_takes_it_and_it_is_below_refs(name: str, prefix: str) -> None:
    if fault_of_foreign_ref(prefix + name) is None:
        assert (prefix + name).startswith("refs/")
        assert git_accepts(prefix + name)


@pytest.mark.parametrize(
    "name",
    [
        "HEAD",
        "packed-refs",
        "refs/heads",
        "refs/tags",
        "refs/matou",
        "refs/x",
        "/home/u/project/uv",
        "../../bob/secret.git/HEAD",
        "refs/../../../bob",
        "refs/heads/../../HEAD",
        "refs/heads/a\nb",
        "refs/heads/a\x85b",
        "refs/heads/a\u2028b",
        "refs/heads/" + "a" * (LONGEST_SHORT_NAME_BYTES + 1),
        "refs/heads/" + "\u7801" * (LONGEST_SHORT_NAME_BYTES // 3 + 1),
        "refs/heads" + "/abcd" * (LONGEST_REF_NAME_BYTES // 5),
    ],
)
def test_a_name_from_outside_that_would_be_another_path_or_line_is_a_fault(name: str) -> None:
    assert fault_of_foreign_ref(name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/\u7801\u5934",
        "refs/heads/\udcc2\udceb",
        "refs/heads/" + "a" * LONGEST_SHORT_NAME_BYTES,
        "refs/notes/x",
    ],
)
def test_what_people_call_their_refs_is_none(name: str) -> None:
    assert fault_of_foreign_ref(name) is None
