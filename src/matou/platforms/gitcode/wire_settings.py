"""A repository's settings as GitCode's API v5 writes them."""

from msgspec import UNSET, UnsetType, field

from matou.errors import UnknownShape
from matou.platforms.gitcode.enums import MembersOf
from matou.platforms.gitcode.wire_base import ChinaMoment, ChinaSecond, StrictGitCodeStruct
from matou.platforms.gitcode.wire_users import Person


class Success(StrictGitCodeStruct, frozen=True, kw_only=True):
    """10, 13, 14, 16."""

    code: int = 1
    msg: str = "success"


class ReviewerSettings(StrictGitCodeStruct, frozen=True, kw_only=True):
    """12. What was set stands in `MergeRequestSetting` (29)."""

    id: int
    created_at: ChinaSecond
    updated_at: ChinaSecond


class PermissionMode(StrictGitCodeStruct, frozen=True, kw_only=True):
    """15: 1 where the organization's members are the repository's, 2 where it has its own alone."""

    mode: int = field(name="memberMgntMode")

    @property
    def members_of(self) -> MembersOf:
        """Raises UnknownShape for a mode that nobody has described."""
        try:
            return MembersOf(self.mode)
        except ValueError:
            raise UnknownShape("gitcode PermissionMode.memberMgntMode", self.mode) from None


class PushConfig(StrictGitCodeStruct, frozen=True, kw_only=True):
    """17 and 18. `max_file_size` is in MB, 0 for none."""

    reject_not_signed_by_gpg: bool = False
    commit_message_regex: str | UnsetType | None = UNSET
    max_file_size: int = 0
    skip_rule_for_owner: bool = False
    deny_force_push: bool = False


class GitCodeRepositorySettings(StrictGitCodeStruct, frozen=True, kw_only=True):
    """27 and 28. `forbidden_developer_create_branch_user_ids`: who may all the same, separated by commas."""

    disable_fork: bool = False
    forbidden_developer_create_branch: bool = False
    forbidden_developer_create_tag: bool = False
    forbidden_committer_create_branch: bool = False
    forbidden_developer_create_branch_user_ids: str | UnsetType | None = UNSET
    branch_name_regex: str | UnsetType | None = UNSET
    tag_name_regex: str | UnsetType | None = UNSET
    generate_pre_merge_ref: bool = False
    forbidden_gitlab_access: bool = False
    rebase_disable_trigger_webhook: bool = False
    open_gpg_verified: bool | UnsetType = UNSET
    include_lfs_objects: bool = False


class MergeRequestSetting(StrictGitCodeStruct, frozen=True, kw_only=True):
    """`project_id` is the repository's."""

    id: int
    project_id: int
    disable_merge_by_self: bool = False
    created_at: ChinaMoment
    updated_at: ChinaMoment
    can_force_merge: bool = False
    disable_squash_merge: bool = False
    approval_required_reviewers_enable: bool | UnsetType = UNSET
    approval_required_reviewers: int = 0
    approval_required_approvers: int = 0
    add_notes_after_merged: bool = False
    merged_commit_author: str = "merged_by"
    mark_auto_merged_mr_as_closed: bool = False
    delete_source_branch_when_merged: bool = False
    auto_squash_merge: bool = False
    squash_merge_with_no_merge_commit: bool = False
    close_issue_when_mr_merged: bool = False
    can_reopen: bool = True
    is_check_cla: bool = False
    approval_approvers: list[Person] = field(default_factory=list)
    approval_testers: list[Person] = field(default_factory=list)
    approval_required_testers: int = 0
    is_allow_lite_merge_request: bool = False
    codeowner_merge_count: bool | UnsetType = UNSET
    lite_merge_request_prefix_title: str | UnsetType | None = UNSET


class PullRequestSettings(StrictGitCodeStruct, frozen=True, kw_only=True):
    """29 and 30. `merge_method`: merge, rebase_merge or ff."""

    merge_request_setting: MergeRequestSetting
    only_allow_merge_if_all_discussions_are_resolved: bool = False
    only_allow_merge_if_pipeline_succeeds: bool = False
    merge_method: str = "merge"
