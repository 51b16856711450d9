"""Actions about how a project and a depot were set up: webhooks, protections, rights. Nothing here goes by it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from matou.db.namespaces import Namespace
from matou.forge.access import MaySeeHooks, MaySeeMembers, MaySeeSettings, authorize
from matou.model.metadata import WITHHELD, Participant, ProtectionRule, Webhook
from matou.model.metadata.kinds import HOOK, MEMBER, PROTECTION
from matou.platforms.coding import wire_contents, wire_settings
from matou.platforms.coding import wire_requests_metadata as requests
from matou.platforms.coding.wire import milliseconds
from matou.platforms.coding.wire_requests import OfDepot
from matou.server.api.params import InvalidParameterValue
from matou.server.api.saved_rows import JsonRow, merged, number_of
from matou.server.dialects.coding.context import (
    READ_PROJECT,
    READ_REPOSITORY,
    CodingAction,
    TeamContext,
    action,
    page_request,
)
from matou.server.dialects.coding.depots import find_depot
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.merge_rows import DepotRows
from matou.server.dialects.coding.planning import settings_of
from matou.server.dialects.coding.projects import find_project
from matou.server.dialects.coding.saved import SavedRows, open_depot, rows_of_project

PROJECT: Final = "PROJECT"


def hooks(context: TeamContext, request: requests.DescribeServiceHooks) -> SavedAnswer:
    page = page_request(request.page_number, request.page_size)
    project = find_project(context, request.project_id).subject
    authorize(context.forge, context.identity, MaySeeHooks, project)
    rows = rows_of_project(context, project)
    made = [_hook_row(rows, hook) for hook in rows.conversation.table(HOOK).values()]
    found = [row for row in made if _is_wanted(row, request)]
    data = {
        "ServiceHook": page.of(found),
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": len(found),
    }
    return SavedAnswer(values={"Data": data})


def principals(context: TeamContext, request: requests.DescribeProjectMemberPrincipals) -> SavedAnswer:
    """People among them, of whose members CODING tells the same."""
    page = page_request(request.page_number, request.page_size)
    project = find_project(context, request.project_id).subject
    authorize(context.forge, context.identity, MaySeeMembers, project)
    rows = rows_of_project(context, project)
    if request.policy_id:
        raise InvalidParameterValue("a condition on {key} is not answered here", key="PolicyId")
    blank = msgspec.to_builtins(wire_settings.CodingPrincipal(principal_id=""))
    others = [merged({**blank}, given) for given in settings_of(rows, "principals")]
    keyword = request.keyword.casefold()
    found = [row for row in [*_people(rows), *others] if keyword in str(row["PrincipalName"]).casefold()]
    data = {"Principals": page.of(found), "PageNumber": page.number, "PageSize": page.size, "TotalCount": len(found)}
    return SavedAnswer(values={"Data": data})


def branch_protections(context: TeamContext, request: requests.DescribeBranchProtections) -> SavedAnswer:
    rows = _protected(context, request)
    return SavedAnswer(values={"BranchProtections": [_protection_row(rows, one) for one in _rules(rows, "branch")]})


def protection_members(context: TeamContext, request: requests.DescribeBranchProtectionMembers) -> SavedAnswer:
    rows = _protected(context, request)
    rule = next((one for one in _rules(rows, "branch") if number_of(one.id) == request.branch_protection_id), None)
    people = {one.login: one for one in rows.conversation.people().values()}
    found = [] if rule is None else [_member_row(people, rule, name) for name in rule.merge or ()]
    return SavedAnswer(values={"Members": found})


def protected_tags(context: TeamContext, request: requests.DescribeGitProtectedTags) -> SavedAnswer:
    rows = _protected(context, request)
    blank = wire_contents.GitTag(commit=wire_contents.GitTagCommit(sha=""), message="", tag_name="")
    found = [{**msgspec.to_builtins(blank), "TagName": one.pattern} for one in _rules(rows, "tag")]
    return SavedAnswer(values={"GitTags": found})


def _protected(context: TeamContext, request: OfDepot) -> DepotRows:
    find_depot(context, request, MaySeeSettings)
    return open_depot(context, request)


def _rules(rows: DepotRows, target: str) -> Sequence[ProtectionRule]:
    table = rows.conversation.table(PROTECTION).values()
    return [one for one in table if one.target == target and one.gone_in is None]


def _protection_row(rows: DepotRows, rule: ProtectionRule) -> JsonRow:
    row = wire_settings.BranchProtection(
        branch_protection_id=number_of(rule.id),
        rule=rule.pattern,
        deny_force_push=rule.force_push is False,
        required_grant_count=rule.approvals or 0,
    )
    return rows.complete(row, rule.extra)


def _member_row(people: dict[str, Participant], rule: ProtectionRule, name: str) -> JsonRow:
    known = people.get(name)
    row = wire_settings.BranchProtectionMember(
        global_key=name, name=known.name if known else "", allow_push=name in (rule.push or ())
    )
    return msgspec.to_builtins(row)  # type: ignore[no-any-return]


def _hook_row(rows: SavedRows[Namespace], hook: Webhook) -> dict[str, Any]:
    row = wire_settings.ServiceHook(
        id=hook.id,
        name=hook.name or "",
        target_type="" if rows.is_own else PROJECT,
        action_properties=WITHHELD if hook.secret else "",
        event=list(hook.events),
        enabled=bool(hook.active),
        creator_by_user=wire_settings.ServiceHookUser(),
        updated_by_user=wire_settings.ServiceHookUser(),
        created_at=milliseconds(hook.at),
        updated_at=milliseconds(hook.updated_at),
    )
    made = rows.complete(row, hook.extra)
    # Where it comes from the project has another number, and nothing else has hooks here.
    return {**made, "TargetId": rows.conversation.granted.subject.id if made["TargetType"] == PROJECT else 0}


def _is_wanted(row: JsonRow, request: requests.DescribeServiceHooks) -> bool:
    """Of one condition the other ones hold, too."""
    events: Any = row["Event"]
    return (
        request.target_type.upper() == PROJECT
        and request.name.casefold() in str(row["Name"]).casefold()
        and (not request.service or row["Service"] in request.service)
        and (not request.event or any(event in request.event for event in events))
        and (not request.creator_by or row["CreatorBy"] in request.creator_by)
        and request.enabled.lower() in ("", str(row["Enabled"]).lower())
    )


def _people(rows: SavedRows[Namespace]) -> list[JsonRow]:
    keys = (grant.person for grant in rows.conversation.table(MEMBER).values() if grant.gone_in is None)
    known = [rows.participant(key) for key in keys]
    made = [
        wire_settings.CodingPrincipal(principal_id=one.key, principal_name=one.name, principal_type="USER")
        for one in known
        if one is not None
    ]
    return [msgspec.to_builtins(row) for row in made]


_SAVED: Final = "What was saved of the source; nothing here goes by it"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeServiceHooks,
        hooks,
        READ_PROJECT,
        "For owners. Where a webhook leads, and its key, are `[withheld]`: neither is kept. `Status` is not looked at.",
    ),
    action(
        requests.DescribeProjectMemberPrincipals,
        principals,
        READ_PROJECT,
        f"{_SAVED}. For members of the project. People have no `Policies`; `PolicyId` is refused.",
    ),
    action(
        requests.DescribeBranchProtections,
        branch_protections,
        READ_REPOSITORY,
        f"{_SAVED}. For developers. `MatcherCount` is 0.",
    ),
    action(requests.DescribeBranchProtectionMembers, protection_members, READ_REPOSITORY, f"{_SAVED}. For developers."),
    action(
        requests.DescribeGitProtectedTags,
        protected_tags,
        READ_REPOSITORY,
        f"{_SAVED}. For developers. Of a tag only its name is there: what it names, DescribeGitTag tells.",
    ),
)
