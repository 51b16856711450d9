"""The comments of a whole repository between their list and their items: on disk, since they are many."""

import pickle
import tempfile
from collections.abc import Iterator
from typing import Self

from matou.platforms.base.metadata import CommentRow


class CommentSpool:
    """Takes comments in the order of their list, and gives those of an item; memory holds some 100 bytes of each.

    The file has no name, so that nobody else can have put anything into it, and nothing of it stays.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._places: dict[str, list[int]] = {}

    def add(self, row: CommentRow) -> None:
        self._places.setdefault(row.key, []).append(self._file.tell())
        pickle.dump(row, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def items_left(self) -> tuple[str, ...]:
        """The keys of the items that have comments here which nobody has taken."""
        return tuple(self._places)

    def take(self, key: str) -> tuple[CommentRow, ...]:
        """The comments of an item, which are not here any more then."""
        return tuple(self._read(self._places.pop(key, [])))

    def _read(self, places: list[int]) -> Iterator[CommentRow]:
        for place in places:
            self._file.seek(place)
            yield pickle.load(self._file)  # noqa: S301 - we wrote it ourselves, and nobody can reach the file

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
