"""The test cases of a CODING project in our form, and how they are walked."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from matou.errors import Phrase
from matou.model.metadata import AttachedFile, Priority, TestCase, TestStep
from matou.platforms.base.metadata import ItemRead, ItemRow
from matou.platforms.coding import wire_requests_by_option as ask_for
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_lists import AnsweredRows, CodingList
from matou.platforms.coding.metadata_values import china_time, extra_of, person_key, source_text, stable_address
from matou.platforms.coding.pages import PAGE_SIZE
from matou.platforms.coding.wire_by_option import (
    CaseSection,
    CaseSectionsResponse,
    CodingTestCase,
    TestCaseResponse,
    TestCasesResponse,
)

CaseForm: TypeAlias = Literal["steps", "text"]

FORMS: Final[Mapping[str, CaseForm]] = {"STEPS": "steps", "TEXT": "text"}
PRIORITIES: Final[Sequence[str]] = ("紧急", "高", "中", "低")
"""By CODING's number here; with issues it counts the other way round."""


class TestCaseReader:
    """Of one project. For several threads."""

    __test__ = False

    def __init__(self, api: CodingApi, project: str) -> None:
        self._api, self._project = api, project
        self._lock = threading.Lock()
        self._sections: dict[int, CaseSection] | None = None

    def count(self) -> int:
        """One request; 0 where CODING does not say."""
        return self._api.call(self._page(1, size=1), TestCasesResponse).data.total

    def rows(self) -> Iterator[ItemRow]:
        what = Phrase("test cases of {project}", project=repr(self._project))
        found: CodingList[CodingTestCase] = CodingList(self._api, what, lambda row: row.id, PAGE_SIZE)
        rows = found.pages(
            self._page,
            TestCasesResponse,
            lambda answer: AnsweredRows(answer.data.cases, answer.data.total or None),
        )
        return (ItemRow(key=str(row.id), updated_at=china_time(row.updated_at), value=row) for row in rows)

    def read(self, row: CodingTestCase) -> ItemRead:
        """What is attached to it, it alone tells."""
        request = ask_for.DescribeTestCase(project_name=self._project, case_id=row.id)
        case = self._api.call(request, TestCaseResponse).data.case
        addresses = {stable_address(one.url): one.url for one in case.attachments if one.url}
        return ItemRead(item=case_of(case, self._names_above(case.section_id)), addresses=addresses)

    def _page(self, number: int, *, size: int = PAGE_SIZE) -> ask_for.DescribeTestCaseList:
        return ask_for.DescribeTestCaseList(project_name=self._project, page=number, page_size=size)

    def _names_above(self, section: int) -> tuple[str, ...]:
        with self._lock:
            if self._sections is None:
                self._sections = {one.id: one for one in self._below(0, frozenset())}
            known = self._sections
        names: list[str] = []
        seen: set[int] = set()
        while section in known and section not in seen:
            seen.add(section)
            names.append(known[section].name)
            section = known[section].parent_id
        return tuple(reversed(names))

    def _below(self, parent: int, above: frozenset[int]) -> Iterator[CaseSection]:
        """Those below a section, however deep; one that stands below itself is entered once."""
        request = ask_for.DescribeTestCaseSectionList(project_name=self._project, parent_id=parent)
        for section in self._api.call(request, CaseSectionsResponse).data.sections:
            yield section
            if section.id not in above:
                yield from self._below(section.id, above | {section.id})


def case_of(case: CodingTestCase, section: tuple[str, ...] = ()) -> TestCase:
    form = FORMS.get(case.template_type)
    at, updated = china_time(case.created_at), china_time(case.updated_at)
    held = [
        *("Id", "Title", "Preconds", "CustomSteps", "CreatedBy", "Priority", "Attachments", "Steps", "Expected"),
        *(("TemplateType",) if form else ()),
        *(("CreatedAt",) if at else ()),
        *(("UpdatedAt",) if updated else ()),
    ]
    steps = [TestStep(action=step.content, expected=step.expected or None) for step in case.custom_steps]
    if case.steps or case.expected:
        steps.append(TestStep(action=case.steps, expected=case.expected or None))
    is_known = 0 <= case.priority < len(PRIORITIES)
    name = PRIORITIES[case.priority] if is_known else str(case.priority)
    return TestCase(
        id=str(case.id),
        title=case.title,
        section=section,
        priority=Priority(name=name, rank=len(PRIORITIES) - 1 - case.priority if is_known else None),
        form=form,
        text=source_text(case.preconds),
        steps=tuple(steps),
        by=person_key(case.created_by),
        at=at,
        updated_at=updated,
        files=tuple(AttachedFile(url=stable_address(one.url), name=one.name) for one in case.attachments if one.url),
        extra=extra_of(case, *held),
    )
