"""What an archive holds and another forge's import does not take: counted by the manifest, nothing is read for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from matou.archive.manifest import RepositoryLine
from matou.errors import Phrase
from matou.model.fidelity import COUNTED_AS, FidelityTable, MigratedKind
from matou.model.metadata.kinds import ARTIFACT, TEST_CASE, MetadataKind
from matou.transfer.backup.metadata.kind_names import KIND_NAMES
from matou.transfer.common.saved_metadata import SavedMetadata

_MIGRATED: Final[Mapping[MetadataKind, MigratedKind | None]] = {**COUNTED_AS, ARTIFACT: None, TEST_CASE: None}
"""The kinds that an import may lack; no migration takes the last ones."""

_LFS_NAME: Final = Phrase("LFS objects")


def left_behind(saved: Iterable[SavedMetadata], table: FidelityTable) -> dict[Phrase, int]:
    """How many there are of each kind that stays in the archive, by what people call it."""
    counts: Counter[Phrase] = Counter()
    for one in saved:
        counts.update(dict(_counts(one, table)))
    return {name: count for name, count in counts.items() if count}


def _counts(one: SavedMetadata, table: FidelityTable) -> Iterator[tuple[Phrase, int]]:
    for kind, migrated in _MIGRATED.items():
        state = one.state.kinds.get(kind.name)
        if state is not None and (migrated is None or not table[migrated].arrives):
            yield KIND_NAMES[kind.name], state.items - state.gone
    if isinstance(one.line, RepositoryLine) and one.line.lfs is not None and not table[MigratedKind.LFS].arrives:
        yield _LFS_NAME, one.line.lfs.objects
