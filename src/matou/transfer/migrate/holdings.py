"""What of an archive a migration is about, counted once: for the plan before it and for the report after it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from matou.archive.layout import Archive
from matou.errors import Damaged, Phrase, Plural
from matou.model.fidelity import FidelityTable, MigratedKind
from matou.transfer.migrate.carried import CarriedKind, carried_kinds, left_of_projects
from matou.transfer.migrate.inventory import (
    Carriable,
    Inventory,
    code_inventory,
    count_said,
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
        confidential: how many items of each move are marked so, where a target imports them.
    """

    table: FidelityTable
    by_path: Mapping[str, Inventory]
    projects: tuple[Inventory, ...]
    goes_with_repositories: bool
    confidential: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, archive: Archive, plan: MigrationPlan, table: FidelityTable, *, projects_apart: bool = False
    ) -> "Holdings":
        """What is damaged is told where it is moved, and not counted.

        Args:
            projects_apart: as the plan was made.
        """
        by_path, confidential = dict[str, Inventory](), dict[str, int]()
        for move in plan.moves:
            path = move.candidate.source_path
            by_path[path], confidential[path] = _of_move(archive, plan, move)
        projects: list[Inventory] = []
        for line in plan.projects:
            with suppress(Damaged):
                projects.append(namespace_inventory(archive, line))
        with_repositories = table[MigratedKind.PROJECT_ISSUE].arrives and not projects_apart
        return cls(table, by_path, tuple(projects), with_repositories, confidential if projects_apart else {})

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
        notes = (*moved.notes, *_on_confidential(self.confidential.get(candidate.source_path, 0), moved))
        return replace(moved, held=self.by_path[candidate.source_path], arrived=arrived, notes=notes)


def _on_confidential(count: int, moved: Moved) -> Iterator[Phrase]:
    """What becomes of it; once, where it goes along."""
    if count and not Carriable.at(moved.move.visibility).confidential:
        yield Plural(
            "{count} confidential item stays in the archive, since others may see the repository there",
            "{count} confidential items stay in the archive, since others may see the repository there",
            count=count,
        )
    elif count and moved.is_new:
        yield Plural(
            "{count} confidential item can be seen there by all who may see the repository: there is no such mark",
            "{count} confidential items can be seen there by all who may see the repository: there is no such mark",
            count=count,
        )


def _of_move(archive: Archive, plan: MigrationPlan, move: Move) -> tuple[Inventory, int]:
    candidate, confidential = move.candidate, 0
    if candidate.is_wiki:
        return Counter({MigratedKind.WIKI: 1}), 0
    counts = Counter({MigratedKind.WIKI: int(candidate.owner in plan.wikis)})
    counts.update(code_of(candidate))
    with suppress(Damaged):
        said, confidential = _said_of(archive, candidate, Carriable.at(move.visibility))
        counts.update(said)
    return counts, confidential


def code_of(candidate: Candidate) -> Inventory:
    """A project has none."""
    return {} if candidate.is_project else code_inventory(candidate.line)


def _said_of(archive: Archive, candidate: Candidate, which: Carriable) -> tuple[Inventory, int]:
    """Raises Damaged."""
    tree = metadata_of(archive, candidate.line)
    counts, confidential = ({}, 0) if tree is None else count_said(tree, which)
    return of_project(counts) if candidate.is_project else counts, confidential
