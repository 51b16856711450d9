"""GitCode's labels, milestones, releases, members, webhooks, protections and comments on commits as metadata."""

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
from matou.platforms.base.wire_struct import as_received
from matou.platforms.gitcode.metadata_people import PERSON, is_person, people
from matou.platforms.gitcode.wire_base import DECODER
from matou.platforms.gitcode.wire_issues import GitCodeLabel, GitCodeMilestone
from matou.platforms.gitcode.wire_pulls import GitCodeCommitComment
from matou.platforms.gitcode.wire_releases import (
    GitCodeHook,
    GitCodeProtectedBranch,
    GitCodeProtectedTag,
    GitCodeRelease,
    GitCodeReleaseFile,
)
from matou.platforms.gitcode.wire_users import Collaborator, Person

MILESTONE_STATES: Final[Mapping[str, Literal["open", "closed"]]] = {
    "active": "open",
    "open": "open",
    "opened": "open",
    "closed": "closed",
}

ON_COMMIT: Final[Rules] = {**COMMIT_COMMENT, "user": is_person}

LABEL: Final[Rules] = dict.fromkeys(("id", "name", "color", "repository_id"))

RELEASE: Final[Rules] = {
    **dict.fromkeys(("tag_name", "target_commitish", "prerelease", "name", "body", "assets")),
    "author": is_person,
    "created_at": is_time,
}

ASSET: Final[Rules] = dict.fromkeys(("id", "name", "browser_download_url", "type"))

ROLES: Final[tuple[tuple[int, Literal["guest", "reporter", "developer", "maintainer", "owner"]], ...]] = (
    (50, "owner"),
    (40, "maintainer"),
    (30, "developer"),
    (20, "reporter"),
    (0, "guest"),
)
"""GitLab's scale, with steps between: what each begins at."""

GROUPS: Final = ("no_one", "developers", "committer", "master", "maintainer", "owner")

PROTECTED_BRANCH: Final[Rules] = {
    "name": None,
    **{f"{group}_can_{act}": None for group in GROUPS for act in ("push", "merge")},
}

GENERATED: Final = ("/-/archive/", "/archive/refs/", "/repository/archive/")
"""What the address of an archive has that GitCode makes of the sources when it is asked."""


def comment_on_commit(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GitCodeCommitComment, value), people()
    given = original_of(row)
    line = row.new_line or row.position or None
    text, extra = markdown(row.body), leftover(given, ON_COMMIT)
    item = commit_comment_of(row, named.key_of(row.user), extra, text=text, line=line, given=given)
    return ItemRead(item=item, people=named.seen)


def labels_of(values: Iterable[object]) -> TableRead:
    rows = (DECODER.read(GitCodeLabel, value) for value in values)
    return TableRead(rows=tuple(label_of(row, leftover(original_of(row), LABEL)) for row in rows))


def milestones_of(values: Iterable[object]) -> TableRead:
    """Raises UnknownShape."""
    rows = (DECODER.read(GitCodeMilestone, value) for value in values)
    return TableRead(
        rows=tuple(
            milestone_of(row, MILESTONE_STATES, leftover(original_of(row), MILESTONE), what="gitcode Milestone")
            for row in rows
        )
    )


def release_of(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GitCodeRelease, value), people()
    item = SavedRelease(
        tag=row.tag_name,
        name=row.name or row.tag_name,
        text=markdown(row.body),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        draft=False,
        prerelease=bool(row.prerelease),
        commit=commit_in(row.target_commitish),
        target=row.target_commitish or None,
        assets=tuple(_asset_of(file) for file in own_files(row)),
        extra=leftover(original_of(row), RELEASE) or None,
    )
    return ItemRead(item=item, people=named.seen)


def own_files(row: GitCodeRelease) -> list[GitCodeReleaseFile]:
    """Those that somebody attached."""
    return [
        file
        for file in row.assets or ()
        if file.type != "source" and not any(mark in file.browser_download_url for mark in GENERATED)
    ]


def stable_address(address: str) -> str:
    """Without what signs it and lets it expire."""
    return address.partition("?")[0]


def members_of(values: Iterable[object]) -> TableRead:
    named, grants = people(), []
    for value in values:
        row = DECODER.read(Collaborator, value)
        key = named.key_of(
            DECODER.read(Person, {name: each for name, each in _mapping(value).items() if name in PERSON})
        )
        if key is not None:
            extra = leftover(as_received(row), PERSON) or None
            grants.append(MemberGrant(person=key, role=_role_of(row), extra=extra))
    return TableRead(rows=tuple(grants), people=named.seen)


def hooks_of(values: Iterable[object]) -> TableRead:
    rows = (DECODER.read(GitCodeHook, value) for value in values)
    return TableRead(rows=tuple(hook_of(row, leftover(original_of(row), HOOK)) for row in rows))


def protections_of(branches: Iterable[object], tags: Iterable[object]) -> TableRead:
    rules = [_branch_rule(DECODER.read(GitCodeProtectedBranch, value)) for value in branches]
    rules += [_tag_rule(DECODER.read(GitCodeProtectedTag, value)) for value in tags]
    return TableRead(rows=tuple(rules))


def _branch_rule(row: GitCodeProtectedBranch) -> ProtectionRule:
    return ProtectionRule(
        pattern=row.name,
        target="branch",
        push=_groups_that_can(row, "push"),
        merge=_groups_that_can(row, "merge"),
        extra=leftover(original_of(row), PROTECTED_BRANCH) or None,
    )


def _groups_that_can(row: GitCodeProtectedBranch, act: str) -> tuple[str, ...]:
    return tuple(group for group in GROUPS if getattr(row, f"{group}_can_{act}") is True)


def _tag_rule(row: GitCodeProtectedTag) -> ProtectionRule:
    return ProtectionRule(pattern=row.name, target="tag", extra=leftover(original_of(row), {"name": None}) or None)


def _asset_of(file: GitCodeReleaseFile) -> ReleaseAsset:
    return ReleaseAsset(
        id=str(file.id) if isinstance(file.id, int) else None,
        name=file.name,
        url=stable_address(file.browser_download_url),
        extra=leftover(original_of(file), ASSET) or None,
    )


def _role_of(row: Collaborator) -> Literal["guest", "reporter", "developer", "maintainer", "owner"]:
    if isinstance(row.access_level, int):
        return next((role for least, role in ROLES if (row.access_level or 0) >= least), "guest")
    if row.permissions.admin:
        return "maintainer"
    return "developer" if row.permissions.push else "reporter"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
