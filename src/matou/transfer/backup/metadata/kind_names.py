"""What people call each kind."""

from collections.abc import Mapping
from typing import Final

from matou.errors import Phrase

KIND_NAMES: Final[Mapping[str, Phrase]] = {
    "issue": Phrase("issues"),
    "change": Phrase("change requests"),
    "release": Phrase("releases"),
    "commit-comment": Phrase("comments on commits"),
    "discussion": Phrase("discussions"),
    "advisory": Phrase("security advisories"),
    "label": Phrase("labels"),
    "milestone": Phrase("milestones"),
    "board": Phrase("boards"),
    "protection": Phrase("protected branches and tags"),
    "setting": Phrase("settings"),
    "hook": Phrase("webhooks"),
    "member": Phrase("members"),
    "person": Phrase("people"),
    "wiki": Phrase("wiki pages"),
    "wiki-version": Phrase("versions of wiki pages"),
    "announcement": Phrase("announcements"),
    "artifact": Phrase("artifacts"),
    "test-case": Phrase("test cases"),
    "attachment": Phrase("attachments"),
    "asset": Phrase("files of releases"),
    "drive": Phrase("files in the file drive"),
}
"""By their names in the table of kinds; those that stand within items have none."""


def name_of(kind: str) -> Phrase:
    """A kind that a later Matou has is called by its name."""
    return KIND_NAMES.get(kind, Phrase("{kind}", kind=kind))
