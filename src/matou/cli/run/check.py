"""The database is compared with the folders, or its index made anew from them."""

from pathlib import Path

import click
from click.exceptions import Exit

from matou import __version__
from matou.cli.exit_codes import ExitCode
from matou.cli.labels import FINDINGS, counted_repositories
from matou.cli.open_forge import existing_forge_at
from matou.cli.ui.output import say
from matou.forge.maintenance.check import check as find_disagreements
from matou.forge.maintenance.reindex import reindex as index_again
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.backup.metadata.rebuild import Rebuilt
from matou.wiring import rebuild_metadata

REBUILT = {
    Rebuilt.SAME: _("its metadata is the same as what the platform answered gives"),
    Rebuilt.RESTORED: _("its metadata was made again"),
    Rebuilt.DIFFERENT: _("its metadata is not what the platform answered gives; it was left alone"),
    Rebuilt.MISSING: _("its metadata is lost, and cannot be made again from what the platform answered"),
}


def check(directory: Path) -> None:
    with existing_forge_at(directory) as forge:
        say(f"matou {__version__}")
        findings = find_disagreements(forge)
    for finding in findings:
        click.echo(labelled(FINDINGS[finding.kind], printable(finding.what)))
    if findings:
        raise Exit(ExitCode.DAMAGE_FOUND)
    say(_("the database and the folders agree"))


def reindex(directory: Path, metadata: bool) -> None:
    is_whole = not metadata or _rebuild(directory)
    with existing_forge_at(directory) as forge:
        report = index_again(forge)
    for problem in report.problems:
        click.echo(format_error(problem), err=True)
    say(
        _("{sources}, {namespaces}, {repositories}").format(
            sources=ngettext("{count} source", "{count} sources", report.sources).format(count=report.sources),
            namespaces=ngettext("{count} namespace", "{count} namespaces", report.namespaces).format(
                count=report.namespaces
            ),
            repositories=counted_repositories(report.repositories),
        ),
    )
    if report.problems or not is_whole:
        raise Exit(ExitCode.DAMAGE_FOUND)


def _rebuild(directory: Path) -> bool:
    """Whether everything could be read, and nothing is lost."""
    rebuilt, faults = rebuild_metadata(directory, Settings.of_process())
    for one in rebuilt:
        click.echo(labelled(printable(one.path), REBUILT[one.state]))
    for fault in faults:
        click.echo(format_error(fault), err=True)
    return not faults and all(one.state is not Rebuilt.MISSING for one in rebuilt)
