"""Gitea's labels, milestones, releases, members, webhooks and protections as metadata."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    WITHHELD,
    LabelDefinition,
    MemberGrant,
    Milestone,
    PersonKey,
    ProtectionRule,
    ReleaseAsset,
    SavedRelease,
    Webhook,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead, TableRead
from matou.platforms.base.metadata_values import (
    Rules,
    commit_in,
    is_time,
    leftover,
    markdown,
    time_of,
)
from matou.platforms.base.v5_mapping import label_of, milestone_of
from matou.platforms.gitea.metadata_items import STATES, addresses_of
from matou.platforms.gitea.metadata_people import DECODER, GiteaPeople, is_person
from matou.platforms.gitea.wire_issues import GiteaLabel, GiteaMilestone, GiteaUser
from matou.platforms.gitea.wire_releases import (
    GiteaAsset,
    GiteaBranchProtection,
    GiteaGrant,
    GiteaHook,
    GiteaRelease,
    GiteaTagProtection,
)

LABEL: Final[Rules] = {
    **dict.fromkeys(("id", "name", "color", "description", "exclusive", "url")),
    "is_archived": lambda value: value is False,
}

MILESTONE: Final[Rules] = {
    **dict.fromkeys(("id", "title", "description", "state")),
    # Counts of what the issues themselves say.
    **dict.fromkeys(("open_issues", "closed_issues")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "due_on"), is_time),
}

RELEASE: Final[Rules] = {
    **dict.fromkeys(("id", "url", "html_url", "upload_url", "tarball_url", "zipball_url", "tag_name", "name", "body")),
    **dict.fromkeys(("target_commitish", "draft", "prerelease", "assets", "archive_download_count")),
    **dict.fromkeys(("created_at", "published_at"), is_time),
    "author": is_person,
}

ASSET: Final[Rules] = {
    **dict.fromkeys(("id", "name", "size", "uuid", "browser_download_url", "download_count")),
    "created_at": is_time,
    "type": lambda value: value == "attachment",
}

HOOK: Final[Rules] = {
    **dict.fromkeys(("id", "type", "active", "events")),
    "authorization_header": None,
    "config": {"url": None, "content_type": None, "secret": None},
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}

BRANCH_PROTECTION: Final[Rules] = dict.fromkeys(("rule_name", "branch_name", "enable_force_push", "required_approvals"))

NEVER: Final = ("9999-", "9998-12-31")
"""How the day begins that Gitea's importer writes, by its own clock, where a milestone is due on none."""

ROLES: Final[Mapping[str, Literal["reporter", "developer", "maintainer", "owner"]]] = {
    "owner": "owner",
    "admin": "maintainer",
    "write": "developer",
    "read": "reporter",
}


def labels_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(_label_of(DECODER.read(GiteaLabel, value)) for value in values))


def _label_of(row: GiteaLabel) -> LabelDefinition:
    plain = label_of(row, leftover(original_of(row), LABEL))
    return replace(plain, description=row.description or None, exclusive=row.exclusive or None)


def milestones_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape."""
    return TableRead(rows=tuple(_milestone_of(DECODER.read(GiteaMilestone, value)) for value in values))


def _milestone_of(row: GiteaMilestone) -> Milestone:
    plain = milestone_of(row, STATES, leftover(original_of(row), MILESTONE), what="gitea Milestone")
    due = None if (plain.due or "").startswith(NEVER) else plain.due
    return replace(plain, id=str(row.id), closed_at=time_of(row.closed_at), due=due)


def release_key(row: GiteaRelease) -> str:
    """Its tag. Several drafts may be for one tag, which is not made yet, so that they are known by their ids."""
    return f"untagged-{row.id}" if row.draft else row.tag_name


def release_of(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GiteaRelease, value), GiteaPeople()
    extra = leftover(original_of(row), RELEASE)
    item = SavedRelease(
        tag=release_key(row),
        id=str(row.id),
        name=row.name or row.tag_name,
        text=markdown(row.body),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        published_at=time_of(row.published_at),
        draft=bool(row.draft),
        prerelease=bool(row.prerelease),
        commit=commit_in(row.target_commitish),
        target=row.target_commitish or None,
        assets=tuple(_asset_of(asset) for asset in row.assets or ()),
        url=row.html_url or None,
        extra={**extra, **({"tag_name": row.tag_name} if row.draft else {})} or None,
    )
    return ItemRead(item=item, people=named.seen, addresses=addresses_of(row.assets))


def _asset_of(row: GiteaAsset) -> ReleaseAsset:
    return ReleaseAsset(
        id=str(row.id),
        name=row.name,
        size=row.size or None,
        url=row.browser_download_url,
        at=time_of(row.created_at),
        extra=leftover(original_of(row), ASSET) or None,
    )


def members_of(grants: Iterable[tuple[GiteaUser, GiteaGrant]]) -> TableRead:
    """Raises UnknownShape: there is a role that has no name here."""
    named, rows = GiteaPeople(), []
    for person, grant in grants:
        key: PersonKey | None = named.key_of(person)
        if grant.permission not in ROLES:
            raise UnknownShape("gitea RepoCollaboratorPermission.permission", grant.permission)
        if key is not None:
            rows.append(MemberGrant(person=key, role=ROLES[grant.permission]))
    return TableRead(rows=tuple(rows), people=named.seen)


def hooks_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(_hook_of(DECODER.read(GiteaHook, value)) for value in values))


def _hook_of(row: GiteaHook) -> Webhook:
    """Whoever knows its address may post to it, so that no record has that either."""
    settings = row.config or {}
    content_type = settings.get("content_type")
    return Webhook(
        id=str(row.id),
        name=row.type or None,
        url=WITHHELD,
        events=tuple(row.events or ()),
        active=row.active if isinstance(row.active, bool) else None,
        content_type=content_type if isinstance(content_type, str) else None,
        secret=WITHHELD if settings.get("secret") else None,
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        extra=leftover(original_of(row), HOOK) or None,
    )


def protections_of(branches: Iterable[object], tags: Iterable[object]) -> TableRead:
    """Who may push stands in `extra`, in the words of the platform."""
    rules = [_branch_rule(DECODER.read(GiteaBranchProtection, value)) for value in branches]
    for value in tags:
        row = DECODER.read(GiteaTagProtection, value)
        extra = leftover(original_of(row), {"id": None, "name_pattern": None})
        rules.append(ProtectionRule(id=str(row.id), pattern=row.name_pattern, target="tag", extra=extra or None))
    return TableRead(rows=tuple(rules))


def _branch_rule(row: GiteaBranchProtection) -> ProtectionRule:
    return ProtectionRule(
        pattern=row.rule_name or row.branch_name or "",
        target="branch",
        force_push=row.enable_force_push if isinstance(row.enable_force_push, bool) else None,
        approvals=row.required_approvals or None,
        extra=leftover(original_of(row), BRANCH_PROTECTION) or None,
    )
