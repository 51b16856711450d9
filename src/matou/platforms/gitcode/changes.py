"""What may be changed of a repository's settings. A field that is None leaves its setting as it is."""

from collections.abc import Sequence

import msgspec

from matou.platforms.gitcode.enums import MergeMethod


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that are to be set."""

    def parameters(self) -> dict[str, object]:
        """As the API takes them: several values with commas between them."""
        return {name: _joined(value) for name, value in msgspec.structs.asdict(self).items()}


class ModuleChange(SettingsChange, frozen=True, kw_only=True):
    """What a repository has beside its code (10)."""

    has_wiki: bool | None = None
    has_issue: bool | None = None
    has_security: bool | None = None
    has_merge_request: bool | None = None
    has_fork: bool | None = None
    has_analysis: bool | None = None
    has_discussion: bool | None = None


class ReviewerChange(SettingsChange, frozen=True, kw_only=True):
    """Whom a change waits for (12), by their logins; at least one of the four is needed."""

    assignees: Sequence[str] | None = None
    testers: Sequence[str] | None = None
    assignees_number: int | None = None
    testers_number: int | None = None


class PushRuleChange(SettingsChange, frozen=True, kw_only=True):
    """What a push must be like (17). `max_file_size` is in MB, 0 for none."""

    reject_not_signed_by_gpg: bool | None = None
    commit_message_regex: str | None = None
    max_file_size: int | None = None
    skip_rule_for_owner: bool | None = None
    deny_force_push: bool | None = None


class RepositorySettingsChange(SettingsChange, frozen=True, kw_only=True):
    """Who may make branches and tags, and how they are named (27).

    `forbidden_developer_create_branch_user_ids` are those who may create branches all the same."""

    disable_fork: bool | None = None
    forbidden_developer_create_branch: bool | None = None
    forbidden_developer_create_tag: bool | None = None
    forbidden_committer_create_branch: bool | None = None
    forbidden_developer_create_branch_user_ids: Sequence[int] | None = None
    branch_name_regex: str | None = None
    tag_name_regex: str | None = None
    generate_pre_merge_ref: bool | None = None
    rebase_disable_trigger_webhook: bool | None = None
    open_gpg_verified: bool | None = None
    include_lfs_objects: bool | None = None


class PullRequestSettingsChange(SettingsChange, frozen=True, kw_only=True):
    """How changes are reviewed and merged (30).

    Attributes:
        approval_required_reviewers: 1 to 5; 0 where none is needed.
        merged_commit_author: `merged_by` or `created_by`.
    """

    approval_required_reviewers_enable: bool | None = None
    approval_required_reviewers: int | None = None
    only_allow_merge_if_all_discussions_are_resolved: bool | None = None
    only_allow_merge_if_pipeline_succeeds: bool | None = None
    disable_merge_by_self: bool | None = None
    can_force_merge: bool | None = None
    add_notes_after_merged: bool | None = None
    mark_auto_merged_mr_as_closed: bool | None = None
    can_reopen: bool | None = None
    delete_source_branch_when_merged: bool | None = None
    disable_squash_merge: bool | None = None
    auto_squash_merge: bool | None = None
    merge_method: MergeMethod | None = None
    squash_merge_with_no_merge_commit: bool | None = None
    merged_commit_author: str | None = None
    approval_required_approvers: int | None = None
    approval_approver_ids: Sequence[int | str] | None = None
    approval_tester_ids: Sequence[int | str] | None = None
    approval_required_testers: int | None = None
    is_check_cla: bool | None = None
    is_allow_lite_merge_request: bool | None = None
    lite_merge_request_prefix_title: str | None = None
    close_issue_when_mr_merged: bool | None = None


def _joined(value: object) -> object:
    return ",".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value
