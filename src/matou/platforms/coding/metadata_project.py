"""What a project and a depot at CODING have but once, in our form: labels, iterations, versions, rights, webhooks."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from matou.model.metadata import (
    WITHHELD,
    Announcement,
    JsonObject,
    LabelDefinition,
    MarkupText,
    MemberGrant,
    Milestone,
    ProtectionRule,
    Webhook,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.coding.metadata_values import day, extra_of, source_or_html, source_text
from matou.platforms.coding.wire import CodingLabel, CodingMember, moment
from matou.platforms.coding.wire_contents import GitTag
from matou.platforms.coding.wire_pages import CodingAnnouncement
from matou.platforms.coding.wire_planning import CodingIteration, CodingVersion, ProjectIssueField
from matou.platforms.coding.wire_settings import BranchProtection, BranchProtectionMember, CodingPrincipal, ServiceHook

MemberRole: TypeAlias = Literal["guest", "reporter", "developer", "maintainer", "owner"]

ROLES: Final[Mapping[str, MemberRole]] = {
    "EnterpriseOwner": "owner",
    "EnterpriseAdmin": "owner",
    "ProjectAdmin": "maintainer",
    "ProjectManager": "maintainer",
    "ProductManager": "maintainer",
    "ProjectOperation": "developer",
    "ProjectMember": "developer",
    "EnterpriseMember": "developer",
    "ProjectGuest": "guest",
}
"""The roles that every team has, the strongest first; a team's own is a developer's, for it may be less or more."""

DONE: Final = frozenset({"COMPLETED", "已完成", "已发布", "已关闭"})
"""What a version is called that is out; a team may call it otherwise, and then it counts as open."""

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\Z")
_GREY = "999999"


def label_of(label: CodingLabel) -> LabelDefinition:
    color = _HEX.match(label.color)
    held = ("Id", "Name", *(("Color",) if color else ()))
    return LabelDefinition(
        id=str(label.id),
        name=label.name,
        color=_six_digits(color[1]) if color else _GREY,
        extra=extra_of(label, *held),
    )


def _six_digits(color: str) -> str:
    digits = color.lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def iteration_milestone(iteration: CodingIteration) -> Milestone:
    is_done = iteration.status == "COMPLETED"
    held = ("Code", "Name", "Goal", "StartAt", "EndAt", "CreatedAt", "UpdatedAt")
    return Milestone(
        number=str(iteration.code),
        title=iteration.name,
        text=MarkupText(markup="plain", body=iteration.goal) if iteration.goal else None,
        state="closed" if is_done else "open",
        start=day(iteration.start_at),
        due=day(iteration.end_at),
        at=moment(iteration.created_at),
        updated_at=moment(iteration.updated_at),
        kind="iteration",
        extra=extra_of(iteration, *held),
    )


def version_milestone(version: CodingVersion) -> Milestone:
    held = ("Id", "Code", "Name", "Description", "StartDate", "ReleaseDate", "CreatedAt", "UpdatedAt")
    return Milestone(
        number=str(version.code),
        id=str(version.id) if version.id else None,
        title=version.name,
        text=source_text(version.description),
        state="closed" if version.status in DONE else "open",
        start=day(version.start_date),
        due=day(version.release_date),
        at=moment(version.created_at),
        updated_at=moment(version.updated_at),
        kind="version",
        extra=extra_of(version, *held),
    )


def branch_rule(protection: BranchProtection, members: Sequence[BranchProtectionMember]) -> ProtectionRule:
    held = ("BranchProtectionId", "Rule", "DenyForcePush", "RequiredGrantCount", "MatcherCount")
    return ProtectionRule(
        id=str(protection.branch_protection_id),
        pattern=protection.rule,
        target="branch",
        push=tuple(sorted(member.global_key for member in members if member.allow_push)),
        merge=tuple(sorted(member.global_key for member in members)),
        force_push=not protection.deny_force_push,
        approvals=protection.required_grant_count,
        extra=extra_of(protection, *held),
    )


def tag_rule(tag: GitTag) -> ProtectionRule:
    """A tag that nobody may delete or move; what it names, git knows."""
    return ProtectionRule(pattern=tag.tag_name, target="tag", force_push=False, deletion=False)


def webhook_of(hook: ServiceHook) -> Webhook:
    """Where it posts to and with which key CODING tells in one text; nothing of that text is kept."""
    held = ("Id", "Name", "Event", "Enabled", "CreatedAt", "UpdatedAt", "ActionProperties", "FilterProperties")
    secret = WITHHELD if hook.action_properties else None
    rest = dict(extra_of(hook, *held, "CreatorByUser", "UpdatedByUser", "LastSucceedAt", "Status") or {})
    withheld = {key: WITHHELD for key in ("ActionProperties", "FilterProperties") if original_of(hook).get(key)}
    return Webhook(
        id=hook.id,
        name=hook.name or None,
        url=WITHHELD,
        events=tuple(hook.event),
        active=hook.enabled,
        secret=secret,
        at=moment(hook.created_at),
        updated_at=moment(hook.updated_at),
        extra={**rest, **withheld} or None,
    )


def member_grant(member: CodingMember) -> MemberGrant:
    """Mail, telephone and picture are not kept with the grant; mail stands with the person."""
    held = ("Id", "GlobalKey", "Name", "Email", "Phone", "Avatar")
    roles = {role.role_type for role in member.roles}
    role: MemberRole = next((ours for theirs, ours in ROLES.items() if theirs in roles), "developer")
    return MemberGrant(person=str(member.id), role=role, extra=extra_of(member, *held))


def principal_settings(principals: Sequence[CodingPrincipal]) -> list[JsonObject]:
    """Departments and groups that have rights in a project; people are members."""
    others = [one for one in principals if one.principal_type != "USER"]
    return [extra_of(one) or {} for one in sorted(others, key=lambda one: (one.principal_type, one.principal_id))]


def field_settings(fields: Sequence[ProjectIssueField]) -> list[JsonObject]:
    """The fields of issues, without which the numbers in their custom fields say nothing."""
    ordered = sorted(fields, key=lambda field: (field.issue_type, field.issue_field_id))
    return [extra_of(field) or {} for field in ordered]


def announcement_of(announcement: CodingAnnouncement) -> Announcement:
    held = ("Id", "ContentOrigin", *(() if announcement.content_origin else ("ContentHtml",)))
    return Announcement(
        id=str(announcement.id),
        text=source_or_html(announcement.content_origin, announcement.content_html),
        extra=extra_of(announcement, *held),
    )
