"""The rules of a repository bite on `git push`, and the person who pushes reads why in the terminal."""

import os
import re
from pathlib import Path

import pytest
import urllib3

from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.repositories.repository_lists import find_repository
from matou.model.events import EventKind
from matou.model.repository_settings import PushRules, RepositoryRules
from support.deciding import activity
from support.git_repositories import commit_file, force_push, git, git_bytes
from support.push_rules import MEBIBYTE, Work, assert_refused


def test_a_message_that_does_not_match_is_named_with_its_commit_and_ref(work: Work) -> None:
    work.set(PushRules, commit_message_regex=r"^(feat|fix): ")
    before = work.refs
    bad = commit_file(work.clone, "main", "a", b"a\n", "did things")

    pushed = work.push("main")

    assert_refused(work, pushed, rf"commit {bad[:10]} \('refs/heads/main'\) has a message that does not match")
    assert work.refs == before
    assert not work.has(bad)


def test_a_message_that_matches_on_any_line_is_taken(work: Work) -> None:
    work.set(PushRules, commit_message_regex=r"^Issue: #\d+$")
    commit_file(work.clone, "main", "a", b"a\n", "did things\n\nIssue: #12\nmore")

    assert work.push("main").status == 0


def test_one_bad_ref_keeps_all_refs_of_a_push_out(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^fix")
    git(work.clone, "branch", "good", "main")
    commit_file(work.clone, "good", "a", b"a\n", "fix it")
    git(work.clone, "branch", "bad", "main")
    bad = commit_file(work.clone, "bad", "b", b"b\n", "broke it")
    before = work.refs

    pushed = work.push("good", "bad")

    assert_refused(work, pushed, rf"commit {bad[:10]} \('refs/heads/bad'\)")
    assert work.refs == before


def test_a_pattern_that_makes_others_slow_is_decided_at_once(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^(a+)+$")
    commit_file(work.clone, "main", "a", b"a\n", "a" * 5000 + "!")

    pushed = work.push("main")

    assert_refused(work, pushed, "does not match '\\^\\(a\\+\\)\\+\\$'")


def test_a_message_cannot_speak_to_the_terminal(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^fix")
    git(work.clone, "branch", "ev\u202eil", "main")
    commit_file(work.clone, "ev\u202eil", "a", b"a\n", "\x1b[31mred")

    pushed = work.push("ev\u202eil")

    assert_refused(work, pushed, r"ev\\u202eil")
    assert not re.search("[\x1b\u202e]", "".join(pushed.remote))


@pytest.mark.parametrize(("size", "status"), [(MEBIBYTE - 1, 0), (MEBIBYTE, 0), (MEBIBYTE + 1, 1)])
def test_a_file_may_have_exactly_the_limit(work: Work, size: int, status: int) -> None:
    work.set(PushRules, max_file_size=1)
    commit_file(work.clone, "main", "big file.bin", os.urandom(size))

    pushed = work.push("main")

    assert pushed.status == status, pushed.said


def test_a_file_that_is_too_large_is_named_with_its_commit_ref_and_limit(work: Work) -> None:
    work.set(PushRules, max_file_size=1)
    bad = commit_file(work.clone, "main", "folder/big file.bin", os.urandom(MEBIBYTE + 1))
    commit_file(work.clone, "main", "later", b"later\n")

    pushed = work.push("main")

    assert_refused(
        work,
        pushed,
        rf"file 'folder/big file.bin' \(commit {bad[:10]}, 'refs/heads/main'\) has 1048577 bytes; a file may have 1 MB",
    )
    assert not work.has(bad)


@pytest.mark.parametrize("ref", ["refs/tags/blob", "refs/odd/blob"])
def test_a_large_file_behind_no_commit_is_found_too(work: Work, ref: str, tmp_path: Path) -> None:
    work.set(PushRules, max_file_size=1)
    blob = git(work.clone, "hash-object", "-w", "--stdin", input=os.urandom(MEBIBYTE + 1))

    pushed = work.push(f"{blob}:{ref}")

    assert_refused(work, pushed, rf"blob {blob[:10]}, '{ref}'")
    assert not work.has(blob)


def test_a_large_file_that_was_there_before_is_nobodys_fault(work: Work) -> None:
    content = os.urandom(2 * MEBIBYTE)
    commit_file(work.clone, "main", "big", content)
    assert work.push("main").status == 0
    work.set(PushRules, max_file_size=1)
    # As a delta of what the server has: git completes the pack with the old file.
    commit_file(work.clone, "main", "big", content[: MEBIBYTE // 2])
    commit_file(work.clone, "main", "moved", content)
    git(work.clone, "branch", "from-old", "main~1")

    assert work.push("main", "from-old", "main:refs/tags/t").status == 0
    assert work.push(":from-old").status == 0


def test_what_is_stored_without_a_ref_still_counts_as_new(work: Work) -> None:
    git(work.clone, "branch", "gone", "main")
    big = commit_file(work.clone, "gone", "big", os.urandom(MEBIBYTE + 1))
    assert work.push("gone").status == 0
    assert work.push(":gone").status == 0
    work.set(PushRules, max_file_size=1)

    pushed = work.push("gone")

    assert work.has(big)
    assert_refused(work, pushed, "has 1048577 bytes")


def test_force_is_denied_to_managers_too(work: Work) -> None:
    work.set(PushRules, deny_force_push=True, skip_rule_for_owner=True)
    old, new = force_push(work.clone, "main")

    pushed = work.push("main", user=work.server.owner, options=("--force",))

    assert_refused(work, pushed, rf"'refs/heads/main' would lose commits that it has \({old[:10]}\.\.{new[:10]}\)")
    assert work.refs["refs/heads/main"] == old


def test_where_force_is_denied_a_branch_still_moves_on_and_a_tag_does_not_move(work: Work) -> None:
    git(work.clone, "tag", "v1", "main~1")
    assert work.push("v1").status == 0
    work.set(PushRules, deny_force_push=True)
    commit_file(work.clone, "main", "a", b"a\n")

    assert work.push("main").status == 0
    assert work.push("main:refs/heads/other").status == 0
    assert_refused(work, work.push("+main:refs/tags/v1"), "nobody may move a tag by force here: 'refs/tags/v1'")


def test_managers_skip_the_rules_for_commits_and_files_if_that_is_set(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^fix", max_file_size=1, reject_not_signed_by_gpg=True)
    commit_file(work.clone, "main", "big", os.urandom(MEBIBYTE + 1), "whatever")
    assert_refused(work, work.push("main", user=work.server.owner), "message", "bytes", "is not signed")
    work.set(PushRules, skip_rule_for_owner=True)

    assert_refused(work, work.push("main"), "message", "bytes", "is not signed")
    assert work.push("main", user=work.server.owner).status == 0


def test_names_of_branches_and_tags_are_asked_for_and_the_default_branch_is_not(work: Work) -> None:
    work.set(RepositoryRules, branch_name_regex=r"^feature/\d+$", tag_name_regex=r"^v\d")
    commit_file(work.clone, "main", "a", b"a\n")

    assert_refused(work, work.push("main:mine"), r"the name of the branch 'mine' does not match '\^feature/")
    assert_refused(work, work.push("main:refs/tags/mine"), "the name of the tag 'mine' does not match")
    assert work.push("main", "main:refs/heads/feature/12", "main:refs/tags/v1").status == 0


def test_the_first_branch_of_an_empty_repository_needs_no_name_that_matches(work: Work) -> None:
    work.repository = work.server.repository()
    work.set(RepositoryRules, branch_name_regex="^never$")
    owner = work.server.owner
    head = git(work.git_dir, "symbolic-ref", "--short", "HEAD")

    assert_refused(work, work.push("main:another", user=owner), "the name of the branch 'another'")
    assert work.push(f"main:{head}", user=owner).status == 0


@pytest.mark.parametrize("name", ["a" * 40, "heads/" + "0" * 64, "tags/" + "AB" * 20], ids=len)
def test_nothing_is_made_that_looks_like_an_object_id_whatever_is_set(work: Work, name: str) -> None:
    ref = f"refs/{name}" if "/" in name else f"refs/heads/{name}"

    pushed = work.push("main:refs/heads/fine", f"main:{ref}")

    assert pushed.status == 1
    assert "it looks like an object id" in pushed.said
    assert set(work.refs) == {"refs/heads/main", "refs/heads/fine"}


def test_developers_create_no_branches_or_tags_where_they_may_not(work: Work) -> None:
    work.set(RepositoryRules, forbidden_developer_create_branch=True, forbidden_developer_create_tag=True)
    commit_file(work.clone, "main", "a", b"a\n")

    assert_refused(work, work.push("main:mine"), "developers may not create branches here: 'refs/heads/mine'")
    assert_refused(work, work.push("main:refs/tags/mine"), "developers may not create tags here: 'refs/tags/mine'")
    assert work.push("main").status == 0
    assert work.push("main:theirs", "main:refs/tags/theirs", user=work.server.owner).status == 0

    work.set(RepositoryRules, forbidden_developer_create_branch_user_ids=(work.developer.id,))
    assert work.push("main:mine").status == 0
    work.set(RepositoryRules, forbidden_committer_create_branch=True)
    assert_refused(work, work.push("main:mine-too"), "developers may not create branches")


def test_a_deletion_breaks_no_rule(work: Work) -> None:
    assert work.push("main:mine").status == 0
    work.set(PushRules, commit_message_regex="^never$", reject_not_signed_by_gpg=True, deny_force_push=True)
    work.set(RepositoryRules, branch_name_regex="^never$")

    assert work.push(":mine").status == 0


def test_every_broken_rule_is_told_of_however_many_faults_one_has(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^fix", reject_not_signed_by_gpg=True, max_file_size=1)
    work.set(RepositoryRules, branch_name_regex="^never$")
    for number in range(30):
        commit_file(work.clone, "main", f"f{number}", b"x\n", f"work {number}")
    commit_file(work.clone, "main", "big", os.urandom(MEBIBYTE + 1))

    pushed = work.push("main:mine")

    assert_refused(work, pushed, "message", "is not signed", "bytes", "name of the branch")


def test_a_refused_push_is_no_push(work: Work) -> None:
    before = find_repository(work.server.forge, work.repository.path)
    work.set(PushRules, commit_message_regex="^fix")
    commit_file(work.clone, "main", "a", b"a\n", "did things")

    work.push("main")

    assert find_repository(work.server.forge, work.repository.path).last_push_at == before.last_push_at


def events_of(work: Work) -> list[tuple[EventKind, str]]:
    """Of pushes, the newest first."""
    identity = Identity(work.server.owner, ALL_SCOPES)
    found, _ = activity(work.server.forge, identity, work.repository, offset=0, limit=100)
    return [(event.kind, str(event.details["ref"])) for event in found if "ref" in event.details]


def test_only_what_was_taken_becomes_an_event(work: Work) -> None:
    before = events_of(work)
    commit_file(work.clone, "main", "a", b"a\n")

    pushed = work.push("main:refs/heads/other", ":main")
    assert pushed.status == 1
    assert "deletion of the current branch prohibited" in pushed.said
    assert events_of(work) == [(EventKind.BRANCH_CREATED, "refs/heads/other"), *before]

    work.set(PushRules, commit_message_regex="^fix")
    commit_file(work.clone, "main", "b", b"b\n")
    assert work.push("main").status == 1
    assert events_of(work) == [(EventKind.BRANCH_CREATED, "refs/heads/other"), *before]


def test_a_push_whose_client_wants_no_report_is_judged_and_an_event_too(work: Work) -> None:
    work.set(PushRules, commit_message_regex="^fix")
    old = git(work.clone, "rev-parse", "main")
    credential = work.server.credential()

    def push_silently(message: str) -> None:
        new = commit_file(work.clone, "main", "a", message.encode(), message)
        pack = git_bytes(work.clone, "pack-objects", "--revs", "--stdout", "-q", input=f"{new}\n^{old}\n".encode())
        command = f"{old} {new} refs/heads/main\0 agent=silent".encode()
        answer = urllib3.request(
            "POST",
            f"{work.server.url}/{work.repository.path}.git/git-receive-pack",
            body=b"%04x%b0000%b" % (len(command) + 4, command, pack),
            headers={
                **urllib3.make_headers(basic_auth=f"{credential.user}:{credential.password.reveal()}"),
                "Content-Type": "application/x-git-receive-pack-request",
            },
        )
        assert answer.status in (200, 400)

    before = events_of(work)
    push_silently("broke it")
    assert (work.refs["refs/heads/main"], events_of(work)) == (old, before)

    git(work.clone, "update-ref", "refs/heads/main", old)
    push_silently("fix it")
    assert work.refs["refs/heads/main"] == git(work.clone, "rev-parse", "main")
    assert events_of(work) == [(EventKind.PUSH, "refs/heads/main"), *before]


def test_many_refs_in_one_push_are_asked_about_once(work: Work) -> None:
    work.set(RepositoryRules, branch_name_regex="^x/")
    stream = "".join(f"create refs/heads/x/{number} {git(work.clone, 'rev-parse', 'main')}\n" for number in range(300))
    git(work.clone, "update-ref", "--stdin", input=stream.encode())

    assert work.push("refs/heads/x/*:refs/heads/x/*").status == 0
    assert len(work.refs) == 301
    assert_refused(work, work.push("refs/heads/x/*:refs/heads/y/*"), "the name of the branch 'y/")
