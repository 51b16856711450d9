"""The numbers that issues and change requests get at a Gitea, where both count as one and have digits alone."""

from collections.abc import Iterator
from datetime import datetime

from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.metadata.shared_numbers import SharedNumbers, is_shared_number
from matou.transfer.export.source import ExportSource


def numbers_of(source: ExportSource) -> SharedNumbers:
    return SharedNumbers.assign(source.names(ISSUE), source.names(CHANGE), dict(_times(source)))


def _times(source: ExportSource) -> Iterator[tuple[str, datetime]]:
    """Reads the items where there is one whose number has letters; of Gitee's all have."""
    if all(map(is_shared_number, source.names(ISSUE))):
        return
    for name, item in source.items(ISSUE):
        if item.at is not None:
            yield name, item.at
    source.faults.unread.clear()
