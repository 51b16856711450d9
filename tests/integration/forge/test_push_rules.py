"""The rules of a repository hold for what is done through an API as they do for a push."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.content.file_changes import FileChange
from matou.forge.forge import Forge
from matou.forge.push.push_rules import PushRuleBroken
from matou.git.odb.objects import TreePath
from matou.git.odb.pushed_objects import PushedObjects
from matou.git.odb.quarantine import ObjectKind, Quarantine
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefChange
from matou.model.repository_settings import PushRules, RepositoryRules, RepositorySettings
from support.deciding import (
    add_member,
    add_signing_key,
    change_settings,
    create_branch,
    create_file,
    create_repository,
    create_tag,
    delete_branch,
    delete_tag,
    judge,
    rules_apply,
    update_refs,
)
from support.git_repositories import commit_file, force_push, git, make_repository, refs_of, tip_of
from support.signing import new_key, unsigned_commit, with_signature

MEBIBYTE = 1024 * 1024
MAIN = RefName("refs/heads/main")


@dataclass
class RuledRepository:
    """A repository with history; anna owns it, and dora develops in it."""

    forge: Forge
    repository: Repository
    owner: Identity
    developer: Identity

    @property
    def git_dir(self) -> Path:
        return self.forge.git_dir(self.repository)

    def set(self, kind: type[RepositorySettings], **changes: object) -> None:
        change_settings(self.forge, self.owner, self.repository, kind, **changes)

    def applies(self, *changes: RefChange, who: Identity | None = None) -> bool:
        return rules_apply(self.forge, who or self.developer, self.repository, changes)

    def judge(self, *changes: RefChange) -> None:
        judge(self.forge, self.developer, self.repository, changes, PushedObjects(self.git_dir, None))


@pytest.fixture
def ruled(forge: Forge, anna: User, tmp_path: Path) -> RuledRepository:
    team = create_organization(forge, "team", owner=anna)
    path = RepositoryPath(team.path, "ship")
    repository = create_repository(forge, path, creator=anna)
    made = make_repository(tmp_path / "made.git")
    git(forge.git_dir(repository), "fetch", "--quiet", made, "refs/heads/*:refs/heads/*")
    dora = create_user(forge, "dora", email="dora@example.com")
    add_member(forge, team, dora, Role.DEVELOPER)
    return RuledRepository(forge, repository, Identity(anna, ALL_SCOPES), Identity(dora, ALL_SCOPES))


def write(
    ruled: RuledRepository, message: str = "a change", content: bytes = b"x\n", who: Identity | None = None
) -> None:
    file_change = FileChange(path=TreePath.parse("folder/file"), message=message, branch="main")
    create_file(ruled.forge, who or ruled.developer, ruled.repository, file_change, content)


def test_the_pattern_of_messages_is_told_as_it_was_typed(ruled: RuledRepository) -> None:
    ruled.set(PushRules, commit_message_regex=r"^JIRA-\d+\b")

    with pytest.raises(PushRuleBroken, match=re.escape(r"does not match '^JIRA-\d+\b'")):
        write(ruled)


def test_the_pattern_of_branches_is_told_as_it_was_typed(ruled: RuledRepository) -> None:
    ruled.set(RepositoryRules, branch_name_regex=r"^JIRA-\d+\b")
    tip = ObjectId(tip_of(ruled.git_dir, "main"))

    with pytest.raises(PushRuleBroken, match=re.escape(r"does not match '^JIRA-\d+\b'")):
        ruled.judge(RefChange(RefName("refs/heads/mine"), None, tip))


def test_a_file_through_the_api_keeps_to_message_size_and_signature(ruled: RuledRepository) -> None:
    before = refs_of(ruled.git_dir)
    ruled.set(PushRules, commit_message_regex="^fix: ", max_file_size=1)

    with pytest.raises(PushRuleBroken, match="has a message that does not match"):
        write(ruled)
    with pytest.raises(PushRuleBroken, match=r"file 'folder/file' \(commit .* has 1048577 bytes; a file may have 1 MB"):
        write(ruled, "fix: it", os.urandom(MEBIBYTE + 1))
    ruled.set(PushRules, reject_not_signed_by_gpg=True)
    with pytest.raises(PushRuleBroken, match="is not signed"):
        write(ruled, "fix: it")

    assert refs_of(ruled.git_dir) == before
    assert list((ruled.git_dir / "objects").glob("tmp_objdir*")) == []
    ruled.set(PushRules, reject_not_signed_by_gpg=False)
    write(ruled, "fix: it")
    assert refs_of(ruled.git_dir) != before


def test_managers_skip_through_the_api_too(ruled: RuledRepository) -> None:
    ruled.set(PushRules, reject_not_signed_by_gpg=True, skip_rule_for_owner=True)

    with pytest.raises(PushRuleBroken):
        write(ruled)
    write(ruled, who=ruled.owner)


def test_branches_and_tags_through_the_api_keep_to_names_and_rights(ruled: RuledRepository) -> None:
    forge, repository = ruled.forge, ruled.repository
    ruled.set(RepositoryRules, branch_name_regex="^feature/", tag_name_regex="^v")

    with pytest.raises(PushRuleBroken, match="name of the branch 'mine'"):
        create_branch(forge, ruled.owner, repository, "mine", start="main")
    with pytest.raises(PushRuleBroken, match="name of the tag 'mine'"):
        create_tag(forge, ruled.owner, repository, "mine", start="main")
    ruled.set(RepositoryRules, forbidden_developer_create_branch=True, forbidden_developer_create_tag=True)
    with pytest.raises(PushRuleBroken, match="developers may not create branches here"):
        create_branch(forge, ruled.developer, repository, "feature/1", start="main")
    with pytest.raises(PushRuleBroken, match="developers may not create tags here"):
        create_tag(forge, ruled.developer, repository, "v1", start="main", message="annotated")
    assert list(refs_of(ruled.git_dir)) == [MAIN]

    create_branch(forge, ruled.owner, repository, "feature/1", start="main")
    create_tag(forge, ruled.owner, repository, "v1", start="main", message="annotated")
    delete_branch(forge, ruled.developer, repository, "feature/1")


def test_refs_that_are_changed_directly_are_judged(ruled: RuledRepository) -> None:
    assert ruled.developer.user is not None
    key = new_key("dora@example.com")
    add_signing_key(ruled.forge, ruled.developer.user, key.public)
    ruled.set(PushRules, reject_not_signed_by_gpg=True, deny_force_push=True)
    tip = tip_of(ruled.git_dir, MAIN)
    text = unsigned_commit(ruled.git_dir, email="dora@example.com", parents=(tip,))
    root = unsigned_commit(ruled.git_dir, email="dora@example.com", message="another root")

    for content, said in (
        (text, "is not signed"),
        (with_signature(root, key.sign(root)), "would lose commits"),
    ):
        with Quarantine(ruled.git_dir) as quarantine:
            change = RefChange(MAIN, tip, quarantine.write_object(ObjectKind.COMMIT, content))
            with pytest.raises(PushRuleBroken, match=said):
                update_refs(ruled.forge, ruled.developer, ruled.repository, [change], quarantine)
    with Quarantine(ruled.git_dir) as quarantine:
        commit = quarantine.write_object(ObjectKind.COMMIT, with_signature(text, key.sign(text)))
        update_refs(ruled.forge, ruled.developer, ruled.repository, [RefChange(MAIN, tip, commit)], quarantine)

    assert tip_of(ruled.git_dir, MAIN) == commit


TIP, OTHER = ObjectId("1" * 40), ObjectId("2" * 40)
NEW_BRANCH = RefChange(RefName("refs/heads/new"), None, TIP)
MOVED_BRANCH = RefChange(MAIN, TIP, OTHER)
GONE_BRANCH = RefChange(RefName("refs/heads/old"), TIP, None)
NEW_TAG = RefChange(RefName("refs/tags/v1"), None, TIP)
NEW_NOTE = RefChange(RefName("refs/notes/x"), None, TIP)
ALL = (NEW_BRANCH, MOVED_BRANCH, GONE_BRANCH, NEW_TAG, NEW_NOTE)


@pytest.mark.parametrize(
    ("kind", "changes", "concerned"),
    [
        (PushRules, {}, ()),
        (PushRules, {"skip_rule_for_owner": True}, ()),
        (PushRules, {"commit_message_regex": "x"}, (NEW_BRANCH, MOVED_BRANCH, NEW_TAG, NEW_NOTE)),
        (PushRules, {"max_file_size": 1}, (NEW_BRANCH, MOVED_BRANCH, NEW_TAG, NEW_NOTE)),
        (PushRules, {"reject_not_signed_by_gpg": True}, (NEW_BRANCH, MOVED_BRANCH, NEW_TAG, NEW_NOTE)),
        (PushRules, {"deny_force_push": True}, (MOVED_BRANCH, GONE_BRANCH)),
        (RepositoryRules, {"disable_fork": True, "include_lfs_objects": True}, ()),
        (RepositoryRules, {"branch_name_regex": "x"}, (NEW_BRANCH, MOVED_BRANCH)),
        (RepositoryRules, {"tag_name_regex": "x"}, (NEW_TAG,)),
        (RepositoryRules, {"forbidden_developer_create_branch": True}, (NEW_BRANCH,)),
        (RepositoryRules, {"forbidden_committer_create_branch": True}, (NEW_BRANCH,)),
        (RepositoryRules, {"forbidden_developer_create_tag": True}, (NEW_TAG,)),
    ],
)
def test_only_what_a_rule_concerns_is_looked_at(
    ruled: RuledRepository, kind: type[RepositorySettings], changes: dict[str, object], concerned: tuple[RefChange, ...]
) -> None:
    ruled.set(kind, **changes)

    assert tuple(change for change in ALL if ruled.applies(change)) == concerned
    assert ruled.applies(*ALL) is bool(concerned)


def message_of_5000_bytes(ruled: RuledRepository) -> ObjectId:
    return commit_file(ruled.git_dir, "main", "a", b"a\n", "a" * 5000 + "!")


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a*)*b", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_long(ruled: RuledRepository, pattern: str) -> None:
    ruled.set(PushRules, commit_message_regex=pattern)
    old, new = tip_of(ruled.git_dir, MAIN), message_of_5000_bytes(ruled)
    git(ruled.git_dir, "update-ref", MAIN, old)
    began = time.perf_counter()

    with pytest.raises(PushRuleBroken):
        ruled.judge(RefChange(MAIN, old, new))

    assert time.perf_counter() - began < 1.0


def test_a_rewritten_branch_is_named_with_what_it_would_lose(ruled: RuledRepository) -> None:
    ruled.set(PushRules, deny_force_push=True)
    old, new = force_push(ruled.git_dir, "main")
    git(ruled.git_dir, "update-ref", MAIN, old)

    with pytest.raises(PushRuleBroken) as refused:
        ruled.judge(RefChange(MAIN, old, new))

    assert refused.value.faults == (
        f"nobody may push by force here: 'refs/heads/main' would lose commits that it has ({old[:10]}..{new[:10]})",
    )


def test_moving_very_many_refs_where_force_is_denied_is_refused_before_it_takes_long(ruled: RuledRepository) -> None:
    ruled.set(PushRules, deny_force_push=True)
    changes = [RefChange(RefName(f"refs/heads/{number}"), TIP, OTHER) for number in range(1001)]

    with pytest.raises(PushRuleBroken, match="at most 1000 refs"):
        ruled.judge(*changes)


@pytest.mark.parametrize("stored", ["(?=look)", "a" * 1001, "("])
def test_a_stored_pattern_that_cannot_be_read_lets_nothing_in(
    ruled: RuledRepository, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lenient:
        lenient.setattr("matou.forge.repositories.settings.compile_pattern", str)
        ruled.set(PushRules, commit_message_regex=stored)
        ruled.set(RepositoryRules, branch_name_regex=stored)
    old = tip_of(ruled.git_dir, MAIN)
    new = commit_file(ruled.git_dir, "main", "a", b"a\n")
    git(ruled.git_dir, "update-ref", MAIN, old)

    with pytest.raises(PushRuleBroken, match="does not match"):
        ruled.judge(RefChange(RefName("refs/heads/other"), None, new))


def test_where_force_is_denied_the_api_takes_no_commits_away_by_deleting(ruled: RuledRepository) -> None:
    tip = tip_of(ruled.git_dir, "main")
    create_branch(ruled.forge, ruled.developer, ruled.repository, "copy", start="main")
    create_branch(ruled.forge, ruled.developer, ruled.repository, "own", start="main")
    create_tag(ruled.forge, ruled.developer, ruled.repository, "kept", start="main", message="own object, same commit")
    file_change = FileChange(TreePath.parse("new"), message="own", branch="own")
    create_file(ruled.forge, ruled.developer, ruled.repository, file_change, b"x")
    ruled.set(PushRules, deny_force_push=True)

    delete_branch(ruled.forge, ruled.developer, ruled.repository, "copy")
    delete_tag(ruled.forge, ruled.developer, ruled.repository, "kept")
    with pytest.raises(PushRuleBroken, match="nobody may delete 'refs/heads/own' here"):
        delete_branch(ruled.forge, ruled.owner, ruled.repository, "own")

    assert tip_of(ruled.git_dir, "main") == tip
    assert RefName("refs/heads/own") in refs_of(ruled.git_dir)
