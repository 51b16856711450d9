"""Differences, mails and comparisons over HTTP: three dots, renamed files, limits that are told."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from matou.forge.accounts.users import create_user
from matou.forge.content import differences as use_case
from matou.git.operations import differences
from support.gitcode_schemas import faults
from support.gitcode_server import Harbour

LONG = b"".join(b"line %d\n" % number for number in range(30))
COMPARE = "/repos/harbour/ferry/compare"


def git(harbour: Harbour, *arguments: str, stdin: bytes = b"") -> str:
    return harbour.git(*arguments, stdin=stdin).strip()


@pytest.fixture
def parted(harbour: Harbour) -> Harbour:
    """`main` and `side/one` go on from `start`, each by itself."""
    harbour.commit({"long.txt": LONG, "b.bin": b"\0a"}, "start", at=1_700_200_000)
    git(harbour, "branch", "start", "main")
    git(harbour, "branch", "side/one", "main")
    harbour.commit({"README.md": b"main\n"}, "on main", at=1_700_300_000)
    harbour.commit({"new.md": b"n\n"}, "on the side", at=1_700_400_000, branch="side/one")
    git(harbour, "update-ref", "refs/heads/side/one", renamed(harbour))
    return harbour


def renamed(harbour: Harbour) -> str:
    """One more commit on the side, in which a file has another name and a line more."""
    blob = git(harbour, "hash-object", "-w", "--stdin", stdin=LONG + b"one more\n")
    rows = git(harbour, "ls-tree", "-r", "side/one").replace("long.txt", "gone.txt")
    kept = "".join(row + "\n" for row in rows.splitlines() if "gone.txt" not in row and "/" not in row)
    tree = git(harbour, "mktree", stdin=f"{kept}100644 blob {blob}\tshort.txt\n".encode())
    return git(harbour, "commit-tree", "-p", "side/one", "-m", "rename", tree)


def compared(harbour: Harbour, what: str, **parameters: str) -> Mapping[str, Any]:
    answer = harbour.ask("GET", f"{COMPARE}/{what}", params=parameters)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


def files(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {row["filename"]: row for row in answer["files"]}


def test_three_dots_compare_with_the_common_ancestor(parted: Harbour) -> None:
    for name in ("fang", "committer"):
        create_user(parted.forge, name, email=f"{name}@example.org")
    answer = compared(parted, "main...side/one")

    assert [row["commit"]["message"].strip() for row in answer["commits"]] == ["on the side", "rename"]
    assert "README.md" not in files(answer)
    assert answer["base_commit"]["sha"] == git(parted, "rev-parse", "main")
    assert answer["merge_base_commit"]["sha"] == git(parted, "rev-parse", "start")
    assert (answer["truncated"], answer["total_commits"]) == (False, 2)
    assert faults("GET /repos/{owner}/{repo}/compare/{base}...{head}", answer) == []


def test_a_straight_comparison_is_with_the_base_itself(parted: Harbour) -> None:
    answer = compared(parted, "main...side/one", straight="true")

    assert files(answer)["README.md"]["patch"].startswith("@@ -1")
    assert len(answer["commits"]) == 2


def test_files_are_told_with_patch_lines_and_their_old_name(parted: Harbour) -> None:
    found = files(compared(parted, "start...side%2Fone"))

    moved = found["short.txt"]
    assert (moved["status"], moved["previous_filename"], moved["changes"]) == ("renamed", "long.txt", 1)
    assert moved["patch"].startswith("@@ -28,3 +28,4 @@")
    assert moved["patch"].endswith("+one more\n")
    assert (found["new.md"]["status"], found["new.md"]["patch"]) == ("added", "@@ -0,0 +1 @@\n+n\n")
    assert found["new.md"]["sha"] == git(parted, "rev-parse", "side/one:new.md")
    assert not any(row["truncated"] for row in found.values())


def test_a_suffix_chooses_files_alone(parted: Harbour) -> None:
    answer = compared(parted, "main...side/one", suffix=".md")

    assert (list(files(answer)), len(answer["commits"])) == (["docs/a/b.md", "new.md"], 2)


def test_names_that_are_not_utf_8_and_binary_files_are_shown(parted: Harbour) -> None:
    tree = git(
        parted,
        "mktree",
        "-z",
        stdin=b"100644 blob %b\t\xb2\xe2\n.txt\0" % git(parted, "rev-parse", "main:b.bin").encode(),
    )
    odd = git(parted, "commit-tree", "-p", "main", "-m", "odd", tree)

    found = files(compared(parted, f"main...{odd}"))["\ufffd\ufffd\n.txt"]

    assert (found["patch"], found["truncated"], found["additions"]) == ("", False, 0)
    assert parted.ask("GET", found["raw_url"].partition("/api/v5")[2]).content == b"\0a"


def test_what_is_gone_is_linked_to_where_it_was(parted: Harbour) -> None:
    gone = files(compared(parted, "main...side/one"))["docs/a/b.md"]

    assert (gone["status"], gone["patch"]) == ("removed", "@@ -1 +0,0 @@\n-# b\n")
    assert parted.ask("GET", gone["raw_url"].partition("/api/v5")[2]).content == b"# b\n"


def test_what_has_nothing_in_common_is_compared_as_it_is(parted: Harbour) -> None:
    apart = git(parted, "commit-tree", "-m", "apart", git(parted, "rev-parse", "main^{tree}"))

    answer = compared(parted, f"start...{apart}")

    assert answer["merge_base_commit"] is None
    assert (list(files(answer)), answer["total_commits"]) == (["README.md"], 1)


def test_a_revision_and_itself_and_what_is_behind_differ_in_nothing(parted: Harbour) -> None:
    for what in ("main...main", "main...start"):
        answer = compared(parted, what)
        assert (answer["commits"], answer["files"], answer["truncated"]) == ([], [], False)


def test_what_is_left_out_is_told(parted: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_case, "MOST_COMMITS_SHOWN", 1)
    monkeypatch.setattr(differences, "LARGEST_PATCH_BYTES", 150)

    answer = compared(parted, "main...side/one")

    assert [row["commit"]["message"].strip() for row in answer["commits"]] == ["rename"]
    assert (answer["truncated"], answer["total_commits"]) == (True, 2)
    assert {name: row["truncated"] for name, row in files(answer).items() if row["truncated"]} != {}


@pytest.mark.parametrize(
    "what", ["main", "main..start", "...main", "main...", "main...nothing", "nothing...main", "main...%2e%2e"]
)
def test_what_cannot_be_compared_is_refused(parted: Harbour, what: str) -> None:
    assert parted.ask("GET", f"{COMPARE}/{what}").status_code == 400


def test_a_branch_that_moved_is_compared_anew(parted: Harbour) -> None:
    before = compared(parted, "start...main")

    parted.commit({"later": b"later\n"}, "later", at=1_700_500_000)

    assert [len(before["commits"]), len(compared(parted, "start...main")["commits"])] == [1, 2]


@pytest.mark.parametrize("revision", ["main", "side%2Fone", "start"])
def test_the_difference_of_a_commit_is_what_git_says(parted: Harbour, revision: str) -> None:
    answer = parted.ask("GET", f"/repos/harbour/ferry/commit/{revision}/diff")

    name = revision.replace("%2F", "/")
    assert answer.text.strip() == git(parted, "diff-tree", "-p", "-r", "-M", "--root", "--no-commit-id", name)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_the_patch_of_a_commit_is_a_mail(parted: Harbour) -> None:
    answer = parted.ask("GET", "/repos/harbour/ferry/commit/side%2Fone/patch")

    assert answer.text.startswith(f"From {git(parted, 'rev-parse', 'side/one')} ")
    assert "Subject: [PATCH] rename\n" in answer.text
    assert "rename from long.txt\nrename to short.txt\n" in answer.text


@pytest.mark.parametrize("word", ["diff", "patch"])
def test_a_text_that_is_too_long_is_refused_before_it_begins(
    parted: Harbour, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(differences, "LARGEST_TEXT_BYTES", 100)

    answer = parted.ask("GET", f"/repos/harbour/ferry/commit/main/{word}")

    assert (answer.status_code, answer.json()["error_code"]) == (400, 400)
    assert str(parted.forge.archive.root) not in answer.text


@pytest.mark.parametrize("path", ["commit/main/diff", "commit/main/patch", "compare/main...main"])
def test_who_may_not_read_the_code_is_told_nothing(harbour: Harbour, path: str) -> None:
    statuses = {
        person: harbour.ask("GET", f"/repos/harbour/ferry/{path}", person=person).status_code
        for person in (None, "xiao", "gu", "rui")
    }

    assert statuses == {None: 404, "xiao": 404, "gu": 403, "rui": 200}
    assert harbour.ask("GET", f"/repos/harbour/light/{quote(path)}", person=None).status_code == 200


@pytest.mark.parametrize("word", ["diff", "patch"])
def test_a_commit_that_is_not_there_is_told_so(harbour: Harbour, word: str) -> None:
    assert harbour.ask("GET", f"/repos/harbour/ferry/commit/{'1' * 40}/{word}").status_code == 400
