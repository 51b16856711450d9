"""How faithfully a target takes what an archive holds, kind by kind: what a plan foretells and a report is held to.

One table for each method of migration that a platform offers; its record has them (`Platform.methods`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from matou.errors import Phrase
from matou.model.metadata import kinds
from matou.model.metadata.kinds import MetadataKind


class MigrationMethod(StrEnum):
    """How what people said comes to a target."""

    PULL = "pull"
    """The target's own importer takes it from a Matou, which it takes for a GitHub."""
    REST = "rest"
    """Matou writes it, one request an item; the account that writes is its author there."""
    ARCHIVE = "archive"
    """Matou writes files that the target's import reads; somebody else hands them over."""
    GIT = "git"
    """It does not: branches, tags and LFS objects are all that is sent."""


class MigratedKind(StrEnum):
    """A row of the table: what is carried in one manner. `model/metadata/kinds.py` says how it is kept."""

    CODE = "code"
    LFS = "lfs"
    WIKI = "wiki"
    """A repository of pages."""
    PROJECT_WIKI = "project-wiki"
    """Pages of a project, which are no repository."""
    ISSUE = "issue"
    PROJECT_ISSUE = "project-issue"
    """One that belongs to a project and to none of its repositories."""
    COMMENT = "comment"
    OPEN_CHANGE = "open-change"
    CLOSED_CHANGE = "closed-change"
    """A change request that was merged or closed."""
    REVIEW = "review"
    REVIEWER = "reviewer"
    """Somebody who was asked for a review, and has not answered yet."""
    LINE_COMMENT = "line-comment"
    LABEL = "label"
    MILESTONE = "milestone"
    RELEASE = "release"
    RELEASE_DRAFT = "release-draft"
    """A release that was not published yet."""
    ASSET = "asset"
    ATTACHMENT = "attachment"
    """A picture or a file in a text; one that has two names is one."""
    ASSIGNEE = "assignee"
    EVENT = "event"
    REACTION = "reaction"
    COMMIT_COMMENT = "commit-comment"
    DISCUSSION = "discussion"
    ADVISORY = "advisory"
    BOARD = "board"
    ANNOUNCEMENT = "announcement"
    MEMBER = "member"
    PROTECTION = "protection"
    HOOK = "hook"


class KeptTrait(StrEnum):
    """What tells an item from a copy of its text."""

    NUMBER = "number"
    TIME = "time"
    AUTHOR = "author"


class CarriedForm(StrEnum):
    """As what something stands at the target."""

    ITSELF = "itself"
    ISSUE = "issue"
    """As an issue, since the target lets nobody make what it was."""
    TEXT = "text"
    """In the text of what it belonged to."""
    LISTED = "listed"
    """Nowhere: it stays in the archive, and the report counts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How faithfully one kind is carried.

    Attributes:
        keeps: of the traits that the kind has.
        header: whether the traits that are not kept stand in a line at the head of the text.
        note: what a person should know of it besides.
    """

    form: CarriedForm
    keeps: frozenset[KeptTrait] = frozenset()
    header: bool = False
    note: Phrase | None = None

    @property
    def arrives(self) -> bool:
        return self.form is not CarriedForm.LISTED


FidelityTable: TypeAlias = Mapping[MigratedKind, Fidelity]
"""For every kind."""

_ALL: Final = frozenset(KeptTrait)
_SPOKEN: Final = frozenset({KeptTrait.TIME, KeptTrait.AUTHOR})

TRAITS: Final[Mapping[MigratedKind, frozenset[KeptTrait]]] = {
    MigratedKind.ISSUE: _ALL,
    MigratedKind.PROJECT_ISSUE: _ALL,
    MigratedKind.OPEN_CHANGE: _ALL,
    MigratedKind.CLOSED_CHANGE: _ALL,
    MigratedKind.COMMENT: _SPOKEN,
    MigratedKind.REVIEW: _SPOKEN,
    MigratedKind.LINE_COMMENT: _SPOKEN,
    MigratedKind.RELEASE: _SPOKEN,
    MigratedKind.RELEASE_DRAFT: _SPOKEN,
}
"""Which ones the kinds have of which it matters; the others have none."""

WHOLE: Final = Fidelity(form=CarriedForm.ITSELF, keeps=_ALL)
UNCARRIED: Final = Fidelity(form=CarriedForm.LISTED)

SAID_EVERYWHERE: Final = frozenset(
    {
        MigratedKind.COMMENT,
        MigratedKind.OPEN_CHANGE,
        MigratedKind.CLOSED_CHANGE,
        MigratedKind.REVIEWER,
        MigratedKind.LINE_COMMENT,
        MigratedKind.LABEL,
        MigratedKind.MILESTONE,
        MigratedKind.RELEASE,
        MigratedKind.ASSET,
        MigratedKind.ATTACHMENT,
        MigratedKind.ASSIGNEE,
        MigratedKind.MEMBER,
        MigratedKind.PROTECTION,
        MigratedKind.HOOK,
    }
)
"""What each platform tells of which anything is read but the code."""

COUNTED_AS: Final[Mapping[MetadataKind, MigratedKind]] = {
    kinds.LABEL: MigratedKind.LABEL,
    kinds.MILESTONE: MigratedKind.MILESTONE,
    kinds.BOARD: MigratedKind.BOARD,
    kinds.PROTECTION: MigratedKind.PROTECTION,
    kinds.HOOK: MigratedKind.HOOK,
    kinds.MEMBER: MigratedKind.MEMBER,
    kinds.COMMIT_COMMENT: MigratedKind.COMMIT_COMMENT,
    kinds.WIKI_PAGE: MigratedKind.PROJECT_WIKI,
    kinds.ANNOUNCEMENT: MigratedKind.ANNOUNCEMENT,
    kinds.DISCUSSION: MigratedKind.DISCUSSION,
    kinds.ADVISORY: MigratedKind.ADVISORY,
}
"""The kinds of which each item is carried, or is not, as what it is; the others hold rows of several kinds."""
IN_HEADER: Final = Fidelity(form=CarriedForm.ITSELF, header=True)
COMMITTED: Final = Fidelity(
    form=CarriedForm.ITSELF,
    note=Phrase("in a repository beside it, NAME-history, as the API takes none; files of at most 100 MiB"),
)
"""Of pictures and files at a platform whose API has no call for them."""
AS_ISSUE: Final = Fidelity(form=CarriedForm.ISSUE, header=True)

CODE_ALONE: Final[FidelityTable] = {
    **dict.fromkeys(MigratedKind, UNCARRIED),
    MigratedKind.CODE: WHOLE,
    MigratedKind.LFS: WHOLE,
    MigratedKind.WIKI: Fidelity(form=CarriedForm.ITSELF, note=Phrase("as a repository of its own, NAME-wiki")),
}
"""Of a target to which nothing but git is sent."""


def code_alone(reason: Phrase) -> FidelityTable:
    """The same, and why all else stays where it is."""
    return {
        kind: fidelity if fidelity.arrives else replace(fidelity, note=reason) for kind, fidelity in CODE_ALONE.items()
    }


_BY_REST: Final[FidelityTable] = {
    **CODE_ALONE,
    MigratedKind.ISSUE: IN_HEADER,
    MigratedKind.PROJECT_ISSUE: Fidelity(
        form=CarriedForm.ITSELF,
        header=True,
        note=Phrase("in the project's repository of the same name, or else in its first one"),
    ),
    MigratedKind.COMMENT: IN_HEADER,
    MigratedKind.OPEN_CHANGE: IN_HEADER,
    MigratedKind.CLOSED_CHANGE: AS_ISSUE,
    MigratedKind.REVIEW: Fidelity(
        form=CarriedForm.ITSELF, header=True, note=Phrase("as comments that say what was decided")
    ),
    MigratedKind.LINE_COMMENT: Fidelity(
        form=CarriedForm.ITSELF, header=True, note=Phrase("at their lines on open change requests, else as comments")
    ),
    MigratedKind.LABEL: WHOLE,
    MigratedKind.MILESTONE: WHOLE,
    MigratedKind.RELEASE: IN_HEADER,
    MigratedKind.ASSET: WHOLE,
    MigratedKind.ATTACHMENT: WHOLE,
    MigratedKind.ASSIGNEE: Fidelity(form=CarriedForm.ITSELF, note=Phrase("those whom --people names")),
}
"""What most platforms' APIs let anybody write."""


def by_rest(**different: Fidelity) -> FidelityTable:
    """What a platform's API takes: as most do, but for these kinds, by their names with `_`."""
    return {**_BY_REST, **{MigratedKind[name.upper()]: fidelity for name, fidelity in different.items()}}
