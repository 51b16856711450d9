"""A small backup with a past: two runs, a force-push and a deleted branch between them, and one that failed.

What was said has a past, too: an issue was closed under another title, another one came, and what the project says of
its webhooks is refused.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from matou.model.platform import Inaccessible
from support.scripted_metadata import ScriptedAccess, ScriptedForge
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive

FERRY = "quay/boats/ferry"
TUG = "quay/boats/tug"
WRECK = "quay/boats/wreck"
FIRST = "the first timetable"
LOST = "what the force-push overwrote"
NEW = "what was pushed instead"
HOSTILE = "<img src=x onerror=alert(1)>"
BEFORE = "The ferry is late"
AFTER = "The ferry was late"
LATER = "The jetty is gone"
REMARK = "a remark of the second day"
FILE_DRIVE = Inaccessible(
    "files in the file drive", "CODING's Open API neither lists nor gives what is in the file drive"
)


@dataclass(frozen=True)
class SavedHarbour:
    """What was saved: of FERRY and TUG everything, of WRECK nothing.

    Attributes:
        old_tip: of FERRY's main, which run 1 saved and run 2 found overwritten.
        new_tip: of FERRY's main as of run 2.
        gone_tip: of FERRY's branch `jetty`, which was deleted before run 2.
    """

    root: Path
    old_tip: str
    new_tip: str
    gone_tip: str


def save_harbour(root: Path) -> SavedHarbour:
    """Two runs into an archive. It may be one that is there already."""
    source = ScriptedSource(root.with_name(root.name + "-source"), team="quay", unseen=[FILE_DRIVE])
    said, of_project = _conversations()
    access = ScriptedAccess({"100": said, "p1": of_project})
    boats = source.project("boats")
    ferry = source.repository("ferry", boats)
    first = commit(ferry, "refs/heads/main", {"timetable.txt": "8:00\n"}, message=FIRST)
    old_tip = commit(ferry, "refs/heads/main", {"timetable.txt": "8:00\n9:00\n", "lost.txt": "x\n"}, message=LOST)
    gone_tip = commit(ferry, "refs/heads/jetty", {"jetty.txt": HOSTILE}, message=HOSTILE)
    commit(source.repository("tug", boats), "refs/heads/main", {"tug.txt": "tug\n"})
    shutil.rmtree(source.repository("wreck", boats))
    archive = open_archive(root)
    back_up(source, archive, access=access)
    git(ferry, "update-ref", "refs/heads/main", first)
    new_tip = commit(ferry, "refs/heads/main", {"timetable.txt": "10:00\n"}, message=NEW)
    git(ferry, "update-ref", "-d", "refs/heads/jetty")
    said.issues["1"] |= {"title": AFTER, "state": "closed", "updated_at": said.later()}
    said.comment(11, 1, REMARK)
    said.issue(2, title=LATER)
    of_project.issue(9, title=LATER)
    back_up(source, archive, access=access)
    return SavedHarbour(root, old_tip, new_tip, gone_tip)


def _conversations() -> tuple[ScriptedForge, ScriptedForge]:
    """Of FERRY, and of the project that it belongs to, whose webhooks the token may not see."""
    said, of_project = ScriptedForge(), ScriptedForge()
    said.issue(1, title=BEFORE)
    said.comment(10, 1, "a remark of the first day")
    said.change(3, f"closes #1 {HOSTILE}")
    said.releases["v1"] = {"tag": "v1", "name": HOSTILE, "body": "the first", "by": "17", "updated_at": said.later(1)}
    of_project.issue(8, title=BEFORE)
    of_project.faults["GET /hooks"] = 403
    return said, of_project
