"""10, 12, 27 to 30: what is set for one repository. Push rules (17, 18) stand in `push_rules.py`."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

import msgspec

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import Authorized, MayChangeSettings, MaySeeSettings
from matou.forge.forge import Forge
from matou.forge.repositories.repository_members import find_person, people_of
from matou.forge.repositories.settings import change_settings, read_settings, stored_settings
from matou.model.repository_settings import ChangeRequestSettings, Modules, RepositoryRules
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import InvalidParameter, MissingParameter, Nothing, Number, Parameters
from matou.server.api.route import Route, repository_route

_IDS = re.compile(r"\s*(?:\d{1,19}\s*(?:,\s*\d{1,19}\s*)*)?,?\s*", re.ASCII)
_SHARED = (
    "only_allow_merge_if_all_discussions_are_resolved",
    "only_allow_merge_if_pipeline_succeeds",
    "merge_method",
)
"""What stands beside `merge_request_setting` and not in it."""


class ModuleSettingsParams(Parameters, frozen=True, kw_only=True):
    """`has_issues` is what sections 20 and 31 call `has_issue`."""

    has_wiki: bool | None = None
    has_issue: bool | None = None
    has_issues: bool | None = None
    has_security: bool | None = None
    has_merge_request: bool | None = None
    has_fork: bool | None = None
    has_analysis: bool | None = None
    has_discussion: bool | None = None


class ReviewersParams(Parameters, frozen=True, kw_only=True):
    """People by name, with commas between."""

    assignees: str | None = None
    testers: str | None = None
    assignees_number: Number | None = None
    testers_number: Number | None = None


class RepositorySettingsParams(Parameters, frozen=True, kw_only=True):
    """`forbidden_developer_create_branch_user_ids`: with commas between; empty for nobody."""

    disable_fork: bool | None = None
    forbidden_developer_create_branch: bool | None = None
    forbidden_developer_create_tag: bool | None = None
    forbidden_committer_create_branch: bool | None = None
    forbidden_developer_create_branch_user_ids: str | None = None
    branch_name_regex: str | None = None
    tag_name_regex: str | None = None
    generate_pre_merge_ref: bool | None = None
    rebase_disable_trigger_webhook: bool | None = None
    open_gpg_verified: bool | None = None
    include_lfs_objects: bool | None = None


class PullRequestSettingsParams(Parameters, frozen=True, kw_only=True):
    """`approval_approver_ids`, `approval_tester_ids`: with commas between; empty for nobody."""

    approval_required_reviewers_enable: bool | None = None
    approval_required_reviewers: Number | None = None
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
    merge_method: str | None = None
    squash_merge_with_no_merge_commit: bool | None = None
    merged_commit_author: str | None = None
    approval_required_approvers: Number | None = None
    approval_approver_ids: str | None = None
    approval_tester_ids: str | None = None
    approval_required_testers: Number | None = None
    is_check_cla: bool | None = None
    is_allow_lite_merge_request: bool | None = None
    lite_merge_request_prefix_title: str | None = None
    close_issue_when_mr_merged: bool | None = None


def set_modules(context: RepositoryContext[MayChangeSettings], params: ModuleSettingsParams) -> wire.Success:
    changes = _changes_of(params)
    issues = changes.pop("has_issues", None)
    if issues is not None:
        changes.setdefault("has_issue", issues)
    change_settings(context.forge, context.granted, Modules, **changes)
    return wire.Success()


def set_reviewers(context: RepositoryContext[MayChangeSettings], params: ReviewersParams) -> wire.ReviewerSettings:
    values = {
        "approval_approver_ids": _ids_of(context, params.assignees),
        "approval_tester_ids": _ids_of(context, params.testers),
        "approval_required_approvers": params.assignees_number,
        "approval_required_testers": params.testers_number,
    }
    changes = {name: value for name, value in values.items() if value is not None}
    if not changes:
        raise MissingParameter("one of assignees, testers, assignees_number and testers_number must not be null")
    change_settings(context.forge, context.granted, ChangeRequestSettings, **changes)
    row_id, created_at, updated_at = _row(context.forge, context.granted)
    return wire.ReviewerSettings(
        id=row_id, created_at=wire.china_second(created_at), updated_at=wire.china_second(updated_at)
    )


def get_rules(context: RepositoryContext[MaySeeSettings], _: Nothing) -> wire.GitCodeRepositorySettings:
    return _rules(read_settings(context.forge, context.granted, RepositoryRules))


def set_rules(
    context: RepositoryContext[MayChangeSettings], params: RepositorySettingsParams
) -> wire.GitCodeRepositorySettings:
    changes = _changes_of(params, "forbidden_developer_create_branch_user_ids")
    return _rules(change_settings(context.forge, context.granted, RepositoryRules, **changes))


def get_change_requests(context: RepositoryContext[MaySeeSettings], _: Nothing) -> wire.PullRequestSettings:
    return _change_requests(context, read_settings(context.forge, context.granted, ChangeRequestSettings))


def set_change_requests(
    context: RepositoryContext[MayChangeSettings], params: PullRequestSettingsParams
) -> wire.PullRequestSettings:
    changes = _changes_of(params, "approval_approver_ids", "approval_tester_ids")
    return _change_requests(context, change_settings(context.forge, context.granted, ChangeRequestSettings, **changes))


def _changes_of(params: Parameters, *ids: str) -> dict[str, object]:
    """What the request says, the lists of ids read."""
    values = {name: value for name, value in msgspec.structs.asdict(params).items() if value is not None}
    return {name: _ids(name, value) if name in ids else value for name, value in values.items()}


def _ids(name: str, text: str) -> tuple[int, ...]:
    if not _IDS.fullmatch(text):
        raise InvalidParameter("{name} is not a list of ids with commas between", name=name)
    return tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))


def _ids_of(context: RequestContext, names: str | None) -> tuple[int, ...] | None:
    if names is None:
        return None
    logins = dict.fromkeys(name.strip() for name in names.split(","))
    return tuple(find_person(context.forge, name).id for name in logins if name)


def _rules(rules: RepositoryRules) -> wire.GitCodeRepositorySettings:
    ids = ",".join(str(user_id) for user_id in rules.forbidden_developer_create_branch_user_ids)
    return wire.GitCodeRepositorySettings(**{**asdict(rules), "forbidden_developer_create_branch_user_ids": ids})


def _change_requests(
    context: RepositoryContext[MaySeeSettings], settings: ChangeRequestSettings
) -> wire.PullRequestSettings:
    values = asdict(settings)
    shared = {name: values.pop(name) for name in _SHARED}
    approvers, testers = values.pop("approval_approver_ids"), values.pop("approval_tester_ids")
    row_id, created_at, updated_at = _row(context.forge, context.granted)
    return wire.PullRequestSettings(
        merge_request_setting=wire.MergeRequestSetting(
            id=row_id,
            project_id=context.repository.id,
            created_at=wire.china_moment(created_at),
            updated_at=wire.china_moment(updated_at),
            approval_approvers=_people(context, people_of(context.forge, approvers)),
            approval_testers=_people(context, people_of(context.forge, testers)),
            codeowner_merge_count=False,
            **values,
        ),
        **shared,
    )


def _people(context: RequestContext, users: Iterable[User]) -> list[wire.Person]:
    return [
        wire.Person(
            id=user.id,
            login=user.name,
            username=user.name,
            name=user.display_name or user.name,
            avatar_url="",
            html_url=context.links.user(user.name),
            iam_id=None,
            name_cn=user.display_name or user.name,
            nick_name=user.display_name or user.name,
            state="active" if user.active else "blocked",
            web_url=context.links.user(user.name),
        )
        for user in users
    ]


def _row(forge: Forge, granted: Authorized[Repository, MaySeeSettings]) -> tuple[int, datetime, datetime]:
    """The id and times of what is stored; before anything was set, 0 and the repository's own."""
    stored, repository = stored_settings(forge, granted, ChangeRequestSettings), granted.subject
    if stored is None:
        return 0, repository.created_at or repository.updated_at, repository.updated_at
    return stored.id, stored.created_at, stored.updated_at


ROUTES: tuple[Route, ...] = (
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/module/setting",
        MayChangeSettings,
        ModuleSettingsParams,
        set_modules,
        section=10,
        answer=wire.Success,
        choices="what is not named stays; `has_issues` is read as `has_issue`; forks and statistics that are switched "
        "off are refused to everybody with 403",
    ),
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/reviewer",
        MayChangeSettings,
        ReviewersParams,
        set_reviewers,
        section=12,
        answer=wire.ReviewerSettings,
        choices="sets what 29 calls `approval_approvers`, `approval_testers`, `approval_required_approvers` and "
        "`approval_required_testers`; a user who is not there is 404, and nothing is set",
    ),
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/repo_settings",
        MayChangeSettings,
        RepositorySettingsParams,
        set_rules,
        section=27,
        answer=wire.GitCodeRepositorySettings,
        choices="answers all fields that can be set; patterns are RE2's, and one that cannot be used is 400; an empty "
        "pattern or list takes the setting away",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/repo_settings",
        MaySeeSettings,
        Nothing,
        get_rules,
        section=28,
        answer=wire.GitCodeRepositorySettings,
        choices="all fields that can be set, as 27 answers",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/pull_request_settings",
        MaySeeSettings,
        Nothing,
        get_change_requests,
        section=29,
        answer=wire.PullRequestSettings,
        choices="`id` is 0 until something is set; `project_id` is the repository's id; there are no change requests "
        "yet, so that what is set is kept and shown, and nothing goes by it",
    ),
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/pull_request_settings",
        MayChangeSettings,
        PullRequestSettingsParams,
        set_change_requests,
        section=30,
        answer=wire.PullRequestSettings,
        choices="numbers of approvals are 0 to 5; `delete_source_branch_when_merged` is off by default, as in the "
        "sample",
    ),
)
