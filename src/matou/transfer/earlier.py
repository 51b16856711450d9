"""What the last run of a source left: its manifest, and whether a run since then was cut off."""

from collections.abc import Mapping
from dataclasses import dataclass

from matou.archive.chain import latest_lines, source_key
from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine, RunLine, SourceLine, UnseenLine
from matou.model.names import NamespacePath
from matou.model.platform import Account
from matou.transfer.source import Source


@dataclass(frozen=True, slots=True)
class Earlier:
    """The newest manifest of a source; `run` is 0 and everything empty where it has none."""

    run: int
    was_cut_off: bool
    namespaces: Mapping[str, NamespaceLine]
    repositories: Mapping[str, RepositoryLine]
    unseen: frozenset[str]

    def team_place(self) -> NamespacePath | None:
        """Where the team stands, which has no line of its own: above its projects."""
        for line in self.namespaces.values():
            return NamespacePath.parse(line.path).parent
        return None


NOTHING_BEFORE = Earlier(run=0, was_cut_off=False, namespaces={}, repositories={}, unseen=frozenset())


def earlier(archive: Archive, source: SourceLine) -> Earlier:
    """Raises DamagedManifest."""
    run = 0
    namespaces: dict[str, NamespaceLine] = {}
    repositories: dict[str, RepositoryLine] = {}
    unseen: set[str] = set()
    for line in latest_lines(archive, source_key(source)):
        match line:
            case RunLine():
                run = line.run
            case NamespaceLine():
                namespaces[line.id] = line
            case RepositoryLine():
                repositories[line.id] = line
            case UnseenLine():
                unseen.add(line.what)
    was_cut_off = any(number > run and not archive.manifest(number).exists() for number in archive.run_numbers())
    return Earlier(run, was_cut_off, namespaces, repositories, frozenset(unseen))


def source_line(source: Source, account: Account) -> SourceLine:
    return SourceLine(
        platform=source.platform, url=source.url, account=account.login, team=account.team, team_id=account.team_id
    )
