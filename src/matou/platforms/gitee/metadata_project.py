"""Gitee's labels, milestones, releases, members, webhooks, protected branches and comments on commits as metadata."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from matou.model.metadata import (
    MemberGrant,
    ProtectionRule,
    ReleaseAsset,
    SavedRelease,
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
from matou.platforms.base.v5_mapping import (
    COMMIT_COMMENT,
    HOOK,
    MILESTONE,
    commit_comment_of,
    hook_of,
    label_of,
    milestone_of,
)
from matou.platforms.gitee.metadata_people import DECODER, PERSON, is_person, people
from matou.platforms.gitee.wire_issues import GiteeLabel, GiteeMilestone, GiteeUserBasic
from matou.platforms.gitee.wire_project import GiteeHook, GiteeProjectMember, GiteeProtectedBranch
from matou.platforms.gitee.wire_pulls import GiteeCommitComment
from matou.platforms.gitee.wire_releases import GiteeAttachFile, GiteeRelease, GiteeReleaseFile

MILESTONE_STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"open": "open", "closed": "closed"}

LABEL: Final[Rules] = dict.fromkeys(("id", "name", "color", "url", "repository_id"))

RELEASE: Final[Rules] = {
    **dict.fromkeys(("id", "tag_name", "target_commitish", "prerelease", "name", "body", "assets")),
    "author": is_person,
    "created_at": is_time,
}

ASSET: Final[Rules] = {**dict.fromkeys(("id", "name", "size", "browser_download_url")), "uploader": is_person}

ON_COMMIT: Final[Rules] = {**COMMIT_COMMENT, **dict.fromkeys(("user", "in_reply_to_user"), is_person)}

MEMBER: Final[Rules] = PERSON

HOOK_WITH_TITLE: Final[Rules] = {**HOOK, "title": None}

PROTECTION: Final[Rules] = dict.fromkeys(("name", "protected", "commit", "protection_url"))

GENERATED: Final = ("/archive/refs/", "/repository/archive/")
"""What the address of an archive has that Gitee makes of the sources when it is asked."""


def comment_on_commit(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GiteeCommitComment, value), people()
    given = original_of(row)
    replied_to = named.key_of(row.in_reply_to_user)
    item = commit_comment_of(
        row,
        named.key_of(row.user),
        {**leftover(given, ON_COMMIT), **({"in_reply_to_user": replied_to} if replied_to else {})},
        text=markdown(row.body, row.body_html),
        line=row.new_line or None,
        diff_index=row.position or None,
        given=given,
    )
    return ItemRead(item=item, people=named.seen)


def labels_of(values: Iterable[object]) -> TableRead:
    rows = (DECODER.read(GiteeLabel, value) for value in values)
    return TableRead(rows=tuple(label_of(row, leftover(original_of(row), LABEL)) for row in rows))


def milestones_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape."""
    rows = (DECODER.read(GiteeMilestone, value) for value in values)
    return TableRead(
        rows=tuple(
            milestone_of(row, MILESTONE_STATES, leftover(original_of(row), MILESTONE), what="gitee Milestone")
            for row in rows
        )
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
    rows = (DECODER.read(GiteeHook, value) for value in values)
    return TableRead(
        rows=tuple(hook_of(row, leftover(original_of(row), HOOK_WITH_TITLE), name=row.title or None) for row in rows)
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
