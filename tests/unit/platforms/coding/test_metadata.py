"""CODING's objects become ours, and nothing of them is lost on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.metadata import WITHHELD, Issue, MetadataValue
from matou.platforms.coding import metadata_changes, metadata_issues, metadata_project, metadata_releases, metadata_wiki
from matou.platforms.coding.metadata_artifacts import FoundArtifact, artifact_of
from matou.platforms.coding.metadata_test_cases import case_of
from matou.platforms.coding.metadata_values import china_time, day, source_text, stable_address, unsigned
from matou.platforms.coding.wire import CHINA, DECODER, CodingLabel, CodingMember, CodingStruct, Milliseconds
from matou.platforms.coding.wire_by_option import (
    ArtifactPackage,
    ArtifactRepository,
    ArtifactVersion,
    CodingTestCase,
)
from matou.platforms.coding.wire_issues import IssueComment, IssueDetail, IssueStatusChange, IssueWorkLog
from matou.platforms.coding.wire_merges import MergeRequest, MergeRequestNote
from matou.platforms.coding.wire_pages import CodingAnnouncement, WikiNode, WikiPageVersion
from matou.platforms.coding.wire_planning import CodingIteration, CodingVersion, ProjectIssueField
from matou.platforms.coding.wire_releases import Release
from matou.platforms.coding.wire_settings import BranchProtection, ServiceHook
from support.coding_schemas import filled
from support.coding_source import CodingSource
from support.coding_story import MARKDOWN, RICH, WEBHOOK_KEY, tell_story

# Of people only what people.json has a place for; and what stands in a list of its own, or may not be kept.
OF_PEOPLE = ("Email", "Phone", "Avatar", "TeamId", "TeamGlobalKey", "Status")


def whole_issue(detail: IssueDetail) -> tuple[MetadataValue, ...]:
    issue = metadata_issues.issue_of(detail, (), (), (), project_id=7)
    return issue, *metadata_issues.people_of_issue(detail)


def whole_change(merge: MergeRequest) -> tuple[MetadataValue, ...]:
    return metadata_changes.change_of(merge), *metadata_changes.people_of_change(merge)


def whole_note(note: MergeRequestNote) -> tuple[MetadataValue, ...]:
    thread = metadata_changes.thread_of([note], note)
    assert thread is not None
    return metadata_changes.note_comment(note), thread, *metadata_changes.people_of_note(note)


def whole_page(node: WikiNode) -> tuple[MetadataValue, ...]:
    return metadata_wiki.page_of(node, None), *metadata_wiki.people_of_page(node)


def whole_version(version: WikiPageVersion) -> tuple[MetadataValue, ...]:
    return metadata_wiki.version_of(version, version.current_version), *metadata_wiki.people_of_version(version)


Mapped = Callable[[Any], tuple[object, ...]]

OBJECTS: Mapping[str, tuple[type[CodingStruct], Mapped, tuple[str, ...]]] = {
    "IssueDetail": (IssueDetail, whole_issue, ("Labels.Id", "Labels.Color", "Files.Url")),
    "IssueComment": (IssueComment, lambda row: (metadata_issues.comment_of(row),), ()),
    "IssueStatusChangeLog": (
        IssueStatusChange,
        lambda row: metadata_issues.status_events([row]),
        ("IssueCode",),
    ),
    "IssueWorkLog": (
        IssueWorkLog,
        lambda row: metadata_issues.spent_of([row]) or (),
        ("IssueCode", "IssueId", "ProjectName", "RemainingHours", "CreatedAt", "UpdatedAt", "Id"),
    ),
    "MergeRequestData": (MergeRequest, whole_change, ()),
    "MergeRequestNote": (MergeRequestNote, whole_note, ("MergeId",)),
    "Release": (
        Release,
        lambda row: (metadata_releases.release_of(row),),
        ("ImageDownloadUrl", "iid"),
    ),
    "Iteration": (CodingIteration, lambda row: (metadata_project.iteration_milestone(row),), ()),
    "OpenApiRelease": (CodingVersion, lambda row: (metadata_project.version_milestone(row),), ()),
    "ProjectIssueField": (ProjectIssueField, lambda row: tuple(metadata_project.field_settings([row])), ("IconUrl",)),
    "ProjectLabelLabels": (CodingLabel, lambda row: (metadata_project.label_of(row),), ("CreatorId", "ProjectId")),
    "WikiListData": (WikiNode, whole_page, ("Children",)),
    "WikiData": (
        WikiPageVersion,
        whole_version,
        ("CreatedAt", "HistoriesCount", "LastVersion", "Html"),
    ),
    "ProjectAnnouncementProjectAnnouncement": (
        CodingAnnouncement,
        lambda row: (metadata_project.announcement_of(row),),
        (),
    ),
    "Case": (
        CodingTestCase,
        lambda row: (case_of(row),),
        ("Attachments.Url", "Attachments.Id", "Attachments.CreatedAt"),
    ),
    "ArtifactVersionBean": (
        ArtifactVersion,
        lambda row: (artifact_of(FoundArtifact(ArtifactRepository(name="x"), ArtifactPackage(name="x"), row, ())),),
        ("DownloadCount", "PkgId"),
    ),
    "BranchProtection": (
        BranchProtection,
        lambda row: (metadata_project.branch_rule(row, []),),
        ("MatcherCount",),
    ),
    "ServiceHook": (
        ServiceHook,
        lambda row: (metadata_project.webhook_of(row),),
        ("ActionProperties", "FilterProperties", "CreatorByUser", "UpdatedByUser", "LastSucceedAt", "Status"),
    ),
}


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Each text and number with the keys that lead to it."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif is_dataclass(value):
        yield from leaves({one.name: getattr(value, one.name) for one in fields(value)}, path)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def spellings(value: object) -> Iterator[object]:
    """A value in the forms in which it may be kept."""
    yield value
    if isinstance(value, datetime):
        yield round(value.timestamp() * 1000)
    if isinstance(value, str):
        yield from _numbers_in(value)


def _numbers_in(text: str) -> Iterator[object]:
    if text.isdigit():
        yield int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return
    yield round(moment.replace(tzinfo=moment.tzinfo or CHINA).timestamp() * 1000)


def is_left_out(path: str, exempt: tuple[str, ...]) -> bool:
    last = path.rpartition(".")[2]
    return path.startswith(exempt) or (last in OF_PEOPLE and path != last and "Project." not in path)


@pytest.mark.parametrize("name", OBJECTS)
@given(data=st.data())
def test_every_text_and_number_that_came_is_kept(name: str, data: st.DataObject) -> None:
    kind, mapped, exempt = OBJECTS[name]
    whole = filled(name, count(1_700_000_000_001, 1009))
    needed = {one.encode_name for one in msgspec.structs.fields(kind) if one.required}
    absent = data.draw(st.sets(st.sampled_from(sorted(whole.keys() - needed - {"Path", "Id", "Color"}) or ["-"])))
    row = {key: value for key, value in whole.items() if key not in absent}

    kept = mapped(DECODER.read(kind, row, is_lenient=False))

    told = {spelling for _, value in leaves(kept) for spelling in spellings(value) if not isinstance(spelling, bool)}
    came = {(path, value) for path, value in leaves(row) if not isinstance(value, bool)}
    assert {(path, value) for path, value in came if value not in told and not is_left_out(path, exempt)} == set()


def test_keys_that_nobody_has_described_are_kept() -> None:
    row = {"Code": 1, "Name": "船", "Risk": {"Level": 0}, "Priority": "9"}

    issue = metadata_issues.issue_of(DECODER.read(IssueDetail, row), (), (), (), project_id=7)

    assert issue.extra == {"Risk": {"Level": 0}, "Priority": "9"}


@pytest.fixture
def story() -> dict[int, Issue]:
    talk, _ = tell_story(CodingSource())
    return {
        code: metadata_issues.issue_of(
            DECODER.read(IssueDetail, detail),
            DECODER.read(list[IssueComment], talk.comments.get(code, [])),
            DECODER.read(list[IssueStatusChange], talk.status_changes.get(code, [])),
            [log for log in DECODER.read(list[IssueWorkLog], talk.work_logs) if log.issue_code == code],
            project_id=1000,
        )
        for code, detail in talk.issues.items()
    }


def test_the_five_types_are_told_apart(story: Mapping[int, Issue]) -> None:
    types = {code: (issue.type.name, issue.type.group) for code, issue in story.items() if issue.type}

    assert types == {
        1: ("史诗", "epic"),
        2: ("需求", "requirement"),
        3: ("子工作项", "subtask"),
        5: ("缺陷", "bug"),
        6: ("任务", "task"),
    }


def test_a_status_says_what_it_comes_to(story: Mapping[int, Issue]) -> None:
    assert [(issue.state, issue.status and issue.status.group) for issue in story.values()] == [
        ("open", "todo"),
        ("open", "doing"),
        ("open", "todo"),
        ("closed", "done"),
        ("open", "todo"),
    ]
    assert [(event.kind, event.data["from"], event.data["to"]) for event in story[5].events] == [
        ("status", None, "未开始"),
        ("status", "未开始", "处理中"),
        ("status", "处理中", "已完成"),
    ]


def test_rich_text_and_markdown_are_told_apart(story: Mapping[int, Issue]) -> None:
    texts = {code: (issue.text.markup, issue.text.body) for code, issue in story.items() if issue.text}

    assert texts == {2: ("coding-rich", RICH), 5: ("markdown", MARKDOWN)}


def test_a_comment_is_what_was_typed_and_html_only_where_there_is_no_more(story: Mapping[int, Issue]) -> None:
    comments = story[5].comments

    assert [(one.id, one.reply_to, one.by, one.text.markup) for one in comments] == [
        ("11", None, "3", "markdown"),
        ("12", "11", "1", "markdown"),
        ("13", None, "1", "html"),
    ]
    assert comments[0].extra == {"Content": "<p>看到了，潮水太急。</p>"}
    assert comments[2].text.body == "<p>旧编辑器写的</p>"


def test_an_issue_says_where_it_stands_in_the_project(story: Mapping[int, Issue]) -> None:
    requirement, subtask, defect = story[2], story[3], story[5]

    assert (requirement.children, subtask.parent, requirement.iteration) == (("3",), "2", "8")
    assert (requirement.assignees, requirement.due, requirement.estimate) == (("2", "3"), "2025-06-01", 16.5)
    assert requirement.priority is not None
    assert (requirement.priority.name, requirement.priority.rank) == ("高", 2)
    assert (defect.labels, defect.watchers) == (("急",), ("1", "3"))
    assert [(one.url, one.name, one.size) for one in defect.files] == [
        ("/api/project/1000/files/702/download", "年度 计划.txt", 13)
    ]
    assert defect.spent is not None
    assert [(entry.by, entry.hours, entry.text) for entry in defect.spent] == [("2", 1.5, "修好了舵")]


def test_mail_and_telephone_of_people_stand_in_no_issue(story: Mapping[int, Issue]) -> None:
    texts = [value for issue in story.values() for _, value in leaves(issue) if isinstance(value, str)]

    assert [text for text in texts if "@example.com" in text or "1380000" in text] == []
    assert story[2].fields is not None
    assert story[2].fields[1].value == [{"Id": 2, "GlobalKey": "gk2", "Name": "李领航"}]


def test_a_webhook_is_kept_without_its_address_and_key() -> None:
    talk, _ = tell_story(CodingSource())

    hook = metadata_project.webhook_of(DECODER.read(ServiceHook, talk.hooks[0]))

    assert (hook.name, hook.url, hook.secret, hook.events) == ("通知群", WITHHELD, WITHHELD, ("GIT_PUSHED",))
    assert [value for _, value in leaves(hook) if WEBHOOK_KEY in str(value)] == []


def test_a_webhook_is_the_same_whether_it_is_read_from_the_platform_or_from_a_record() -> None:
    talk, _ = tell_story(CodingSource())
    recorded = {**talk.hooks[0], "ActionProperties": "…", "FilterProperties": "…"}

    hooks = [metadata_project.webhook_of(DECODER.read(ServiceHook, row)) for row in (talk.hooks[0], recorded)]

    assert hooks[0] == hooks[1]


def test_a_merge_request_is_merged_closed_or_open() -> None:
    _, talk = tell_story(CodingSource())

    changes = [metadata_changes.change_of(DECODER.read(MergeRequest, row)) for row in talk.merges.values()]

    assert [(one.number, one.state, one.merged_by, one.closed_by) for one in changes] == [
        ("1", "merged", "1", None),
        ("2", "open", None, None),
        ("3", "closed", None, "1"),
    ]
    assert [(one.by, one.role, one.state) for one in changes[1].reviewers] == [
        ("1", "reviewer", "requested"),
        ("3", "reviewer", "requested"),
    ]
    assert changes[1].extra == {
        "Granted": 1,
        "CommentCount": 4,
        "Status": "CANMERGE",
        "DepotId": 5000,
        "ProjectId": 1000,
    }


def test_notes_at_one_line_are_one_thread_and_others_are_general_talk() -> None:
    _, talk = tell_story(CodingSource())
    groups = [DECODER.read(list[MergeRequestNote], thread) for thread in talk.threads]

    threads = [[metadata_changes.thread_of(group, note) for note in group] for group in groups]

    assert threads[0][0] == threads[0][1]
    assert threads[0][0] is not None
    assert threads[0][0].position is not None
    assert (threads[0][0].path, threads[0][0].position.diff_index) == ("src/船头.c", 4)
    assert threads[1] == [None, None]
    assert metadata_changes.note_comment(groups[1][1]).reply_to == "709"


def test_the_strongest_role_of_a_member_counts() -> None:
    roles = [{"RoleType": "ProjectMember"}, {"RoleType": "ProjectAdmin", "RoleTypeName": "项目管理员"}]

    grant = metadata_project.member_grant(DECODER.read(CodingMember, {"Id": 3, "Status": -3, "Roles": roles}))

    assert (grant.person, grant.role) == ("3", "maintainer")
    assert grant.extra == {"Status": -3, "Roles": roles}


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (1748707200000, "2025-06-01"),
        (1748707261500, "2025-05-31T16:01:01.5Z"),
        (0, None),
        (-28_800_000, None),
    ],
)
def test_a_day_is_one_of_chinas_calendar(milliseconds: int, told: str | None) -> None:
    assert day(Milliseconds(milliseconds)) == told


def test_a_time_without_a_zone_is_chinas() -> None:
    assert china_time("2020-09-22 00:00:00") == datetime(2020, 9, 21, 16, tzinfo=UTC)
    assert china_time("2020-09-22") is None


@pytest.mark.parametrize(
    ("body", "markup"),
    [("<p>好</p>\n", "coding-rich"), ("<p>好", "markdown"), ("好 <b>好</b>", "markdown"), ("# 好", "markdown")],
)
def test_rich_text_begins_and_ends_with_a_tag(body: str, markup: str) -> None:
    text = source_text(body)

    assert text is not None
    assert (text.markup, text.body) == (markup, body)


def test_a_signed_address_is_cut_where_its_signature_begins() -> None:
    address = "https://x.cos.ap-shanghai.myqcloud.com/a%20b.png?q-sign-algorithm=sha1&q-ak=AK&x=1"

    assert unsigned(f'<img src="{address}">') == '<img src="https://x.cos.ap-shanghai.myqcloud.com/a%20b.png">'
    assert stable_address(address) == "https://x.cos.ap-shanghai.myqcloud.com/a%20b.png"
    assert unsigned("https://example.com/?page=2") == "https://example.com/?page=2"
