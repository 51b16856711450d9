"""Sources of many shapes, and the mirror of one."""

from pathlib import Path

import pytest

from matou.git.operations.mirror import FetchSource, MirrorUpdate, list_refs, update_mirror
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from support.git_repositories import (
    LocalTransport,
    make_source,
    refs_of,
)

URL = "http://127.0.0.1:9/team/project/ship.git"


MAIN = RefName("refs/heads/main")


def sha256(path: Path) -> Path:
    return make_source(path, object_format="sha256")


class Team:
    """A source and its mirror, run after run."""

    def __init__(self, source: Path, mirror: Path, *, version: int = 2) -> None:
        self.source = source
        self.mirror = mirror
        self.transport = LocalTransport({URL: source}, version=version)
        self.previous: RefListing | None = None
        self.run = 0

    def back_up(self, listing: RefListing | None = None) -> tuple[str, ...]:
        self.run += 1
        seen = list_refs(self.transport, URL) if listing is None else listing
        update = update_mirror(
            self.mirror, FetchSource(self.transport, URL), seen, previous=self.previous, run=self.run
        )
        self.previous = seen
        return update.kept

    def kept(self) -> dict[RefName, ObjectId]:
        return {name: oid for name, oid in refs_of(self.mirror).items() if name.startswith("refs/matou/")}


@pytest.fixture
def team(source: Path, mirror: Path) -> Team:
    return Team(source, mirror)


def updated(team: Team, *, run: int) -> MirrorUpdate:
    return update_mirror(
        team.mirror, FetchSource(team.transport, URL), list_refs(team.transport, URL), previous=None, run=run
    )
