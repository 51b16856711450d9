"""What an archive takes is measured, and told as a table."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.exceptions import Exit

from matou.cli.archive_to_read import archive_to_read
from matou.cli.exit_codes import ExitCode
from matou.cli.ui.formatting import columns, faults_as_json, size
from matou.cli.ui.output import print_error
from matou.git.process.run import Limits
from matou.i18n import format_error, labelled, ngettext, printable
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.room.usage import ArchiveUsage, Usage, measure


def show_usage(directory: Path, path: str | None, as_json: bool) -> None:
    settings = Settings.of_process()
    usage = measure(
        archive_to_read(directory), jobs=settings.processors, limits=Limits(memory_bytes=settings.git_memory_bytes)
    )
    repositories, namespaces = (usage.repositories, usage.namespaces) if path is None else usage.below(path)
    if as_json:
        click.echo(json.dumps(_as_json(usage, repositories, namespaces), ensure_ascii=True, indent=2))
    else:
        click.echo("\n".join([*_table(repositories, namespaces), *(_sums(usage) if path is None else ())]))
    for name, fault in usage.faults.items():
        print_error(labelled(printable(name), format_error(fault)))
    if usage.faults:
        raise Exit(ExitCode.DAMAGE_FOUND)


def _as_json(usage: ArchiveUsage, repositories: Sequence[Usage], namespaces: Sequence[Usage]) -> dict[str, object]:
    return {
        "repositories": [_values(one) for one in repositories],
        "namespaces": [_values(one) for one in namespaces],
        "archive": {
            "bytes": usage.total,
            "git_bytes": usage.git,
            "kept_refs_bytes": usage.kept,
            "metadata_bytes": usage.metadata,
            "blob_bytes": usage.blobs,
            "blobs": usage.blob_count,
            "shared_lfs_bytes": usage.shared,
            "record_bytes": usage.records,
            "manifest_bytes": usage.manifests,
            "other_bytes": usage.other,
            "free_bytes": usage.free,
        },
        "faults": faults_as_json(usage.faults),
    }


def _values(usage: Usage) -> dict[str, object]:
    return {
        "path": usage.path,
        "bytes": usage.total,
        "git_bytes": usage.git,
        "kept_refs_bytes": usage.kept,
        "lfs_bytes": usage.lfs,
        "metadata_bytes": usage.metadata,
        "file_bytes": usage.files,
    }


def _table(repositories: Sequence[Usage], namespaces: Sequence[Usage]) -> Iterator[str]:
    """Each namespace above what is in it; a namespace ends with a slash."""
    rows = [(one.path, f"{printable(one.path)}/", one) for one in namespaces]
    above = {one.path for one in namespaces}
    rows += [(one.path, printable(one.path), one) for one in repositories if one.path not in above]
    rows.sort(key=lambda row: row[0].split("/"))
    head = (_("path"), _("in all"), _("git"), _("of it only in kept refs"), _("LFS"), _("metadata"), _("files"))
    yield from columns([head, *((name, *_cells(one)) for _path, name, one in rows)])


def _cells(usage: Usage) -> tuple[str, ...]:
    kept = "?" if usage.kept is None else size(usage.kept)
    return size(usage.total), size(usage.git), kept, size(usage.lfs), size(usage.metadata), size(usage.files)


def _sums(usage: ArchiveUsage) -> Iterator[str]:
    yield ""
    blobs = ngettext("{count} blob, each counted once", "{count} blobs, each counted once", usage.blob_count)
    yield from columns(
        [
            (_("code"), size(usage.git), ""),
            (_("of it only in kept refs"), size(usage.kept), _("exactly, as it lies in packs")),
            (_("metadata"), size(usage.metadata), ""),
            (_("blobs"), size(usage.blobs), blobs.format(count=f"{usage.blob_count:,}")),
            (_("raw answers"), size(usage.records), ""),
            (_("manifests"), size(usage.manifests), ""),
            (_("the rest"), size(usage.other), ""),
            (_("in all"), size(usage.total), _("{size} are free").format(size=size(usage.free))),
        ]
    )
    if usage.shared:
        text = _("LFS objects that several repositories have count for each of them above; that saves {size}")
        yield text.format(size=size(usage.shared))
