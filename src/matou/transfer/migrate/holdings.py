"""What of an archive a migration is about, counted once: for the plan before it and for the report after it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from matou.archive.layout import Archive
from matou.errors import Damaged
from matou.model.fidelity import FidelityTable, MigratedKind
from matou.transfer.migrate.carried import CarriedKind, carried_kinds, left_of_projects
from matou.transfer.migrate.inventory import Carriable, Inventory, code_inventory, held_of, namespace_inventory
from matou.transfer.migrate.plan import MigrationPlan, Move
from matou.transfer.migrate.report import Moved, MoveOutcome


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is.

    Attributes:
        table: how faithfully each kind is carried.
        by_path: of each move, by its source's path.
        projects: of each project around them.
    """

    table: FidelityTable
    by_path: Mapping[str, Inventory]
    projects: tuple[Inventory, ...]

    @classmethod
    def of(cls, archive: Archive, plan: MigrationPlan, table: FidelityTable) -> "Holdings":
        """What is damaged is told where it is moved, and not counted."""
        by_path = {move.candidate.source_path: _of_move(archive, plan, move) for move in plan.moves}
        projects: list[Inventory] = []
        for line in plan.projects:
            with suppress(Damaged):
                projects.append(namespace_inventory(archive, line))
        return cls(table, by_path, tuple(projects))

    def carried(self, moved: Iterable[Moved]) -> tuple[CarriedKind, ...]:
        """The table; without what was moved it is a plan's."""
        of_repositories, arrived = tuple(self.by_path.values()), tuple(one.arrived for one in moved)
        if self.table[MigratedKind.PROJECT_ISSUE].arrives:
            return carried_kinds(self.table, (*of_repositories, *self.projects), arrived)
        stay_anyway = [
            {kind: count for kind, count in one.items() if not self.table[kind].arrives} for one in self.projects
        ]
        return (
            *carried_kinds(self.table, (*of_repositories, *stay_anyway), arrived),
            *left_of_projects(self.table, self.projects),
        )

    def completed(self, moved: Iterable[Moved]) -> tuple[Moved, ...]:
        """The same with what there is of each; of what was pushed, the code is proven."""
        return tuple(map(self._completed, moved))

    def _completed(self, moved: Moved) -> Moved:
        candidate, arrived = moved.move.candidate, moved.arrived
        if not arrived and moved.outcome in (MoveOutcome.MOVED, MoveOutcome.UNCHANGED):
            arrived = Counter({MigratedKind.WIKI: 1}) if candidate.is_wiki else code_inventory(candidate.line)
        return replace(moved, held=self.by_path[candidate.source_path], arrived=arrived)


def _of_move(archive: Archive, plan: MigrationPlan, move: Move) -> Inventory:
    candidate = move.candidate
    if candidate.is_wiki:
        return Counter({MigratedKind.WIKI: 1})
    counts = Counter({MigratedKind.WIKI: int(candidate.owner in plan.wikis)})
    try:
        counts.update(held_of(archive, candidate.line, Carriable.at(move.visibility)))
    except Damaged:
        counts.update(code_inventory(candidate.line))
    return counts
