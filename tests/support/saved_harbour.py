"""A small backup with a past: two runs, a force-push and a deleted branch between them, and one that failed."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive

FERRY = "quay/boats/ferry"
TUG = "quay/boats/tug"
WRECK = "quay/boats/wreck"
FIRST = "the first timetable"
LOST = "what the force-push overwrote"
NEW = "what was pushed instead"
HOSTILE = "<img src=x onerror=alert(1)>"


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
    source = ScriptedSource(root.with_name(root.name + "-source"), team="quay")
    boats = source.project("boats")
    ferry = source.repository("ferry", boats)
    first = commit(ferry, "refs/heads/main", {"timetable.txt": "8:00\n"}, message=FIRST)
    old_tip = commit(ferry, "refs/heads/main", {"timetable.txt": "8:00\n9:00\n", "lost.txt": "x\n"}, message=LOST)
    gone_tip = commit(ferry, "refs/heads/jetty", {"jetty.txt": HOSTILE}, message=HOSTILE)
    commit(source.repository("tug", boats), "refs/heads/main", {"tug.txt": "tug\n"})
    shutil.rmtree(source.repository("wreck", boats))
    archive = open_archive(root)
    back_up(source, archive)
    git(ferry, "update-ref", "refs/heads/main", first)
    new_tip = commit(ferry, "refs/heads/main", {"timetable.txt": "10:00\n"}, message=NEW)
    git(ferry, "update-ref", "-d", "refs/heads/jetty")
    back_up(source, archive)
    return SavedHarbour(root, old_tip, new_tip, gone_tip)
