"""Gitee's labels, milestones, releases, members, webhooks and protected branches as metadata."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from matou.errors import UnknownShape
from matou.model.metadata import (
    WITHHELD,
    LabelDefinition,
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
    color_of,
    commit_in,
    day_of,
    is_time,
    leftover,
    markdown,
    time_of,
)
from matou.platforms.gitee.metadata_people import DECODER, PERSON, is_person, people
from matou.platforms.gitee.wire_issues import GiteeLabel, GiteeMilestone, GiteeUserBasic
from matou.platforms.gitee.wire_project import GiteeHook, GiteeProjectMember, GiteeProtectedBranch
from matou.platforms.gitee.wire_releases import GiteeAttachFile, GiteeRelease, GiteeReleaseFile

MILESTONE_STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"open": "open", "closed": "closed"}

LABEL: Final[Rules] = dict.fromkeys(("id", "name", "color", "url", "repository_id"))

MILESTONE: Final[Rules] = {
    **dict.fromkeys(("url", "html_url", "repository_id")),
    # Counts of what the issues themselves say.
    **dict.fromkeys(("open_issues", "closed_issues")),
    **dict.fromkeys(("number", "title", "description", "state")),
    **dict.fromkeys(("created_at", "updated_at", "due_on"), is_time),
}

RELEASE: Final[Rules] = {
    **dict.fromkeys(("id", "tag_name", "target_commitish", "prerelease", "name", "body", "assets")),
    "author": is_person,
    "created_at": is_time,
}

ASSET: Final[Rules] = {**dict.fromkeys(("id", "name", "size", "browser_download_url")), "uploader": is_person}

MEMBER: Final[Rules] = PERSON

EVENTS: Final = {
    "push_events": "push",
    "tag_push_events": "tag_push",
    "issues_events": "issues",
    "note_events": "note",
    "merge_requests_events": "merge_requests",
}

HOOK: Final[Rules] = {
    **dict.fromkeys(("id", "url", "password", "title", "project_id", *EVENTS)),
    # What the last call of it gave.
    **dict.fromkeys(("result", "result_code")),
    "created_at": is_time,
}

PROTECTION: Final[Rules] = dict.fromkeys(("name", "protected", "commit", "protection_url"))

GENERATED: Final = ("/archive/refs/", "/repository/archive/")
"""What the address of an archive has that Gitee makes of the sources when it is asked."""


def labels_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(label_of(DECODER.read(GiteeLabel, value)) for value in values))


def label_of(row: GiteeLabel) -> LabelDefinition:
    return LabelDefinition(
        name=row.name,
        id=str(row.id) if row.id else None,
        color=color_of(row.color),
        extra=leftover(original_of(row), LABEL) or None,
    )


def milestones_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(milestone_of(DECODER.read(GiteeMilestone, value)) for value in values))


def milestone_of(row: GiteeMilestone) -> Milestone:
    """Raises UnknownShape."""
    if row.state and row.state not in MILESTONE_STATES:
        raise UnknownShape("gitee Milestone.state", row.state)
    return Milestone(
        number=str(row.number),
        title=row.title,
        text=markdown(row.description or None),
        state=MILESTONE_STATES[row.state or "open"],
        due=day_of(row.due_on),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        kind="milestone",
        extra=leftover(original_of(row), MILESTONE) or None,
    )


def release_of(value: object, files: Iterable[object] | None) -> ItemRead:
    """A release.

    Args:
        files: what `attach_files` tells, which alone has sizes; None where it was not asked, so that the release's own
            list counts.

    Raises:
        UnknownShape: what no release can do without is not there, or of another kind.
    """
    row, named = DECODER.read(GiteeRelease, value), people()
    attached = [DECODER.read(GiteeAttachFile, file) for file in files or ()]
    own = [] if files is not None else own_files(row)
    item = SavedRelease(
        tag=row.tag_name,
        id=str(row.id),
        name=row.name or row.tag_name,
        text=markdown(row.body),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        draft=False,
        prerelease=bool(row.prerelease),
        commit=commit_in(row.target_commitish),
        target=row.target_commitish or None,
        assets=(*(_asset_of(file, named) for file in attached), *(_bare_asset_of(file) for file in own)),
        extra=leftover(original_of(row), RELEASE) or None,
    )
    return ItemRead(item=item, people=named.seen)


def own_files(row: GiteeRelease) -> list[GiteeReleaseFile]:
    """Those that somebody attached."""
    return [file for file in row.assets or () if not is_generated(file.browser_download_url)]


def is_generated(address: str) -> bool:
    return any(mark in address for mark in GENERATED)


def members_of(values: Iterable[object]) -> TableRead:
    named, grants = people(), []
    for value in values:
        row = DECODER.read(GiteeProjectMember, value)
        key = named.key_of(row)
        if key is not None:
            extra = leftover(original_of(row), MEMBER) or None
            grants.append(MemberGrant(person=key, role=_role_of(row), extra=extra))
    return TableRead(rows=tuple(grants), people=named.seen)


def hooks_of(values: Iterable[object]) -> TableRead:
    return TableRead(rows=tuple(hook_of(DECODER.read(GiteeHook, value)) for value in values))


def hook_of(row: GiteeHook) -> Webhook:
    """Whoever knows its address may post to it, so that no record has that either."""
    return Webhook(
        id=str(row.id),
        name=row.title or None,
        url=WITHHELD,
        events=tuple(event for key, event in EVENTS.items() if getattr(row, key) is True),
        secret=WITHHELD if row.password else None,
        at=time_of(row.created_at),
        extra=leftover(original_of(row), HOOK) or None,
    )


def protections_of(values: Iterable[object]) -> TableRead:
    """Of the branches those that are protected; who may do what there, this API does not say."""
    rows = (DECODER.read(GiteeProtectedBranch, value) for value in values)
    return TableRead(
        rows=tuple(
            ProtectionRule(pattern=row.name, target="branch", extra=leftover(original_of(row), PROTECTION) or None)
            for row in rows
            if row.protected
        )
    )


def _asset_of(file: GiteeAttachFile, named: People[GiteeUserBasic]) -> ReleaseAsset:
    uploader = named.key_of(file.uploader)
    extra = leftover(original_of(file), ASSET)
    return ReleaseAsset(
        id=str(file.id),
        name=file.name,
        size=file.size or None,
        url=file.browser_download_url or f"attach_files/{file.id}",
        extra={**extra, **({"uploader": uploader} if uploader else {})} or None,
    )


def _bare_asset_of(file: GiteeReleaseFile) -> ReleaseAsset:
    return ReleaseAsset(name=file.name or file.browser_download_url.rpartition("/")[2], url=file.browser_download_url)


def _role_of(row: GiteeProjectMember) -> Literal["reporter", "developer", "maintainer"]:
    permissions = row.permissions or None
    if permissions is not None and permissions.admin:
        return "maintainer"
    return "developer" if permissions is not None and permissions.push else "reporter"
