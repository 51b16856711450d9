"""The lines of code that a thread of a review stands at: as the platform gave them, else as the commit has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matou.db.repositories import Repository
from matou.errors import MatouError
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import read_file
from matou.forge.forge import Forge
from matou.git.odb.objects import InvalidTreePath, TreePath
from matou.markup import without_controls
from matou.model.metadata import DiffPosition, PersonKey, ReviewThread
from matou.model.names import ObjectId
from matou.server.web.conversation.saved_page import PersonName, SavedPage, shown

LINES_SHOWN: Final = 6
LONGEST_LINE: Final = 160
LARGEST_FILE_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class CodeLine:
    """`number` is 0 where it is not known; `sign` what a difference has before it."""

    number: int
    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class ThreadHead:
    """Where a thread stands, and what became of it. `href` is empty where the commit is not here."""

    place: str
    href: str
    lines: Sequence[CodeLine]
    resolved: bool
    resolved_by: PersonName | None
    outdated: bool

    @property
    def size_bytes(self) -> int:
        return sum(80 + len(line.text.encode(errors="replace")) for line in self.lines)


def thread_head(page: SavedPage, thread: ReviewThread, commits: frozenset[str]) -> ThreadHead:
    """Args: commits: those that are here."""
    position = thread.position
    path = thread.path or ("" if position is None else position.path)
    line = None if position is None else position.line
    commit = _commit_of(position)
    is_here = commit in commits
    return ThreadHead(
        place=shown(path if line is None else f"{path}:{line}"),
        href=page.url("blob", commit, path) + (f"#L{line}" if line else "") if is_here and path else "",
        lines=[] if position is None else _lines(page, position, commit if is_here else ""),
        resolved=bool(thread.resolved),
        resolved_by=page.person(_resolver(thread)),
        outdated=bool(thread.outdated),
    )


def commits_of(thread: ReviewThread) -> str:
    """The commit that a thread's lines are of; empty where that is not known."""
    return _commit_of(thread.position)


def _resolver(thread: ReviewThread) -> PersonKey | None:
    return thread.resolved_by if thread.resolved else None


def _commit_of(position: DiffPosition | None) -> str:
    if position is None:
        return ""
    return (position.base if position.side == "old" else position.commit) or ""


def _lines(page: SavedPage, position: DiffPosition, commit: str) -> list[CodeLine]:
    if position.hunk:
        return _hunk_lines(position.hunk)
    if page.code is None or not commit or position.line is None or position.line < 1:
        return []
    first = max(1, position.first_line or position.line - 3)
    path = (position.old_path if position.side == "old" else None) or position.path
    return _lines_in(
        page.view.forge, page.code, ObjectId(commit), path, max(first, position.line - LINES_SHOWN), position.line
    )


def _hunk_lines(hunk: str) -> list[CodeLine]:
    last = without_controls(hunk[-LINES_SHOWN * LONGEST_LINE * 2 :]).rstrip("\n").split("\n")[-LINES_SHOWN:]
    return [_hunk_line(line[:LONGEST_LINE]) for line in last]


def _hunk_line(line: str) -> CodeLine:
    return CodeLine(0, line[1:], line[0]) if line[:1] in ("+", "-", " ") else CodeLine(0, line)


def _lines_in(
    forge: Forge, code: Authorized[Repository, MayReadCode], commit: ObjectId, path: str, first: int, last: int
) -> list[CodeLine]:
    """None where the file is not there, or is no text."""
    try:
        place = TreePath(tuple(path.split("/")))
        content = read_file(forge, code, commit, place, largest_bytes=LARGEST_FILE_BYTES).content
    except (InvalidTreePath, MatouError):
        return []
    if content is None or b"\0" in content:
        return []
    lines = content.decode("utf-8", "replace").split("\n")[first - 1 : last]
    return [
        CodeLine(number, without_controls(line.rstrip("\r"))[:LONGEST_LINE]) for number, line in enumerate(lines, first)
    ]
