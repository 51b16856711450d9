"""What was said around repositories and namespaces, as of any run: found by manifests, read without a database."""

from collections.abc import Iterator
from dataclasses import dataclass

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState, NamespaceLine, RepositoryLine, SourceLine
from matou.archive.metadata import MetadataTree, open_metadata
from matou.archive.run_history import UnreadRun, read_history
from matou.errors import NotFound
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.transfer.common.saved_repositories import find_line, lines_of


class NoSavedMetadata(NotFound):
    """Of a repository or a namespace only its code is saved."""


@dataclass(frozen=True, slots=True)
class SavedMetadata:
    """What was said around one repository or namespace, as a run left it."""

    source: SourceLine
    line: RepositoryLine | NamespaceLine
    state: MetadataState

    @property
    def is_of_namespace(self) -> bool:
        return isinstance(self.line, NamespaceLine)

    def has(self, kind: MetadataKind) -> bool:
        found = self.state.kinds.get(kind.name)
        return found is not None and found.items > 0

    def open(self, archive: Archive) -> MetadataTree:
        """As the run's commit has it.

        Raises:
            UnreadableRepository, MissingObject: as `open_metadata`.
        """
        parse = NamespacePath.parse if self.is_of_namespace else RepositoryPath.parse
        commit = None if self.state.commit is None else ObjectId(self.state.commit)
        return open_metadata(archive.metadata(parse(self.line.path)), commit=commit)


@dataclass(frozen=True, slots=True)
class ListedMetadata:
    """All that has something saved, by path, and the runs of which nothing can be read."""

    saved: tuple[SavedMetadata, ...]
    unread: tuple[UnreadRun, ...]


def list_metadata(archive: Archive, *, at: int | None = None) -> ListedMetadata:
    """Raises NoSuchRun, DamagedManifest, as `show`."""
    history = read_history(archive, at=at)
    found = (_saved(source, line) for source, line in lines_of(history))
    saved = sorted((one for one in found if one is not None), key=lambda one: (one.line.path, one.is_of_namespace))
    return ListedMetadata(tuple(saved), history.unread_now())


def find_metadata(archive: Archive, path: str, kind: MetadataKind, *, at: int | None = None) -> SavedMetadata:
    """What has items of a kind: the repository or namespace of a path, or else what the repository lies in.

    CODING's issues belong to projects.

    Raises:
        NothingMatches, NoSuchSavedRepository: there is no such path, there are several.
        NoSavedMetadata: there are no items of any kind.
        NoSuchRun, DamagedManifest: as `show`.
    """
    lines = list(lines_of(read_history(archive, at=at)))
    is_namespace = any(isinstance(line, NamespaceLine) and line.path == path.strip("/") for _, line in lines)
    wanted = NamespaceLine if is_namespace else RepositoryLine
    source, line = find_line([one for one in lines if isinstance(one[1], wanted)], path)
    around = [one for one in lines if not is_namespace and _is_around(one, source, line)]
    found = list(_all_saved([(source, line), *around]))
    if not found:
        raise NoSavedMetadata("nothing that was said around {path} is saved", path=line.path)
    return next((one for one in found if one.has(kind)), found[0])


def _is_around(
    one: tuple[SourceLine, RepositoryLine | NamespaceLine], source: SourceLine, inner: RepositoryLine | NamespaceLine
) -> bool:
    return isinstance(one[1], NamespaceLine) and one[0] == source and inner.path.startswith(f"{one[1].path}/")


def _all_saved(lines: list[tuple[SourceLine, RepositoryLine | NamespaceLine]]) -> Iterator[SavedMetadata]:
    """The innermost first."""
    for source, line in sorted(lines, key=lambda one: -len(one[1].path)):
        found = _saved(source, line)
        if found is not None:
            yield found


def _saved(source: SourceLine, line: RepositoryLine | NamespaceLine) -> SavedMetadata | None:
    state = line.metadata
    return None if state is None or state.commit is None else SavedMetadata(source, line, state)
