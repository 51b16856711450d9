"""An account's repositories by ssh: refs and objects come from that address, LFS objects and the API as before."""

from dataclasses import dataclass, field, replace

from matou.archive.layout import Archive
from matou.credentials import GitCredential
from support.scripted_source import (
    ScriptedConnections,
    ScriptedLfs,
    ScriptedSource,
    UploadPackTransport,
    back_up,
    commit,
    lfs_pointer,
    repository_lines,
)

BY_SSH = "git@forge.example:docks/ship.git"


@dataclass
class ConnectionsNotingLfs(ScriptedConnections):
    lfs_addresses: list[str] = field(default_factory=list)

    def lfs(self, clone_url: str, credential: GitCredential | None) -> ScriptedLfs:
        self.lfs_addresses.append(clone_url)
        return super().lfs(clone_url, credential)


def test_refs_and_objects_come_from_the_address_for_ssh_and_lfs_objects_from_the_other(
    source: ScriptedSource, archive: Archive
) -> None:
    commit(source.repository("ship", source.project("docks")), "refs/heads/main", {"big": lfs_pointer(b"x" * 1000)})
    [depot] = source.depots
    source.depots[:] = [replace(depot, ssh_url=BY_SSH)]
    connections = ConnectionsNotingLfs(source, UploadPackTransport({BY_SSH: source.git_dir(depot.id)}))

    back_up(source, archive, connections=connections, by_ssh=True)

    line = repository_lines(archive, 1)[depot.id]
    assert (line.refs, line.clone_url) == (1, depot.clone_url)
    assert set(connections.lfs_addresses) == {depot.clone_url}
    assert set(connections.transport.exchanges) == {BY_SSH}


def test_one_without_such_an_address_is_told_of_and_hides_no_other(source: ScriptedSource, archive: Archive) -> None:
    docks = source.project("docks")
    for name in ("ship", "boat"):
        commit(source.repository(name, docks), "refs/heads/main", {"hull": "oak"})
    first, second = source.depots
    source.depots[:] = [replace(first, ssh_url=BY_SSH), second]
    connections = ScriptedConnections(source, UploadPackTransport({BY_SSH: source.git_dir(first.id)}))

    report = back_up(source, archive, connections=connections, by_ssh=True)

    assert report.outcomes == {"saved": 1, "refused": 1}
    [problem] = report.problems
    assert "no address by ssh" in str(problem.cause)
