"""What a policy forgets is worked out and told; with --yes it is written down."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.exceptions import Exit

from matou.archive.layout import Archive
from matou.archive.lock import lock_out_servers
from matou.archive.manifest import read_run_line
from matou.archive.run_history import source_key
from matou.cli.exit_codes import ExitCode
from matou.cli.labels import counted_repositories
from matou.cli.privacy import write_privately
from matou.cli.ui.formatting import columns, faults_as_json, local_time, size
from matou.cli.ui.output import print_error, say
from matou.git.process.run import Limits
from matou.i18n import format_error, labelled, localize, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.room.forget import ForgetPlan, SourcePlan, forget
from matou.transfer.room.policy import Policy
from matou.transfer.room.prune import PruneReport
from matou.transfer.room.reach import RefsOfRepository
from matou.wiring import now, open_archive, prune_archive


def forget_runs(
    directory: Path,
    keep_last: int | None,
    keep_hourly: int | None,
    keep_daily: int | None,
    keep_weekly: int | None,
    keep_monthly: int | None,
    keep_yearly: int | None,
    keep_within: str | None,
    sources: tuple[str, ...],
    yes: bool,
    prunes: bool,
    as_json: bool,
) -> None:
    policy = Policy(
        last=keep_last,
        hourly=keep_hourly,
        daily=keep_daily,
        weekly=keep_weekly,
        monthly=keep_monthly,
        yearly=keep_yearly,
        within=keep_within,
    )
    archive = open_archive(directory)
    if yes:
        write_privately(directory)
    settings = Settings.of_process()
    limits = Limits(memory_bytes=settings.git_memory_bytes)
    if yes and prunes:
        # Who could not prune is told before anything is forgotten.
        with lock_out_servers(archive.root):
            pass
    plan = forget(archive, policy, now=now(), sources=sources, is_dry=not yes, limits=limits)
    if not as_json:
        click.echo("\n".join(_lines(archive, plan)))
        say(_done(plan) if yes else _("nothing was changed; with --yes these runs are forgotten"))
    report = prune_archive(directory, settings, is_dry=False, limits=limits) if prunes and yes else None
    if as_json:
        pruned = {} if report is None else {"pruned": _report_as_json(report, is_dry=False)}
        click.echo(json.dumps({**_as_json(plan, is_dry=not yes), **pruned}, ensure_ascii=True, indent=2))
    for path, fault in plan.faults.items():
        print_error(labelled(printable(path), format_error(fault)))
    if report is not None:
        _tell(report, is_dry=False, as_json=as_json)
    if plan.faults:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def prune_archive_at(directory: Path, yes: bool, as_json: bool) -> None:
    settings = Settings.of_process()
    if yes:
        write_privately(directory)
    limits = Limits(memory_bytes=settings.git_memory_bytes)
    report = prune_archive(directory, settings, is_dry=not yes, limits=limits)
    if as_json:
        click.echo(json.dumps(_report_as_json(report, is_dry=not yes), ensure_ascii=True, indent=2))
    _tell(report, is_dry=not yes, as_json=as_json)


def _tell(report: PruneReport, *, is_dry: bool, as_json: bool) -> None:
    """In words, and with the exit code; raises Exit where not all went that might."""
    if not as_json:
        click.echo("\n".join([*_lines_of_refs(report.repositories), _line_of_blobs(report)]))
        say(_("nothing was changed; with --yes this is freed") if is_dry else _freed(report))
    for path, fault in report.faults.items():
        print_error(labelled(printable(path), format_error(fault)))
    if report.blob_fault is not None:
        print_error(labelled(_("no blob was taken away"), format_error(report.blob_fault)))
    if report.faults or report.blob_fault is not None:
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _freed(report: PruneReport) -> str:
    return _("{size} were freed").format(size=size(report.freed_bytes + report.blob_bytes))


def _line_of_blobs(report: PruneReport) -> str:
    text = ngettext(
        "{count} blob that no kept run names: {size}", "{count} blobs that no kept run names: {size}", report.blobs
    )
    return text.format(count=report.blobs, size=size(report.blob_bytes))


def _report_as_json(report: PruneReport, *, is_dry: bool) -> dict[str, object]:
    return {
        "dry_run": is_dry,
        "kept_refs": _refs_as_json(report.repositories),
        "blobs": report.blobs,
        "blob_bytes": report.blob_bytes,
        "freed_bytes": report.freed_bytes + (0 if is_dry else report.blob_bytes),
        "faults": faults_as_json(report.faults),
        "blob_fault": None if report.blob_fault is None else str(report.blob_fault),
    }


def _refs_as_json(repositories: Sequence[RefsOfRepository]) -> list[dict[str, object]]:
    return [
        {"path": one.path, "freed_bytes": one.freed_bytes, "refs": dict(sorted(one.refs.items()))}
        for one in repositories
    ]


def _done(plan: ForgetPlan) -> str:
    count = len(plan.forgotten)
    text = ngettext("{count} run was forgotten", "{count} runs were forgotten", count).format(count=count)
    return text if not count else _("{what}; nothing was deleted yet").format(what=text)


def _lines(archive: Archive, plan: ForgetPlan) -> Iterator[str]:
    for source in plan.sources:
        yield from _lines_of(archive, source)
        yield ""
    for run in plan.unread:
        yield _("run {run} stays: its manifest cannot be read").format(run=run)
    if plan.repositories:
        yield from _lines_of_refs(plan.repositories)


def _lines_of_refs(repositories: Sequence[RefsOfRepository]) -> Iterator[str]:
    refs = sum(len(one.refs) for one in repositories)
    text = ngettext(
        "{count} kept ref that no kept run needs, in {repositories}: {size}",
        "{count} kept refs that no kept run needs, in {repositories}: {size}",
        refs,
    )
    freed = size(sum(one.freed_bytes for one in repositories))
    yield text.format(count=refs, repositories=counted_repositories(len(repositories)), size=freed)
    for one in repositories:
        yield f"  {printable(one.path)}  {size(one.freed_bytes)}"
        for name, oid in sorted(one.refs.items()):
            yield f"    {oid}  {printable(name)}"


def _lines_of(archive: Archive, plan: SourcePlan) -> Iterator[str]:
    kept, gone = len(plan.kept), len(plan.forgotten)
    yield labelled(
        printable(source_key(plan.source).text), _("runs: {kept} stay, {gone} go").format(kept=kept, gone=gone)
    )
    rows = [(run, _(", ").join(map(localize, reasons))) for run, reasons in plan.kept.items()]
    rows += [(run, _("goes")) for run in plan.forgotten]
    cells = [(f"{run:06d}", local_time(read_run_line(archive.manifest(run)).started_at), text) for run, text in rows]
    yield from (f"  {line}" for line in columns(sorted(cells)))
    for path in plan.gone:
        yield "  " + _("{path} is gone at the source; what was saved of it stays").format(path=printable(path))


def _as_json(plan: ForgetPlan, *, is_dry: bool) -> dict[str, object]:
    return {
        "dry_run": is_dry,
        "policy": str(plan.policy),
        "forgotten": list(plan.forgotten),
        "unread": list(plan.unread),
        "sources": [
            {
                "source": {"platform": one.source.platform, "url": one.source.url},
                "kept": {str(run): [str(reason) for reason in reasons] for run, reasons in one.kept.items()},
                "forgotten": list(one.forgotten),
                "gone_at_source": list(one.gone),
            }
            for one in plan.sources
        ],
        "kept_refs": _refs_as_json(plan.repositories),
        "faults": faults_as_json(plan.faults),
    }
