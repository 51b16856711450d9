"""Where the namespaces and repositories of one source stand in the archive."""

from dataclasses import dataclass

from matou.archive.manifest import SourceLine
from matou.archive.path_registry import Kind, PathOwner, PathRegistry
from matou.archive.run_history import host_of
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import RemoteNamespace, RemoteRepository


@dataclass(frozen=True, slots=True)
class ArchivePaths:
    """Gives places below the source's team."""

    registry: PathRegistry
    platform: str
    host: str
    team: NamespacePath

    @classmethod
    def of(cls, registry: PathRegistry, source: SourceLine, *, team_path: NamespacePath | None) -> "ArchivePaths":
        """`kept` is where the team stood before: it has no line of its own in a manifest."""
        host = host_of(source.url)
        # A platform may number its teams and its projects each from one.
        owner = PathOwner(source.platform, host, f"team {source.team_id or source.account}")
        if team_path is not None:
            registry.keep(Kind.NAMESPACE, owner, str(team_path))
        team = registry.assign_namespace(owner, source.team or source.account, parent=None)
        return cls(registry, source.platform, host, team)

    def namespace(self, namespace: RemoteNamespace) -> NamespacePath:
        return self.registry.assign_namespace(self._owner(namespace.id), namespace.name, parent=self.team)

    def repository(self, repository: RemoteRepository, namespace: NamespacePath) -> RepositoryPath:
        return self.registry.assign_repository(self._owner(repository.id), repository.name, namespace=namespace)

    def beside(self, repository: RemoteRepository, path: RepositoryPath) -> RepositoryPath:
        """Another place in the same folder for a repository that cannot go on where it is, durably given."""
        beside = self.registry.path_beside(self._owner(repository.id), repository.name, path=path)
        self.registry.sync()
        return beside

    def _owner(self, id_: str) -> PathOwner:
        return PathOwner(self.platform, self.host, id_)
