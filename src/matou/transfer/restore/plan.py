"""Where each restored repository goes: decided before anything is made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from matou.archive.manifest import NamespaceLine, RepositoryLine, SourceLine
from matou.archive.path_registry import PathOwner, candidates, safe_segment
from matou.archive.run_history import host_of
from matou.model.names import ObjectId, RepositoryPath, fault_of_segment, folded
from matou.transfer.backup.plan import source_path
from matou.transfer.common.filters import RepositoryFilter
from matou.transfer.restore.report import Layout

GIT_FOLDER = ".git"
METADATA_FOLDER = "metadata"
PROJECT_FILE = "ProjectInfo.txt"
DEPOT_FILE = "DepotInfo.txt"
ICON_FILE = "icon"


@dataclass(frozen=True, slots=True)
class PlannedRepository:
    """A repository and the folder that it becomes.

    Attributes:
        line: what the archive has of it.
        folder: where, below the target.
        layout: what stands beside the repository.
        worktree: whether its files are checked out beside a `.git`, or the folder is a bare repository.
        metadata: what lies around the code, as of this commit, instead of the code.
    """

    line: RepositoryLine | NamespaceLine
    folder: PurePosixPath
    layout: Layout
    worktree: bool
    metadata: ObjectId | None = None

    @property
    def git_folder(self) -> PurePosixPath:
        return self.folder / GIT_FOLDER if self.worktree else self.folder


@dataclass(frozen=True, slots=True)
class PlannedProject:
    """A namespace that gets a folder of its own."""

    line: NamespaceLine
    folder: PurePosixPath


@dataclass(frozen=True, slots=True)
class RestorePlan:
    projects: tuple[PlannedProject, ...]
    repositories: tuple[PlannedRepository, ...]


Lines = Iterable[tuple[SourceLine, NamespaceLine | RepositoryLine]]


def plan_restore(lines: Lines, *, layout: Layout, worktree: bool, repository_filter: RepositoryFilter) -> RestorePlan:
    """Give every wanted repository a folder of its own.

    Args:
        lines: namespaces before the repositories in them, as manifests have them.
        layout: how the tree looks; CODING_SCRIPT always has work trees.
        worktree: whether files are checked out.
        repository_filter: held against true paths. A project of which no repository is wanted is left out where it
            has any.

    Raises:
        InvalidName: a manifest names a place outside of the archive.
    """
    if layout is Layout.PLAIN:
        lines = tuple(lines)
        code = tuple(_plain(lines, worktree=worktree, repository_filter=repository_filter))
        return RestorePlan((), (*code, *_metadata(lines, worktree=worktree, repository_filter=repository_filter)))
    return _as_the_script(lines, repository_filter)


def _plain(lines: Lines, *, worktree: bool, repository_filter: RepositoryFilter) -> Iterator[PlannedRepository]:
    for line in _selected(lines, repository_filter):
        path = str(RepositoryPath.parse(line.path))
        folder = PurePosixPath(path if worktree else f"{path}.git")
        yield PlannedRepository(line, folder, Layout.PLAIN, worktree)


def _metadata(lines: Lines, *, worktree: bool, repository_filter: RepositoryFilter) -> Iterator[PlannedRepository]:
    """That of every wanted repository, and of every namespace above one; of all of them where everything is wanted."""
    wanted = {line.path for line in _selected(lines, repository_filter)}
    is_everything = not (repository_filter.include or repository_filter.exclude)
    for _, line in lines:
        is_wanted = is_everything or line.path in wanted or any(path.startswith(f"{line.path}/") for path in wanted)
        if line.metadata is not None and line.metadata.commit is not None and is_wanted:
            folder = PurePosixPath(METADATA_FOLDER, line.path if worktree else f"{line.path}.git")
            yield PlannedRepository(line, folder, Layout.PLAIN, worktree, ObjectId(line.metadata.commit))


def _selected(lines: Lines, repository_filter: RepositoryFilter) -> Iterator[RepositoryLine]:
    namespaces: dict[tuple[SourceLine, str], NamespaceLine] = {}
    for source, line in lines:
        if isinstance(line, NamespaceLine):
            namespaces[source, line.id] = line
        elif repository_filter.wants(source_path(source.team, namespaces.get((source, line.namespace)), line)):
            yield line


@dataclass
class _Names:
    """Names in one folder, none of which a person or a file system may take for another."""

    taken: set[str] = field(default_factory=set)

    def give(self, true_name: str, owner: PathOwner) -> str:
        """The name as it is, if it can be a folder and is free; else one made of it."""
        segment = true_name if fault_of_segment(true_name) is None else safe_segment(true_name)
        free = next(name for name in candidates(segment, owner) if folded(name) not in self.taken)
        self.taken.add(folded(free))
        return free


def _as_the_script(lines: Lines, repository_filter: RepositoryFilter) -> RestorePlan:
    """The script names a project's folder by its display name, and a repository's by its name."""
    lines = tuple(lines)
    chosen = {id(line) for line in _selected(lines, repository_filter)}
    roots = _Names()
    projects: dict[tuple[SourceLine, str], PlannedProject] = {}
    names: dict[PurePosixPath, _Names] = {}
    repositories: list[PlannedRepository] = []
    for source, line in lines:
        owner = PathOwner(source.platform, host_of(source.url), line.id)
        if isinstance(line, NamespaceLine):
            folder = PurePosixPath(roots.give(line.display_name or line.name, owner))
            projects[source, line.id] = PlannedProject(line, folder)
            names[folder] = _Names({folded(PROJECT_FILE), folded(ICON_FILE)})
        elif (source, line.namespace) in projects:
            folder = projects[source, line.namespace].folder
            path = folder / names[folder].give(line.name, owner)
            if id(line) in chosen:
                repositories.append(PlannedRepository(line, path, Layout.CODING_SCRIPT, worktree=True))
    return RestorePlan(_with_something(projects.values(), repositories, repository_filter), tuple(repositories))


def _with_something(
    projects: Iterable[PlannedProject], repositories: Iterable[PlannedRepository], repository_filter: RepositoryFilter
) -> tuple[PlannedProject, ...]:
    """Every project where everything is wanted, as the script does; else those of which something is."""
    used = {repository.folder.parent for repository in repositories}
    is_everything = not (repository_filter.include or repository_filter.exclude)
    return tuple(project for project in projects if is_everything or project.folder in used)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime | None) -> str:
    """A time as CODING gives it: milliseconds since 1970, 0 where it does not know."""
    return "0" if moment is None else str((moment - EPOCH) // timedelta(milliseconds=1))


def lines_of_script(name: str, description: str, created_at: datetime | None) -> bytes:
    """A line each, and none ends the last."""
    return f"{name}\n{description}\n{milliseconds(created_at)}".encode("utf-8", "surrogatepass")
