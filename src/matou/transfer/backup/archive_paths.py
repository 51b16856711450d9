"""Where the namespaces and repositories of one source stand in the archive."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final

from matou.archive.manifest import SourceLine
from matou.archive.path_registry import Kind, PathOwner, PathRegistry
from matou.archive.run_history import host_of
from matou.model.names import LONGEST_SEGMENT_BYTES, NamespacePath, RepositoryPath
from matou.model.platform import RemoteNamespace, RemoteRepository, id_of_team

MOST_LEVELS: Final = 20
"""Deeper than any platform nests; a name that has more is taken for one that only looks like a path."""

LONGEST_LEVELS: Final = 800
"""In characters, with what tells twins apart: the team above and a repository below still make a path."""

_OF_TWINS: Final = 20

_NO_PARTS: Final = frozenset({"", ".", ".."})
_NO_IDS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ArchivePaths:
    """Gives places below the source's team; where it has none, namespaces stand as they do there."""

    registry: PathRegistry
    platform: str
    host: str
    team: NamespacePath | None

    @classmethod
    def of(cls, registry: PathRegistry, source: SourceLine, *, team_path: NamespacePath | None) -> "ArchivePaths":
        """`team_path` is where the team stood before: it has no line of its own in a manifest."""
        host = host_of(source.url)
        owner = PathOwner(source.platform, host, id_of_team(source.team_id or source.account))
        if not source.team:
            return cls(registry, source.platform, host, None)
        if team_path is not None:
            registry.keep(Kind.NAMESPACE, owner, str(team_path))
        team = registry.assign_namespace(owner, source.team, parent=None)
        return cls(registry, source.platform, host, team)

    def namespaces(self, listed: Collection[RemoteNamespace]) -> dict[str, NamespacePath]:
        """Places by id. A namespace that is inside others stands inside theirs."""
        ids = {one.name: one.id for one in listed}
        return {one.id: self.namespace(one, ids) for one in listed}

    def namespace(self, namespace: RemoteNamespace, ids: Mapping[str, str] = _NO_IDS) -> NamespacePath:
        """The place of one; `ids` has those of the namespaces that it may be inside, by name."""
        parent = self.team
        *above, name = levels_of(namespace.name)
        for path in accumulate(above, "{}/{}".format):
            owner = self._owner(ids.get(path, f"path {path}"))
            parent = self.registry.assign_namespace(owner, path.rpartition("/")[2], parent=parent)
        return self.registry.assign_namespace(self._owner(namespace.id), name, parent=parent)

    def repository(self, repository: RemoteRepository, namespace: NamespacePath) -> RepositoryPath:
        return self.registry.assign_repository(self._owner(repository.id), repository.name, namespace=namespace)

    def beside(self, repository: RemoteRepository, path: RepositoryPath) -> RepositoryPath:
        """Another place in the same folder for a repository that cannot go on where it is, durably given."""
        beside = self.registry.path_beside(self._owner(repository.id), repository.name, path=path)
        self.registry.sync()
        return beside

    def _owner(self, id_: str) -> PathOwner:
        return PathOwner(self.platform, self.host, id_)


def levels_of(name: str) -> Sequence[str]:
    """The parts of a nested namespace's name, outermost first; the name alone where it is no such path."""
    parts = name.split("/")
    longest = sum(min(len(part) + _OF_TWINS, LONGEST_SEGMENT_BYTES) for part in parts)
    is_path = len(parts) <= MOST_LEVELS and longest <= LONGEST_LEVELS and _NO_PARTS.isdisjoint(parts)
    return parts if is_path else [name]
