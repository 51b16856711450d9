"""A migration's report as a page: Markdown, kept in the archive beside the list of what went where."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.fs import make_folders, translate_os_errors, write_atomically
from matou.i18n import gettext as _
from matou.i18n import localize, printable
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.written_map import FOLDER
from matou.transfer.migrate.report import OUTCOME_NAMES, MigrationReport, Moved

_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


def write_page(archive: Archive, report: MigrationReport, now: datetime) -> Path:
    """Raises WriteFailed."""
    folder = archive.root / FOLDER
    path = folder / f"{now:%Y-%m-%dT%H%M%SZ}-{report.platform}.md"
    with translate_os_errors(path):
        make_folders(folder, below=archive.root)
        write_atomically(path, "\n".join((*_lines(report, now), "")).encode())
    return path


def _lines(report: MigrationReport, now: datetime) -> Iterator[str]:
    yield f"# {_('Migration to {url}').format(url=text(report.url))}"
    yield ""
    yield _("{when} UTC, as {account}").format(when=f"{now:%Y-%m-%d %H:%M}", account=text(report.account))
    yield ""
    yield f"| {_('what')} | {_('in the archive')} | {_('proven there')} | {_('how')} |"
    yield "|---|---:|---:|---|"
    for row in report.carried:
        yield f"| {localize(row.name)} | {row.held:,} | {row.arrived:,} | {text(localize(row.manner))} |"
    yield ""
    yield f"## {_('Repositories')}"
    for moved in report.repositories:
        yield from _of_repository(moved)
    for left in report.left_behind:
        yield ""
        yield f"* {text(left.source_path)}: {text(localize(left.reason))}"


def _of_repository(moved: Moved) -> Iterator[str]:
    yield ""
    source, target = text(moved.move.candidate.source_path), text(str(moved.move.target_path))
    yield f"* **{source}** → {target}: {localize(OUTCOME_NAMES[moved.outcome])}"
    for note in (*moved.notes, *(problem.fact for problem in moved.problems)):
        yield f"  * {text(localize(note))}"
    if moved.conversation is not None:
        yield from _of_conversation(moved.conversation)


def _of_conversation(conversation: ConversationReport) -> Iterator[str]:
    for reason, count in conversation.lost.items():
        yield f"  * {count} × {text(localize(reason))}"
    for note in (*conversation.notes, *(problem.fact for problem in conversation.problems)):
        yield f"  * {text(localize(note))}"


def text(value: str) -> str:
    """As it is, in Markdown: whatever a repository is called, it is no mark-up."""
    return _MARKS.sub(r"\\\1", printable(" ".join(value.split())))
