"""GitHub's labels, milestones, releases, members, webhooks and protected branches as metadata."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal

from matou.model.metadata import (
    WITHHELD,
    CommitComment,
    DiffPosition,
    MarkupText,
    MemberGrant,
    Milestone,
    ProtectionRule,
    ReleaseAsset,
    SavedRelease,
    Webhook,
)
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead, TableRead
from matou.platforms.base.metadata_values import (
    People,
    Rules,
    commit_in,
    is_time,
    leftover,
    markdown,
    time_of,
)
from matou.platforms.base.v5_mapping import label_of, milestone_of
from matou.platforms.github.metadata_items import STATES, has_no_reactions
from matou.platforms.github.metadata_people import DECODER, PERSON, is_person, people
from matou.platforms.github.wire_issues import GitHubLabel, GitHubMilestone, GitHubUser
from matou.platforms.github.wire_pulls import GitHubCommitComment
from matou.platforms.github.wire_releases import (
    GitHubAsset,
    GitHubCollaborator,
    GitHubHook,
    GitHubProtectedBranch,
    GitHubRelease,
)

ON_COMMIT: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "html_url", "body", "commit_id", "path", "line", "position")),
    **dict.fromkeys(("created_at", "updated_at"), is_time),
    "user": is_person,
    "reactions": has_no_reactions,
}

LABEL: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "name", "color", "description")),
    "default": lambda value: value is False,
}

MILESTONE: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "html_url", "labels_url", "number", "title", "description", "state")),
    # Counts of what the issues themselves say.
    **dict.fromkeys(("open_issues", "closed_issues")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "due_on"), is_time),
    "creator": is_person,
}

RELEASE: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "html_url", "assets_url", "upload_url", "tarball_url", "zipball_url")),
    **dict.fromkeys(
        ("tag_name", "target_commitish", "name", "body", "draft", "prerelease", "assets", "mentions_count")
    ),
    **dict.fromkeys(("created_at", "published_at"), is_time),
    "updated_at": None,
    "author": is_person,
    "reactions": has_no_reactions,
}

ASSET: Final[Rules] = {
    **dict.fromkeys(("id", "node_id", "url", "browser_download_url", "name", "size", "download_count")),
    **dict.fromkeys(("created_at",), is_time),
    "uploader": is_person,
}

MEMBER: Final[Rules] = PERSON

HOOK: Final[Rules] = {
    **dict.fromkeys(("id", "name", "active", "events", "type", "url", "test_url", "ping_url", "deliveries_url")),
    # What the last call of it gave.
    "last_response": None,
    "config": {"url": None, "secret": None, "content_type": None},
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}

ROLES: Final = ("admin", "maintain", "write", "read")
"""Those that are the same in our words."""


def comment_on_commit(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GitHubCommitComment, value), people()
    given = original_of(row)
    position = None
    if row.path:
        as_given = {key: given[key] for key in ("path", "line", "position") if given.get(key) is not None}
        position = DiffPosition(
            commit=row.commit_id or None,
            path=row.path,
            side="new",
            line=row.line or None,
            diff_index=row.position or None,
            as_given=as_given,
        )
    item = CommitComment(
        id=str(row.id),
        commit=row.commit_id or None,
        position=position,
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at) or time_of(row.created_at),
        url=row.html_url or None,
        extra=leftover(given, ON_COMMIT) or None,
    )
    return ItemRead(item=item, people=named.seen)


def labels_of(values: Iterable[object]) -> TableRead:
    rows = (DECODER.read(GitHubLabel, value) for value in values)
    return TableRead(
        rows=tuple(
            replace(label_of(row, leftover(original_of(row), LABEL)), description=row.description or None)
            for row in rows
        )
    )


def milestones_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape."""
    named = people()
    rows = tuple(_milestone_of(DECODER.read(GitHubMilestone, value), named) for value in values)
    return TableRead(rows=rows, people=named.seen)


def _milestone_of(row: GitHubMilestone, named: People[GitHubUser]) -> Milestone:
    given = original_of(row)
    creator = named.key_of(DECODER.read(GitHubUser, given["creator"]) if is_person(given.get("creator")) else None)
    extra = {**leftover(given, MILESTONE), **({"creator": creator} if creator else {})}
    plain = milestone_of(row, STATES, extra, what="github Milestone")
    return replace(plain, id=str(row.id) if row.id else None, closed_at=time_of(row.closed_at))


def release_key(row: GitHubRelease) -> str:
    """Its tag. Several drafts may be for one tag, which is not made yet, so that they are known by their ids."""
    return f"untagged-{row.id}" if row.draft else row.tag_name


def release_of(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GitHubRelease, value), people()
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
        assets=tuple(_asset_of(asset, named) for asset in row.assets or ()),
        url=row.html_url or None,
        extra={**extra, **({"tag_name": row.tag_name} if row.draft else {})} or None,
    )
    addresses = {asset.browser_download_url: asset.url for asset in row.assets or ()}
    return ItemRead(item=item, people=named.seen, addresses=addresses)


def _asset_of(row: GitHubAsset, named: People[GitHubUser]) -> ReleaseAsset:
    uploader = named.key_of(row.uploader)
    extra = leftover(original_of(row), ASSET)
    return ReleaseAsset(
        id=str(row.id),
        name=row.name,
        size=row.size or None,
        url=row.browser_download_url,
        at=time_of(row.created_at),
        extra={**extra, **({"uploader": uploader} if uploader else {})} or None,
    )


def members_of(values: Iterable[object]) -> TableRead:
    named, grants = people(), []
    for value in values:
        row = DECODER.read(GitHubCollaborator, value)
        key = named.key_of(row)
        if key is not None:
            known = {**MEMBER, "permissions": None, "role_name": lambda role: role in ROLES}
            extra = leftover(original_of(row), known) or None
            grants.append(MemberGrant(person=key, role=_role_of(row), extra=extra))
    return TableRead(rows=tuple(grants), people=named.seen)


def _role_of(row: GitHubCollaborator) -> Literal["reporter", "developer", "maintainer", "owner"]:
    """GitHub's roles in ours: who may triage may read, and no more of the code than that."""
    may = row.permissions or None
    if may is not None and may.admin:
        return "owner"
    if may is not None and may.maintain:
        return "maintainer"
    if may is not None and may.push:
        return "developer"
    return "reporter"


def hooks_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(_hook_of(DECODER.read(GitHubHook, value)) for value in values))


def _hook_of(row: GitHubHook) -> Webhook:
    """Whoever knows its address may post to it, so that no record has that either."""
    settings = row.config or None
    return Webhook(
        id=str(row.id),
        name=row.name or None,
        url=WITHHELD,
        events=tuple(row.events or ()),
        active=row.active if isinstance(row.active, bool) else None,
        content_type=(settings.content_type or None) if settings else None,
        secret=WITHHELD if settings and settings.secret else None,
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        extra=leftover(original_of(row), HOOK) or None,
    )


def protections_of(values: Iterable[object]) -> TableRead:
    """Names of protected branches; what may be done there only those who administer the repository are told."""
    rows = (DECODER.read(GitHubProtectedBranch, value) for value in values)
    named = (row.name for row in rows if row.protected is not False)
    return TableRead(rows=tuple(ProtectionRule(pattern=name, target="branch") for name in named))
