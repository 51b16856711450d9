"""What of an archive a migration is about, counted once: for the plan before it and for the report after it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from matou.archive.layout import Archive
from matou.errors import Damaged
from matou.model.fidelity import FidelityTable, MigratedKind
from matou.transfer.migrate.carried import CarriedKind, carried_kinds, left_of_projects
from matou.transfer.migrate.inventory import (
    Carriable,
    Inventory,
    code_inventory,
    inventory_of,
    metadata_of,
    namespace_inventory,
    of_project,
)
from matou.transfer.migrate.plan import Candidate, MigrationPlan, Move
from matou.transfer.migrate.report import Moved, MoveOutcome


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is.

    Attributes:
        table: how faithfully each kind is carried.
        by_path: of each move, by its source's path.
        projects: of each project around them that is no move itself.
        goes_with_repositories: whether that goes to repositories of theirs.
    """

    table: FidelityTable
    by_path: Mapping[str, Inventory]
    projects: tuple[Inventory, ...]
    goes_with_repositories: bool

    @classmethod
    def of(
        cls, archive: Archive, plan: MigrationPlan, table: FidelityTable, *, projects_apart: bool = False
    ) -> "Holdings":
        """What is damaged is told where it is moved, and not counted.

        Args:
            projects_apart: as the plan was made.
        """
        by_path = {move.candidate.source_path: _of_move(archive, plan, move) for move in plan.moves}
        projects: list[Inventory] = []
        for line in plan.projects:
            with suppress(Damaged):
                projects.append(namespace_inventory(archive, line))
        with_repositories = table[MigratedKind.PROJECT_ISSUE].arrives and not projects_apart
        return cls(table, by_path, tuple(projects), with_repositories)

    def carried(self, moved: Iterable[Moved]) -> tuple[CarriedKind, ...]:
        """The table; without what was moved it is a plan's."""
        of_repositories, arrived = tuple(self.by_path.values()), tuple(one.arrived for one in moved)
        if self.goes_with_repositories:
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
            arrived = Counter({MigratedKind.WIKI: 1}) if candidate.is_wiki else code_of(candidate)
        return replace(moved, held=self.by_path[candidate.source_path], arrived=arrived)


def _of_move(archive: Archive, plan: MigrationPlan, move: Move) -> Inventory:
    candidate = move.candidate
    if candidate.is_wiki:
        return Counter({MigratedKind.WIKI: 1})
    counts = Counter({MigratedKind.WIKI: int(candidate.owner in plan.wikis)})
    counts.update(code_of(candidate))
    with suppress(Damaged):
        counts.update(said_of(archive, candidate, Carriable.at(move.visibility)))
    return counts


def code_of(candidate: Candidate) -> Inventory:
    """A project has none."""
    return {} if candidate.is_project else code_inventory(candidate.line)


def said_of(archive: Archive, candidate: Candidate, which: Carriable) -> Inventory:
    """Raises Damaged."""
    tree = metadata_of(archive, candidate.line)
    counts = {} if tree is None else inventory_of(tree, which)
    return of_project(counts) if candidate.is_project else counts
