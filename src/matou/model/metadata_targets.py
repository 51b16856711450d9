"""What is written to a target of what people said, what a target takes of it, and what it shows to be there.

Texts are complete here: header line, hidden marker and all. Whoever writes them to a platform adds nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from matou.model.metadata.base import Day


class ItemKind(StrEnum):
    """What has a number and comments at a target."""

    ISSUE = "issue"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class ItemAddress:
    """An item at the target, by what people see."""

    kind: ItemKind
    number: str


class FileDelivery(StrEnum):
    """How a picture or a file that a text names comes to the target."""

    UPLOADED = "uploaded"
    """By a call that needs no item yet; the text can name it from the beginning."""
    ATTACHED = "attached"
    """To an item that is there already; its text is changed after that."""
    COMMITTED = "committed"
    """Not by the API: into a repository beside this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRules:
    """What a target takes, and how it counts.

    Attributes:
        shares_numbers: whether issues and change requests have one sequence of numbers.
        is_sequential: whether an item's number is the last one and one.
        issue_sign, change_sign: what stands before a number in a text to make a link of it.
        longest_title, longest_text: in characters; longest_page likewise, of a page of a wiki.
        shortest_label, longest_label: in characters.
        not_in_labels: characters that no label's name may have; cut_label_sign stands where one was cut.
        needs_due: whether a milestone must have a day on which it ends.
        closes_milestones: whether one can be made that is closed.
        needs_release_text: whether the text of a release may not be empty.
        has_milestones: whether there are any; without them each becomes a label.
        has_line_comments: whether a comment can be put on a line of an open change request.
        has_drafts: whether a change request can be a draft.
        has_labels_of_changes, assigns_changes: whether one can have labels, and people who are responsible for it.
        has_threads: whether a comment on a line can be answered in its thread.
        edits_comments: whether a comment can be changed once it is written.
        has_release_drafts: whether a release can be kept from those who only read.
        has_assets: whether files can be added to a release.
        file_delivery: how files that texts name come there.
        largest_file: in bytes, of a text; largest_asset: of a release.
        largest_push: in bytes, of files that are committed.
    """

    shares_numbers: bool
    is_sequential: bool
    issue_sign: str = "#"
    change_sign: str = "!"
    longest_title: int = 255
    longest_text: int = 65_000
    shortest_label: int = 1
    longest_label: int = 50
    not_in_labels: str = ""
    cut_label_sign: str = "~"
    needs_due: bool = False
    closes_milestones: bool = True
    needs_release_text: bool = False
    has_milestones: bool = True
    has_line_comments: bool = True
    has_drafts: bool = True
    has_labels_of_changes: bool = True
    assigns_changes: bool = True
    has_threads: bool = False
    edits_comments: bool = True
    has_release_drafts: bool = False
    has_assets: bool = True
    file_delivery: FileDelivery
    longest_page: int = 50_000
    largest_file: int = 20 * 1024**2
    largest_asset: int | None = None
    largest_push: int = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A label that is to be. `color` has six hexadecimal digits in lower case."""

    name: str
    color: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMilestone:
    title: str
    text: str = ""
    due: Day | None = None
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssue:
    """An issue that is to be; it begins open.

    Attributes:
        labels: names that the target has.
        milestone: what the target calls it: `TargetMilestone.id`.
        assignees: the target's names of people, never such as are only alike.
        author: its name of whoever wrote it, where that was said; few targets let one write as another.
    """

    title: str
    text: str
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    assignees: tuple[str, ...] = ()
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChangeRequest(NewIssue):
    """A change request that is to be: both branches are in the target's repository."""

    head: str
    base: str
    is_draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedComment:
    """`author` as of `NewIssue`."""

    text: str
    created_at: datetime
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedIssue(NewIssue):
    """An issue with all that was said on it, as it came to be: times are aware.

    Attributes:
        number: what it is to have, where `IssueImporter.sets_numbers`; None for the next one.
    """

    number: int | None = None
    created_at: datetime
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    is_closed: bool = False
    comments: tuple[ImportedComment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLineComment:
    """A comment on a line of what a change request changes.

    Attributes:
        commit: the new side of the difference.
        line: in the file of its side, from 1; `first_line` where it is about more than one.
        is_old_side: whether it stands on a line that is gone.
    """

    text: str
    path: str
    old_path: str
    commit: str
    line: int
    first_line: int | None = None
    is_old_side: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTargetRelease:
    """A release that is to be, of a tag that is there. `target` is the commit that the tag names."""

    tag: str
    name: str
    text: str
    target: str
    released_at: datetime | None = None
    is_prerelease: bool = False
    is_draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    """A page of a wiki that is to be. `parent` is what the target calls the page above it; None at the top."""

    title: str
    text: str
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPage:
    """A page of a wiki at the target, with its text as it is now."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to upload. `name` is harmless as a name of a file; `type` the media type that its bytes show."""

    name: str
    path: Path
    size_bytes: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEdit:
    """What is to become of an item that is there; None stays as it is.

    Attributes:
        title: what it is to be or has been; whoever migrates always says it, since some platforms want it each time.
        assignees: who is to be; none stands for whoever is, so that nobody takes away whom somebody chose there.
    """

    title: str | None = None
    text: str | None = None
    labels: tuple[str, ...] | None = None
    milestone: str | None = None
    assignees: tuple[str, ...] = ()
    is_closed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMilestone:
    """A milestone at the target. `id` is what an issue is given to stand in it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetItem:
    """An issue or a change request at the target, as it shows it.

    Attributes:
        comments: how many it has; None where a list does not say.
        author: the account that wrote it; empty where that is gone, None where the target tells nobody's.
    """

    number: str
    title: str
    text: str
    is_closed: bool
    comments: int | None = None
    url: str = ""
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetComment:
    """A comment at the target; its author as that of an item.

    Attributes:
        thread: what an answer to it is given, where the target has threads.
    """

    id: str
    text: str
    thread: str = ""
    url: str = ""
    author: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRelease:
    """A release at the target. `id` is what it is known by there: a number, or the tag."""

    id: str
    tag: str
    name: str
    text: str
    assets: tuple[str, ...] = ()
    url: str = ""
