"""What can be set for one repository, in GitCode's words: one class for each document that is stored.

A new field needs a default and no migration; what a later Matou stored beside these is kept.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar

from matou.errors import Invalid

MOST_APPROVALS = 5
MOST_PEOPLE = 100
LONGEST_TITLE_PREFIX = 100
LARGEST_FILE_LIMIT_MEGABYTES = 1024 * 1024


class UnusableSetting(Invalid):
    """A value that a setting cannot have."""


class MergeMethod(StrEnum):
    MERGE = "merge"
    REBASE_MERGE = "rebase_merge"
    FAST_FORWARD = "ff"


class MergedCommitAuthor(StrEnum):
    MERGED_BY = "merged_by"
    CREATED_BY = "created_by"


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """What all kinds share: the word under which the document of a kind is stored."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class PushRules(RepositorySettings):
    """What a push has to keep to (document, sections 17 and 18).

    Attributes:
        commit_message_regex: in RE2's syntax; empty for none.
        max_file_size: in MiB; 0 for no limit.
        skip_rule_for_owner: administrators of the repository need not keep to the rules above it.
        deny_force_push: nobody may, they neither.
    """

    kind: ClassVar[str] = "push_rules"
    reject_not_signed_by_gpg: bool = False
    commit_message_regex: str = ""
    max_file_size: int = 0
    skip_rule_for_owner: bool = False
    deny_force_push: bool = False

    def __post_init__(self) -> None:
        _require_within("max_file_size", self.max_file_size, LARGEST_FILE_LIMIT_MEGABYTES)


@dataclass(frozen=True, slots=True)
class RepositoryRules(RepositorySettings):
    """Document, sections 27 and 28.

    Attributes:
        forbidden_developer_create_branch_user_ids: who may although developers may not.
        branch_name_regex, tag_name_regex: in RE2's syntax; empty for none.
        forbidden_gitlab_access: cannot be set; there is no such access here.
    """

    kind: ClassVar[str] = "repository_rules"
    disable_fork: bool = False
    forbidden_developer_create_branch: bool = False
    forbidden_developer_create_tag: bool = False
    forbidden_committer_create_branch: bool = False
    forbidden_developer_create_branch_user_ids: tuple[int, ...] = ()
    branch_name_regex: str = ""
    tag_name_regex: str = ""
    generate_pre_merge_ref: bool = False
    rebase_disable_trigger_webhook: bool = False
    open_gpg_verified: bool = False
    include_lfs_objects: bool = False
    forbidden_gitlab_access: bool = True

    def __post_init__(self) -> None:
        _require_few("forbidden_developer_create_branch_user_ids", self.forbidden_developer_create_branch_user_ids)


@dataclass(frozen=True, slots=True)
class Modules(RepositorySettings):
    """Which parts of a repository are switched on (document, sections 10, 20 and 31)."""

    kind: ClassVar[str] = "modules"
    has_wiki: bool = True
    has_issue: bool = True
    has_security: bool = True
    has_merge_request: bool = True
    has_fork: bool = True
    has_analysis: bool = True
    has_discussion: bool = True
    can_comment: bool = True


@dataclass(frozen=True, slots=True)
class Features(RepositorySettings):
    """Document, section 11."""

    kind: ClassVar[str] = "features"
    lfs_enabled: bool = True


@dataclass(frozen=True, slots=True)
class ChangeRequestSettings(RepositorySettings):
    """Document, sections 29 and 30; section 12 sets its people and numbers under other names.

    Attributes:
        approval_required_reviewers, approval_required_approvers, approval_required_testers: 0 for none.
        approval_approver_ids: called `assignees` in section 12, and its number `assignees_number`.
    """

    kind: ClassVar[str] = "change_requests"
    approval_required_reviewers_enable: bool = False
    approval_required_reviewers: int = 0
    approval_required_approvers: int = 0
    approval_required_testers: int = 0
    approval_approver_ids: tuple[int, ...] = ()
    approval_tester_ids: tuple[int, ...] = ()
    only_allow_merge_if_all_discussions_are_resolved: bool = False
    only_allow_merge_if_pipeline_succeeds: bool = False
    merge_method: MergeMethod = MergeMethod.MERGE
    merged_commit_author: MergedCommitAuthor = MergedCommitAuthor.MERGED_BY
    disable_merge_by_self: bool = False
    can_force_merge: bool = False
    add_notes_after_merged: bool = False
    mark_auto_merged_mr_as_closed: bool = False
    can_reopen: bool = True
    delete_source_branch_when_merged: bool = False
    disable_squash_merge: bool = False
    auto_squash_merge: bool = False
    squash_merge_with_no_merge_commit: bool = False
    is_check_cla: bool = False
    is_allow_lite_merge_request: bool = False
    lite_merge_request_prefix_title: str = ""
    close_issue_when_mr_merged: bool = False

    def __post_init__(self) -> None:
        for name in ("reviewers", "approvers", "testers"):
            number = f"approval_required_{name}"
            _require_within(number, getattr(self, number), MOST_APPROVALS)
        _require_few("approval_approver_ids", self.approval_approver_ids)
        _require_few("approval_tester_ids", self.approval_tester_ids)
        _require_within(
            "lite_merge_request_prefix_title", len(self.lite_merge_request_prefix_title), LONGEST_TITLE_PREFIX
        )


def names_of(kind: type[RepositorySettings]) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind))


def _require_within(name: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise UnusableSetting("{name} is {value}; it can be 0 to {most}", name=name, value=value, most=most)


def _require_few(name: str, people: tuple[int, ...]) -> None:
    if len(people) > MOST_PEOPLE:
        raise UnusableSetting(
            "{name} names {count} people; at most {most}", name=name, count=len(people), most=MOST_PEOPLE
        )
