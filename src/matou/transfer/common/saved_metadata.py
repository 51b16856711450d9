"""What was said around repositories and namespaces, as of any run: found by manifests, read without a database."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState, NamespaceLine, RepositoryLine, SourceLine
from matou.archive.metadata import MetadataTree, open_metadata
from matou.archive.run_history import UnreadRun, read_history
from matou.errors import NotFound
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import wiki_id
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

    @property
    def is_code_alone(self) -> bool:
        """Whether there is nothing to open."""
        return self.state.commit is None

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
    """All that has something saved, by path, and the runs of which nothing can be read.

    Attributes:
        wikis: the repositories that lie beside others as their wikis, by the paths of those.
    """

    saved: tuple[SavedMetadata, ...]
    unread: tuple[UnreadRun, ...]
    wikis: Mapping[str, RepositoryLine] = field(default_factory=dict)


def list_metadata(archive: Archive, *, at: int | None = None) -> ListedMetadata:
    """Raises NoSuchRun, DamagedManifest, as `show`."""
    history = read_history(archive, at=at)
    found = (_saved(source, line) for source, line in lines_of(history))
    return ListedMetadata(_by_path(found), history.unread_now())


def list_with_code(archive: Archive, *, at: int | None = None) -> ListedMetadata:
    """As `list_metadata`, with the repositories of which the code alone is saved; a wiki goes with what it is of.

    Raises:
        NoSuchRun, DamagedManifest: as `show`.
    """
    history = read_history(archive, at=at)
    lines = list(lines_of(history))
    paths = {(source, wiki_id(line.id)): line.path for source, line in lines if isinstance(line, RepositoryLine)}
    wikis: dict[str, RepositoryLine] = {}
    found: list[SavedMetadata | None] = []
    for source, line in lines:
        if isinstance(line, RepositoryLine) and (source, line.id) in paths:
            wikis[paths[source, line.id]] = line
        else:
            found.append(_saved(source, line) or _code_alone(source, line))
    return ListedMetadata(_by_path(found), history.unread_now(), wikis)


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


def _by_path(found: Iterable[SavedMetadata | None]) -> tuple[SavedMetadata, ...]:
    return tuple(sorted(filter(None, found), key=lambda one: (one.line.path, one.is_of_namespace)))


def _code_alone(source: SourceLine, line: RepositoryLine | NamespaceLine) -> SavedMetadata | None:
    has_code = isinstance(line, RepositoryLine) and line.snapshot is not None
    return SavedMetadata(source, line, MetadataState()) if has_code else None


def _saved(source: SourceLine, line: RepositoryLine | NamespaceLine) -> SavedMetadata | None:
    state = line.metadata
    return None if state is None or state.commit is None else SavedMetadata(source, line, state)
