"""`matou show`: what an archive holds, as a table; of one repository, its refs."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from click.exceptions import Exit

from matou.archive.layout import Archive
from matou.cli.archive_to_read import archive_to_read
from matou.cli.command import Command, WholeNumber, imported
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument, json_lines_option
from matou.cli.runs import utc
from matou.cli.ui.formatting import columns, local_time, size
from matou.cli.ui.output import print_error, say
from matou.errors import Invalid
from matou.i18n import format_error, labelled, printable
from matou.i18n import gettext as _
from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, ISSUE, RELEASE
from matou.transfer.backup.status import archive_status
from matou.transfer.backup.wording import gap_name, gap_reason, outcome_name
from matou.transfer.common.saved_repositories import SavedRepository, show_one
from matou.transfer.common.saved_repositories import show as show_saved

_ITEM_OPTIONS = {
    "issues": ISSUE,
    "changes": CHANGE,
    "releases": RELEASE,
    "commit_comments": COMMIT_COMMENT,
    "issue": ISSUE,
    "change": CHANGE,
    "release": RELEASE,
}


@click.command(
    "show",
    cls=Command,
    examples={
        "matou show DIR TEAM/PROJECT/REPOSITORY --at 3": _("the refs of one repository as run 3 saved them"),
        "matou show DIR TEAM/PROJECT/REPOSITORY --issues": _("its issues"),
        "matou show DIR TEAM/PROJECT/REPOSITORY --issue 7": _("one issue with everything that was said about it"),
    },
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)
@archive_argument
@click.argument("path", required=False, help=_("one repository, by its path or the end of it: its refs"))
@click.option("--at", type=WholeNumber(min=1), metavar="RUN", help=_("as of this run; the last one by default"))
@click.option("--issues", is_flag=True, help=_("its issues, or those of the project that it is in"))
@click.option("--changes", is_flag=True, help=_("its change requests: merge requests, pull requests"))
@click.option("--releases", is_flag=True, help=_("its releases"))
@click.option("--commit-comments", is_flag=True, help=_("what was said on its commits"))
@click.option("--issue", metavar="N", help=_("one issue with its comments"))
@click.option("--change", metavar="N", help=_("one change request with its reviews and comments"))
@click.option("--release", metavar="TAG", help=_("one release with its files"))
@json_lines_option
def show(directory: Path, path: str | None, at: int | None, as_json: bool, **wanted: bool | str | None) -> None:
    requested = [(kind, wanted[option]) for option, kind in _ITEM_OPTIONS.items() if wanted[option]]
    if not requested:
        show_repositories(directory, path, at, as_json)
        return
    if len(requested) > 1:
        raise Invalid("only one of these at a time: {options}", options=_named_options())
    if path is None:
        raise Invalid("which repository is not said", advice="name it: matou show DIR TEAM/PROJECT/REPOSITORY --issues")
    kind, key = requested[0]
    imported("matou.cli.run.show_items:show_items")(directory, path, kind, None if key is True else key, at, as_json)


def _named_options() -> str:
    return ", ".join(f"--{one.replace('_', '-')}" for one in _ITEM_OPTIONS)


def show_repositories(directory: Path, path: str | None, at: int | None, as_json: bool) -> None:
    archive = archive_to_read(directory)
    shown = show_saved(archive, at=at) if path is None else show_one(archive, path, at=at)
    repositories = sorted(shown.repositories, key=lambda one: one.line.path)
    if as_json:
        for one in repositories:
            click.echo(json.dumps(_values(archive, one), ensure_ascii=True))
    else:
        for line in _table(archive, repositories) if path is None else _lines(repositories[0]):
            click.echo(line)
    if not repositories:
        say(_("the archive has no repository yet"))
    if path is None and at is None and not as_json:
        _say_gaps(archive)
    faults = [
        labelled(printable(one.line.path), format_error(one.fault)) for one in repositories if one.fault is not None
    ]
    faults += (format_error(unread.fault) for unread in shown.unread)
    for fault in faults:
        print_error(fault)
    if faults:
        raise Exit(ExitCode.DAMAGE_FOUND)


def _say_gaps(archive: Archive) -> None:
    """What nobody finds here, since it could not be had."""
    for source in archive_status(archive).sources:
        for gap in source.gaps:
            say(labelled(gap_name(gap), gap_reason(gap)))


def _values(archive: Archive, repository: SavedRepository) -> dict[str, object]:
    line, refs = repository.line, repository.refs
    changed_at = repository.changed_at(archive)
    return {
        "path": line.path,
        "name": line.name,
        "outcome": line.outcome,
        "reason": line.reason,
        "head": refs.head or refs.detached_head if refs else None,
        "refs": dict(refs.refs) if refs else {},
        "source": {"platform": repository.source.platform, "url": repository.source.url},
        "saved_in": line.saved_in,
        "last_change": utc(changed_at) if changed_at else None,
        "size_bytes": repository.size_bytes(archive),
    }


def _table(archive: Archive, repositories: list[SavedRepository]) -> Iterator[str]:
    if not repositories:
        return
    rows = [(_("path"), _("refs"), _("size"), _("last change"), _("state"))]
    rows += [
        (
            printable(one.line.path),
            "" if one.line.refs is None else f"{one.line.refs:,}",
            size(one.size_bytes(archive)) if one.line.snapshot else "",
            _moment(one.changed_at(archive)),
            outcome_name(one.line.outcome),
        )
        for one in repositories
    ]
    yield from columns(rows)


def _lines(repository: SavedRepository) -> Iterator[str]:
    line, refs = repository.line, repository.refs
    yield f"{printable(line.path)}  ({outcome_name(line.outcome)})"
    if refs is None:
        return
    if refs.head or refs.detached_head:
        yield f"  HEAD  {printable(str(refs.head or refs.detached_head))}"
    for name, oid in refs.refs.items():
        yield f"  {oid}  {printable(name)}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else local_time(moment)
