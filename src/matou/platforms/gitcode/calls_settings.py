"""The calls about a repository's settings and members."""

from matou.http.addresses import repository_path, segment
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.changes import (
    ModuleChange,
    PullRequestSettingsChange,
    PushRuleChange,
    RepositorySettingsChange,
    ReviewerChange,
)
from matou.platforms.gitcode.enums import GitCodeRole, MembersOf
from matou.platforms.gitcode.wire import (
    GitCodeCustomizedRole,
    GitCodeMember,
    GitCodeRepositorySettings,
    PermissionMode,
    PullRequestSettings,
    PushConfig,
    ReviewerSettings,
    Success,
)


class SettingCalls(GitCodeCalls):
    def set_modules(self, repository: str, change: ModuleChange) -> None:
        """10."""
        self._set(Success, f"{repository_path(repository)}/module/setting", change.parameters())

    def set_reviewers(self, repository: str, change: ReviewerChange) -> ReviewerSettings:
        """12. `pull_request_settings` tells them."""
        return self._set(ReviewerSettings, f"{repository_path(repository)}/reviewer", change.parameters())

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

    def set_push_rules(self, repository: str, change: PushRuleChange) -> PushConfig:
        """17."""
        return self._set(PushConfig, f"{repository_path(repository)}/push_config", change.parameters())

    def repository_settings(self, repository: str) -> GitCodeRepositorySettings:
        """28. Who may make branches and tags, and how they are named."""
        return self._api.get(GitCodeRepositorySettings, f"{repository_path(repository)}/repo_settings")

    def set_repository_settings(self, repository: str, change: RepositorySettingsChange) -> GitCodeRepositorySettings:
        """27."""
        return self._set(GitCodeRepositorySettings, f"{repository_path(repository)}/repo_settings", change.parameters())

    def pull_request_settings(self, repository: str) -> PullRequestSettings:
        """29. How changes are reviewed and merged."""
        return self._api.get(PullRequestSettings, f"{repository_path(repository)}/pull_request_settings")

    def set_pull_request_settings(self, repository: str, change: PullRequestSettingsChange) -> PullRequestSettings:
        """30."""
        return self._set(
            PullRequestSettings, f"{repository_path(repository)}/pull_request_settings", change.parameters()
        )

    def set_member_role(
        self, repository: str, login: str, role: GitCodeRole, *, customized_role: str | None = None
    ) -> GitCodeMember:
        """32. `customized_role` is the `role_id` of one of `customized_roles`."""
        answer = self._api.send_json(
            "PUT",
            f"{repository_path(repository)}/members/{segment(login)}",
            body={"permission": role, "role_id": customized_role},
            repeatable=True,
        )
        return self._api.read(GitCodeMember, answer)

    def customized_roles(self, repository: str) -> list[GitCodeCustomizedRole]:
        """34. Roles made for this repository beside the standard ones."""
        return self._api.get(list[GitCodeCustomizedRole], f"{repository_path(repository)}/customized_roles")
