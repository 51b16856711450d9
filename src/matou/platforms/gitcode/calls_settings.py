"""The calls about a repository's settings and members. An argument that is None leaves its setting as it is."""

from collections.abc import Sequence

from matou.http.url_parts import repository_path, segment
from matou.platforms.gitcode.calls import GitCodeCalls
from matou.platforms.gitcode.enums import MembersOf, MergeMethod, Role
from matou.platforms.gitcode.wire import (
    CustomizedRole,
    Member,
    PermissionMode,
    PullRequestSettings,
    PushConfig,
    RepositorySettings,
    ReviewerSettings,
    Success,
)


class SettingCalls(GitCodeCalls):
    def set_modules(
        self,
        repository: str,
        *,
        has_wiki: bool | None = None,
        has_issue: bool | None = None,
        has_security: bool | None = None,
        has_merge_request: bool | None = None,
        has_fork: bool | None = None,
        has_analysis: bool | None = None,
        has_discussion: bool | None = None,
    ) -> None:
        """10. What is None stays as it is."""
        body: dict[str, object] = {
            "has_wiki": has_wiki,
            "has_issue": has_issue,
            "has_security": has_security,
            "has_merge_request": has_merge_request,
            "has_fork": has_fork,
            "has_analysis": has_analysis,
            "has_discussion": has_discussion,
        }
        self._set(Success, f"{repository_path(repository)}/module/setting", body)

    def set_reviewers(
        self,
        repository: str,
        *,
        assignees: Sequence[str] | None = None,
        testers: Sequence[str] | None = None,
        assignees_number: int | None = None,
        testers_number: int | None = None,
    ) -> ReviewerSettings:
        """12. By their logins; at least one of the four is needed. `pull_request_settings` tells them."""
        body: dict[str, object] = {
            "assignees": _joined(assignees),
            "testers": _joined(testers),
            "assignees_number": assignees_number,
            "testers_number": testers_number,
        }
        return self._set(ReviewerSettings, f"{repository_path(repository)}/reviewer", body)

    def members_of(self, repository: str) -> MembersOf:
        """15. Raises UnknownShape for a mode that nobody has described."""
        mode = self._api.get(PermissionMode, f"{repository_path(repository)}/transition")
        return mode.members_of

    def set_members_of(self, repository: str, members_of: MembersOf) -> None:
        """16. Whether the organization's members count too."""
        self._set(Success, f"{repository_path(repository)}/transition", {"mode": int(members_of)})

    def push_rules(self, repository: str) -> PushConfig:
        """18. What a push must be like."""
        return self._api.get(PushConfig, f"{repository_path(repository)}/push_config")

    def set_push_rules(
        self,
        repository: str,
        *,
        reject_not_signed_by_gpg: bool | None = None,
        commit_message_regex: str | None = None,
        max_file_size: int | None = None,
        skip_rule_for_owner: bool | None = None,
        deny_force_push: bool | None = None,
    ) -> PushConfig:
        """17. `max_file_size` is in MB, 0 for none."""
        body: dict[str, object] = {
            "reject_not_signed_by_gpg": reject_not_signed_by_gpg,
            "commit_message_regex": commit_message_regex,
            "max_file_size": max_file_size,
            "skip_rule_for_owner": skip_rule_for_owner,
            "deny_force_push": deny_force_push,
        }
        return self._set(PushConfig, f"{repository_path(repository)}/push_config", body)

    def repository_settings(self, repository: str) -> RepositorySettings:
        """28. Who may make branches and tags, and how they are named."""
        return self._api.get(RepositorySettings, f"{repository_path(repository)}/repo_settings")

    def set_repository_settings(
        self,
        repository: str,
        *,
        disable_fork: bool | None = None,
        forbidden_developer_create_branch: bool | None = None,
        forbidden_developer_create_tag: bool | None = None,
        forbidden_committer_create_branch: bool | None = None,
        forbidden_developer_create_branch_user_ids: Sequence[int] | None = None,
        branch_name_regex: str | None = None,
        tag_name_regex: str | None = None,
        generate_pre_merge_ref: bool | None = None,
        rebase_disable_trigger_webhook: bool | None = None,
        open_gpg_verified: bool | None = None,
        include_lfs_objects: bool | None = None,
    ) -> RepositorySettings:
        """27. `forbidden_developer_create_branch_user_ids` are those who may create branches all the same."""
        body: dict[str, object] = {
            "disable_fork": disable_fork,
            "forbidden_developer_create_branch": forbidden_developer_create_branch,
            "forbidden_developer_create_tag": forbidden_developer_create_tag,
            "forbidden_committer_create_branch": forbidden_committer_create_branch,
            "forbidden_developer_create_branch_user_ids": _joined(forbidden_developer_create_branch_user_ids),
            "branch_name_regex": branch_name_regex,
            "tag_name_regex": tag_name_regex,
            "generate_pre_merge_ref": generate_pre_merge_ref,
            "rebase_disable_trigger_webhook": rebase_disable_trigger_webhook,
            "open_gpg_verified": open_gpg_verified,
            "include_lfs_objects": include_lfs_objects,
        }
        return self._set(RepositorySettings, f"{repository_path(repository)}/repo_settings", body)

    def pull_request_settings(self, repository: str) -> PullRequestSettings:
        """29. How changes are reviewed and merged."""
        return self._api.get(PullRequestSettings, f"{repository_path(repository)}/pull_request_settings")

    def set_pull_request_settings(
        self,
        repository: str,
        *,
        approval_required_reviewers_enable: bool | None = None,
        approval_required_reviewers: int | None = None,
        only_allow_merge_if_all_discussions_are_resolved: bool | None = None,
        only_allow_merge_if_pipeline_succeeds: bool | None = None,
        disable_merge_by_self: bool | None = None,
        can_force_merge: bool | None = None,
        add_notes_after_merged: bool | None = None,
        mark_auto_merged_mr_as_closed: bool | None = None,
        can_reopen: bool | None = None,
        delete_source_branch_when_merged: bool | None = None,
        disable_squash_merge: bool | None = None,
        auto_squash_merge: bool | None = None,
        merge_method: MergeMethod | None = None,
        squash_merge_with_no_merge_commit: bool | None = None,
        merged_commit_author: str | None = None,
        approval_required_approvers: int | None = None,
        approval_approver_ids: Sequence[int | str] | None = None,
        approval_tester_ids: Sequence[int | str] | None = None,
        approval_required_testers: int | None = None,
        is_check_cla: bool | None = None,
        is_allow_lite_merge_request: bool | None = None,
        lite_merge_request_prefix_title: str | None = None,
        close_issue_when_mr_merged: bool | None = None,
    ) -> PullRequestSettings:
        """30.

        Args:
            approval_required_reviewers: 1 to 5; 0 where none is needed.
            merged_commit_author: `merged_by` or `created_by`.
        """
        body: dict[str, object] = {
            "approval_required_reviewers_enable": approval_required_reviewers_enable,
            "approval_required_reviewers": approval_required_reviewers,
            "only_allow_merge_if_all_discussions_are_resolved": only_allow_merge_if_all_discussions_are_resolved,
            "only_allow_merge_if_pipeline_succeeds": only_allow_merge_if_pipeline_succeeds,
            "disable_merge_by_self": disable_merge_by_self,
            "can_force_merge": can_force_merge,
            "add_notes_after_merged": add_notes_after_merged,
            "mark_auto_merged_mr_as_closed": mark_auto_merged_mr_as_closed,
            "can_reopen": can_reopen,
            "delete_source_branch_when_merged": delete_source_branch_when_merged,
            "disable_squash_merge": disable_squash_merge,
            "auto_squash_merge": auto_squash_merge,
            "merge_method": merge_method,
            "squash_merge_with_no_merge_commit": squash_merge_with_no_merge_commit,
            "merged_commit_author": merged_commit_author,
            "approval_required_approvers": approval_required_approvers,
            "approval_approver_ids": _joined(approval_approver_ids),
            "approval_tester_ids": _joined(approval_tester_ids),
            "approval_required_testers": approval_required_testers,
            "is_check_cla": is_check_cla,
            "is_allow_lite_merge_request": is_allow_lite_merge_request,
            "lite_merge_request_prefix_title": lite_merge_request_prefix_title,
            "close_issue_when_mr_merged": close_issue_when_mr_merged,
        }
        return self._set(PullRequestSettings, f"{repository_path(repository)}/pull_request_settings", body)

    def set_member_role(self, repository: str, login: str, role: Role, *, customized_role: str | None = None) -> Member:
        """32. `customized_role` is the `role_id` of one of `customized_roles`."""
        answer = self._api.send_json(
            "PUT",
            f"{repository_path(repository)}/members/{segment(login)}",
            body={"permission": role, "role_id": customized_role},
            repeatable=True,
        )
        return self._api.read(Member, answer)

    def customized_roles(self, repository: str) -> list[CustomizedRole]:
        """34. Roles made for this repository beside the standard ones."""
        return self._api.get(list[CustomizedRole], f"{repository_path(repository)}/customized_roles")


def _joined(values: Sequence[int | str] | None) -> str | None:
    return None if values is None else ",".join(map(str, values))
