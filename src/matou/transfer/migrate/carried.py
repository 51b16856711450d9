"""The table of a migration: of each kind how much there is, how faithfully it is carried, and what of it arrived."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from matou.errors import Phrase
from matou.model.fidelity import TRAITS, CarriedForm, Fidelity, FidelityTable, KeptTrait, MigratedKind
from matou.transfer.migrate.inventory import Inventory

KIND_NAMES: Final[Mapping[MigratedKind, Phrase]] = {
    MigratedKind.CODE: Phrase("repositories: branches, tags, notes"),
    MigratedKind.LFS: Phrase("LFS objects"),
    MigratedKind.WIKI: Phrase("wikis"),
    MigratedKind.PROJECT_WIKI: Phrase("pages of projects' wikis"),
    MigratedKind.ISSUE: Phrase("issues"),
    MigratedKind.PROJECT_ISSUE: Phrase("issues of projects"),
    MigratedKind.COMMENT: Phrase("comments"),
    MigratedKind.OPEN_CHANGE: Phrase("open change requests"),
    MigratedKind.CLOSED_CHANGE: Phrase("merged and closed change requests"),
    MigratedKind.REVIEW: Phrase("reviews"),
    MigratedKind.REVIEWER: Phrase("reviewers who were asked"),
    MigratedKind.LINE_COMMENT: Phrase("comments on lines"),
    MigratedKind.LABEL: Phrase("labels"),
    MigratedKind.MILESTONE: Phrase("milestones and iterations"),
    MigratedKind.RELEASE: Phrase("releases"),
    MigratedKind.RELEASE_DRAFT: Phrase("drafts of releases"),
    MigratedKind.ASSET: Phrase("files of releases"),
    MigratedKind.ATTACHMENT: Phrase("pictures and files in texts"),
    MigratedKind.ASSIGNEE: Phrase("assignments"),
    MigratedKind.EVENT: Phrase("what was done and when"),
    MigratedKind.REACTION: Phrase("reactions"),
    MigratedKind.COMMIT_COMMENT: Phrase("comments on commits"),
    MigratedKind.DISCUSSION: Phrase("discussions"),
    MigratedKind.ADVISORY: Phrase("security advisories"),
    MigratedKind.BOARD: Phrase("boards"),
    MigratedKind.ANNOUNCEMENT: Phrase("announcements"),
    MigratedKind.MEMBER: Phrase("members"),
    MigratedKind.PROTECTION: Phrase("rules of branches and tags"),
    MigratedKind.HOOK: Phrase("webhooks"),
}
_TRAIT_NAMES: Final[Mapping[KeptTrait, Phrase]] = {
    KeptTrait.NUMBER: Phrase("number"),
    KeptTrait.TIME: Phrase("time"),
    KeptTrait.AUTHOR: Phrase("author"),
}


@dataclass(frozen=True, slots=True)
class CarriedKind:
    """One row. `arrived` is what is proven to be there; 0 in a plan."""

    kind: MigratedKind
    fidelity: Fidelity
    held: int
    arrived: int

    @property
    def name(self) -> Phrase:
        return KIND_NAMES[self.kind]

    @property
    def manner(self) -> Phrase:
        """How it is carried, in words."""
        manner = manner_of(self.kind, self.fidelity)
        return Phrase("{manner}; {note}", manner=manner, note=self.fidelity.note) if self.fidelity.note else manner


def carried_kinds(
    table: FidelityTable, held: Iterable[Inventory], arrived: Iterable[Inventory]
) -> tuple[CarriedKind, ...]:
    """Of what there is any of, in the order of the kinds."""
    here, there = Counter[MigratedKind](), Counter[MigratedKind]()
    for inventory in held:
        here.update(inventory)
    for inventory in arrived:
        there.update(inventory)
    return tuple(CarriedKind(kind, table[kind], here[kind], there[kind]) for kind in MigratedKind if here[kind])


def left_of_projects(table: FidelityTable, held: Iterable[Inventory]) -> tuple[CarriedKind, ...]:
    """Rows for what stands around projects, where that goes nowhere: of kinds that do arrive where repositories have
    them."""
    stays = dict.fromkeys(MigratedKind, Fidelity(form=CarriedForm.LISTED, note=Phrase("those of projects")))
    return tuple(row for row in carried_kinds(stays, held, ()) if table[row.kind].arrives)


def manner_of(kind: MigratedKind, fidelity: Fidelity) -> Phrase:
    """How it is carried, without the note."""
    match fidelity.form:
        case CarriedForm.LISTED:
            return Phrase("stay in the archive")
        case CarriedForm.ISSUE:
            return Phrase("as issues, with what is lost in a line at the head")
        case CarriedForm.TEXT:
            return Phrase("in the text of what they belong to")
    traits = TRAITS.get(kind, frozenset())
    kept = [_TRAIT_NAMES[trait] for trait in KeptTrait if trait in traits & fidelity.keeps]
    if not traits:
        return Phrase("whole")
    if not kept:
        return Phrase("with a line at the head that says what is lost")
    return _with(kept)


def _with(kept: list[Phrase]) -> Phrase:
    match kept:
        case [one]:
            return Phrase("with {one}", one=one)
        case [one, other]:
            return Phrase("with {one} and {other}", one=one, other=other)
        case [first, second, third]:
            return Phrase("with {first}, {second} and {third}", first=first, second=second, third=third)
    raise AssertionError
