"""The story's team at CODING, and what reads it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.metadata import ItemRead, MetadataReader
from matou.platforms.coding.metadata_source import CodingMetadataSource
from matou.platforms.coding.source import CodingClient
from support.coding_source import TOKEN, CodingSource
from support.coding_story import (
    tell_story,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Harbour:
    """The story's team, and readers of its project and its depot."""

    def __init__(
        self,
        source: CodingSource,
        metadata: CodingMetadataSource,
        namespace: RemoteNamespace,
        repository: RemoteRepository,
    ) -> None:
        self.source = source
        self.talk = source.metadata.projects["boats"]
        self.depot_talk = next(iter(source.metadata.depots.values()))
        self.project: MetadataReader = metadata.of_namespace(namespace)
        depot = metadata.of_repository(repository, namespace)
        assert depot is not None
        self.depot: MetadataReader = depot

    def calls(self) -> Counter[str]:
        """Those since it was last asked."""
        counted = Counter(requests_seen.action for requests_seen in self.source.requests_seen)
        self.source.requests_seen.clear()
        return counted


@pytest.fixture
def open_harbour(
    coding_source: CodingSource, session: Session, client: CodingClient, records: list[Record]
) -> Callable[..., Harbour]:
    tell_story(coding_source)
    namespace = next(iter(client.namespaces()))
    repository = next(iter(client.repositories()))
    coding_source.requests_seen.clear()
    records.clear()

    def open_(**options: Any) -> Harbour:
        metadata = CodingMetadataSource(
            session, coding_source.url, Secret(TOKEN), records.append, now=lambda: NOW, **options
        )
        return Harbour(coding_source, metadata, namespace, repository)

    return open_


@pytest.fixture
def harbour(open_harbour: Callable[..., Harbour]) -> Harbour:
    return open_harbour()


def read_all(
    reader: MetadataReader,
    kind: MetadataKind,
    since: datetime | None = None,
    before: dict[str, Any] | None = None,
    *,
    sweeping: bool = False,
) -> dict[str, ItemRead]:
    """What changed, by key; what is as it was is not in it."""
    found = {
        row.key: reader.read(kind, row, (before or {}).get(row.key), sweeping=sweeping)
        for row in reader.rows(kind, since)
    }
    return {key: read for key, read in found.items() if read is not None}


def items(found: dict[str, ItemRead]) -> dict[str, Any]:
    return {key: read.item for key, read in found.items()}
