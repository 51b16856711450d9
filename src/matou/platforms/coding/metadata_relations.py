"""What an issue at CODING stands beside, in our form: what it blocks, what it names, the versions that it belongs to.

Each is a list of its own. One that is not known, since it was refused, say, stays as it is saved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, TypeVar

from matou.errors import MatouError
from matou.model.metadata import Issue, ItemLink, JsonObject
from matou.platforms.base.account_lists import ENDS_EVERYTHING
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.recorded_answers import NotRecorded
from matou.platforms.coding import wire_requests_metadata as ask_for
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_values import extra_of
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_issues import (
    ReferencesResponse,
    RelatedIssue,
    RelatedIssuesResponse,
    ResourceReference,
)
from matou.platforms.coding.wire_planning import CodingVersion, VersionsOfIssueResponse
from matou.platforms.coding.wire_requests import Request

LinkKind: TypeAlias = Literal["blocks", "blocked_by", "relates"]

R = TypeVar("R", bound=Response)
T = TypeVar("T")

REQUIREMENT: Final = "REQUIREMENT"
"""The type of issues that defects belong to."""

CALLS_OF_RELATIONS: Final = 4
"""Of an issue that is no requirement; they go at the same time as those for other issues, each at a pace of its own."""

RESOURCE_TYPES: Final[Mapping[str, str]] = {
    "task": "Mission",
    "bug": "Defect",
    "requirement": "Requirement",
    "epic": "Epic",
    "subtask": "SubTask",
}
"""What CODING calls issues where it lists resources of every type, by the group of the issue's type."""

ISSUE_RESOURCES: Final = frozenset(RESOURCE_TYPES.values())

REFERENCES: Final = "References"
"""The key of `extra` that has what an issue names, with CODING's numbers for it."""

VERSIONS: Final = "Releases"
"""The key of `extra` that has the numbers of all versions of an issue that belongs to several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRelations:
    """What the lists told; None of one that is not known.

    Attributes:
        project_id: whose issue it is.
        saved: the issue as it is saved.
    """

    project_id: int
    saved: Issue | None = None
    blocks: Sequence[RelatedIssue] | None = None
    blocked_by: Sequence[RelatedIssue] | None = None
    defects: Sequence[RelatedIssue] | None = None
    references: Sequence[ResourceReference] | None = None
    versions: Sequence[CodingVersion] | None = None

    @property
    def links(self) -> tuple[ItemLink, ...]:
        """Each once, by kind and number."""
        blocks, blocked_by = _codes_of(self.blocks), _codes_of(self.blocked_by)
        links = [*self._of("blocks", blocks), *self._of("blocked_by", blocked_by), *self._of("relates", self._related)]
        return tuple(sorted(dict.fromkeys(links), key=lambda link: (link.kind, len(link.to), link.to)))

    @property
    def milestone(self) -> str | None:
        """The first of its versions."""
        if self.versions is None:
            return self.saved.milestone if self.saved else None
        return next((f"version/{code}" for code in self._version_codes), None)

    @property
    def extra(self) -> Mapping[str, object]:
        """What links and milestone do not hold."""
        several = self._version_codes if len(self._version_codes) > 1 else ()
        rows_by_key = {REFERENCES: self._named, VERSIONS: None if self.versions is None else list(several)}
        saved = (self.saved.extra if self.saved else None) or {}
        known = {key: saved.get(key) if rows is None else rows for key, rows in rows_by_key.items()}
        return {key: rows for key, rows in known.items() if rows}

    def are_as_saved(self, saved: Issue) -> bool:
        before = {key: value for key, value in (saved.extra or {}).items() if key in (REFERENCES, VERSIONS)}
        return (self.links, self.milestone, self.extra) == (saved.links, saved.milestone, before)

    @property
    def _related(self) -> Sequence[str] | None:
        defects = _codes_of(self.defects)
        if self.references is None or defects is None:
            return None
        return [*defects, *(str(one.resource_code) for one in self.references if self._is_issue_here(one))]

    @property
    def _named(self) -> Sequence[JsonObject] | None:
        if self.references is None:
            return None
        order = sorted(self.references, key=lambda one: (one.resource_type, one.project_id, one.resource_id))
        return [extra_of(one, *self._held_of(one)) or {} for one in order]

    @property
    def _version_codes(self) -> Sequence[int]:
        return sorted({version.code for version in self.versions or ()})

    def _of(self, kind: LinkKind, codes: Sequence[str] | None) -> Iterable[ItemLink]:
        if codes is None:
            return [link for link in (self.saved.links if self.saved else ()) if link.kind == kind]
        return [ItemLink(kind=kind, to=code) for code in codes]

    def _is_issue_here(self, reference: ResourceReference) -> bool:
        return reference.resource_type in ISSUE_RESOURCES and reference.project_id in (0, self.project_id)

    def _held_of(self, reference: ResourceReference) -> tuple[str, ...]:
        """Of an issue of this project its own file tells what it is called, and how far it is."""
        here = ("ProjectId", "ProjectName") if reference.project_id in (0, self.project_id) else ()
        return (*here, *(("ResourceName", "ResourceStatus") if self._is_issue_here(reference) else ()))


def with_relations(issue: Issue, relations: IssueRelations) -> Issue:
    extra = {**(issue.extra or {}), **relations.extra}
    return replace(issue, links=relations.links, milestone=relations.milestone, extra=extra or None)


@dataclass(frozen=True, slots=True)
class RelationReader:
    """Asks for what the issues of one project stand beside. For several threads."""

    api: CodingApi
    project: str
    project_id: int

    def read(self, code: int, type_: str, saved: Issue | None) -> tuple[IssueRelations, tuple[MatouError, ...]]:
        """With why some of it is not known, where it is not. Raises what ends everything."""
        faults: list[MatouError] = []

        def rows_of(request: Request, kind: type[R], rows: Callable[[R], Sequence[T]]) -> Sequence[T] | None:
            try:
                return rows(self.api.call(request, kind))
            except ENDS_EVERYTHING:
                raise
            except (NotOffered, NotRecorded):
                # A server that has no such list, or records of a Matou that did not ask for it.
                return None
            except MatouError as fault:
                faults.append(fault)
                return None

        def issues(request: Request) -> Sequence[RelatedIssue] | None:
            return rows_of(request, RelatedIssuesResponse, lambda answer: answer.issues)

        names: dict[str, Any] = {"project_name": self.project, "issue_code": code}
        of_requirement = ask_for.DescribeRequirementDefectRelation(project_name=self.project, requirement_code=code)
        named = ask_for.DescribeIssueReferenceResources(**names, project_id=self.project_id)
        relations = IssueRelations(
            project_id=self.project_id,
            saved=saved,
            blocks=issues(ask_for.DescribeBlockIssueList(**names)),
            blocked_by=issues(ask_for.DescribeBlockedByIssueList(**names)),
            defects=issues(of_requirement) if type_ == REQUIREMENT else (),
            references=rows_of(named, ReferencesResponse, lambda answer: answer.data),
            versions=rows_of(
                ask_for.DescribeIssueReleaseList(**names), VersionsOfIssueResponse, lambda answer: answer.release_list
            ),
        )
        return relations, tuple(faults)


def _codes_of(issues: Sequence[RelatedIssue] | None) -> Sequence[str] | None:
    return None if issues is None else [str(issue.code) for issue in issues if issue.code]
