"""`matou export`: everything that was said around the repositories of an archive, in a folder that needs no Matou."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.errors import Conflict, Damaged, MatouError, NotFound
from matou.fs import translate_os_errors
from matou.git.odb.objects import TooLargeToRead
from matou.i18n import speaking
from matou.transfer.common.filters import RepositoryFilter, require_matches
from matou.transfer.common.saved_metadata import ListedMetadata, SavedMetadata, list_metadata, list_with_code
from matou.transfer.export.formats import FORMATS
from matou.transfer.export.source import ExportSource

NAMESPACE_FOLDER = "-"
"""Of what belongs to a namespace itself; no path in an archive has such a part."""


class FolderNotEmpty(Conflict):
    """The folder to export to holds something already."""


@dataclass
class ExportReport:
    """What was written, by path, with how many items; and what could not be."""

    items: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[str, MatouError]] = field(default_factory=list)
    missing_files: int = 0

    @property
    def has_damage(self) -> bool:
        return any(isinstance(fault, Damaged | NotFound) for _, fault in self.faults)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Where to, in what format, and of which repositories as of which run."""

    to: Path
    format: str
    language: str
    at: int | None = None
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()


Progress = Callable[[str, int, int], None]
"""Told the path that is written, how many are done, and how many there are."""


def wanted_for_export(archive: Archive, options: ExportOptions) -> ListedMetadata:
    """What would be written, by path.

    Raises:
        NothingMatches: a pattern matches nothing of which there is anything to export.
        NoSuchRun, DamagedManifest: as `list_metadata`.
    """
    list_all = list_with_code if FORMATS[options.format].has_code else list_metadata
    listed = list_all(archive, at=options.at)
    require_matches([*options.include, *options.exclude], [one.line.path for one in listed.saved])
    wants = RepositoryFilter(options.include, options.exclude).wants
    return replace(listed, saved=tuple(one for one in listed.saved if wants(one.line.path)))


def export(archive: Archive, options: ExportOptions, progress: Progress) -> ExportReport:
    """Write all that is wanted; the folder appears when all of it is there.

    Raises:
        FolderNotEmpty: there is something in the folder.
        NothingMatches, NoSuchRun, DamagedManifest: as `wanted_for_export`.
    """
    _require_free(options.to)
    wanted = wanted_for_export(archive, options)
    report = ExportReport(faults=[(one.place, one.fault) for one in wanted.unread])
    options.to.parent.mkdir(parents=True, exist_ok=True)
    with translate_os_errors(options.to):
        staged = Path(tempfile.mkdtemp(prefix=f".{options.to.name}.", suffix=".partial", dir=options.to.parent))
        try:
            with speaking(options.language):
                _write_all(archive, options, wanted, staged, report, progress)
            staged.chmod(0o755)
            staged.rename(options.to)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
    return report


def _write_all(
    archive: Archive,
    options: ExportOptions,
    wanted: ListedMetadata,
    staged: Path,
    report: ExportReport,
    progress: Progress,
) -> None:
    chosen = FORMATS[options.format]
    for done, one in enumerate(wanted.saved):
        progress(one.line.path, done, len(wanted.saved))
        folder = staged / place_of(one)
        try:
            source = _open(archive, one, folder, wiki=wanted.wikis.get(one.line.path))
            report.items[one.line.path] = chosen.load()(source, language=options.language)
        except (Damaged, NotFound, TooLargeToRead) as fault:
            report.faults.append((one.line.path, fault))
            # Half of it would look like all of it.
            shutil.rmtree(folder, ignore_errors=True)
        else:
            report.faults += [(one.line.path, fault) for fault in source.faults.unread]
            report.missing_files += source.faults.missing_files
    if chosen.has_start_page:
        from matou.transfer.export.html_site import write_html_start

        places = {one.line.path: place_of(one) for one in wanted.saved if one.line.path in report.items}
        write_html_start(staged, places, language=options.language)


def _open(archive: Archive, one: SavedMetadata, folder: Path, *, wiki: RepositoryLine | None) -> ExportSource:
    """Raises UnreadableRepository, MissingObject, as `open_metadata`."""
    tree = None if one.is_code_alone else one.open(archive)
    folder.mkdir(parents=True)
    return ExportSource(archive, one, tree, folder, wiki=wiki)


def place_of(saved: SavedMetadata) -> str:
    """Its folder below the one that is exported to."""
    return f"{saved.line.path}/{NAMESPACE_FOLDER}" if saved.is_of_namespace else saved.line.path


def _require_free(folder: Path) -> None:
    with suppress(FileNotFoundError):
        if next(folder.iterdir(), None) is not None:
            raise FolderNotEmpty("{folder} holds something already", folder=folder, advice="name a folder that is new")
