"""What lies around the code of a CODING team, and how its Open API tells of it: issues, merge requests, wikis, hooks.

Rows are made after the vendor's document, and every answer is held to it (support.coding_schemas). A test changes
what there is at any time, also between two pages.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from support.coding_by_option import ANSWERS_BY_OPTION, ProjectWorkshop
from support.coding_schemas import blank

CHINA = timezone(timedelta(hours=8))
PICTURE = re.compile(r"/api/project/\d+/files/(\d+)/imagePreview")
NOT_THERE = {"Error": {"Code": "ResourceNotFound", "Message": "issue_not_exist"}}
NO_SUCH_PROJECT = {"Error": {"Code": "ResourceNotFound", "Message": "project_not_exists"}}

Rows = list[dict[str, Any]]
Parameters = Mapping[str, Any]


def milliseconds(text: str) -> int:
    """`2025-03-04 09:30` by China's clock; a day alone is its beginning."""
    moment = datetime.fromisoformat(text).replace(tzinfo=CHINA)
    return int(moment.timestamp()) * 1000


@dataclass
class ProjectTalk:
    """What a project has, by the numbers that people see. `issues` are details."""

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, Rows] = field(default_factory=lambda: defaultdict(list))
    status_changes: dict[int, Rows] = field(default_factory=lambda: defaultdict(list))
    work_logs: Rows = field(default_factory=list)
    blocks: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    defects: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    references: dict[int, Rows] = field(default_factory=lambda: defaultdict(list))
    issue_versions: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    iterations: Rows = field(default_factory=list)
    versions: Rows = field(default_factory=list)
    fields: Rows = field(default_factory=list)
    wiki: dict[int, dict[str, Any]] = field(default_factory=dict)
    wiki_versions: dict[int, Rows] = field(default_factory=lambda: defaultdict(list))
    announcements: Rows = field(default_factory=list)
    hooks: Rows = field(default_factory=list)
    principals: Rows = field(default_factory=list)
    optional: ProjectWorkshop = field(default_factory=ProjectWorkshop)


@dataclass
class DepotTalk:
    """What a depot has; a thread is a list of notes."""

    merges: dict[int, dict[str, Any]] = field(default_factory=dict)
    threads: list[Rows] = field(default_factory=list)
    releases: Rows = field(default_factory=list)
    protections: Rows = field(default_factory=list)
    protection_members: dict[int, Rows] = field(default_factory=lambda: defaultdict(list))
    protected_tags: Rows = field(default_factory=list)


@dataclass
class CodingMetadata:
    """All of a team's. `signature` is what signed addresses end in now: those of before are refused.

    `largest_list` is the most rows of what is asked for by `Limit`, `largest_page` of issues by pages; `moved` is where
    a file is instead.
    """

    origin: Callable[[], str]
    projects: dict[str, ProjectTalk] = field(default_factory=lambda: defaultdict(ProjectTalk))
    depots: dict[int, DepotTalk] = field(default_factory=lambda: defaultdict(DepotTalk))
    depot_paths: dict[str, int] = field(default_factory=dict)
    project_names: dict[int, str] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    unlisted_files: set[int] = field(default_factory=set)
    moved: dict[int, str] = field(default_factory=dict)
    signature: int = 1
    largest_list: int = 500
    largest_page: int = 500

    def expire_signatures(self) -> None:
        self.signature += 1

    def signed(self, file: int) -> str:
        return f"{self.origin()}/cos/{file}.bin?sign=q{self.signature}"

    def bytes_at(self, path: str) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers of what was signed."""
        found = re.fullmatch(r"/cos/(\d+)\.bin\?sign=q(\d+)", path)
        if found is None or int(found[2]) != self.signature:
            return 403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", {}
        if int(found[1]) in self.moved:
            return 302, b"", {"Location": self.moved[int(found[1])]}
        content = self.files.get(int(found[1]))
        return (404, b"", {}) if content is None else (200, content, {})

    def answers(self, action: str) -> "Callable[[CodingMetadata, Parameters], dict[str, Any]] | None":
        return ANSWERS.get(action) or self._answers_by_option(action)

    def _answers_by_option(self, action: str) -> "Callable[[CodingMetadata, Parameters], dict[str, Any]] | None":
        answer = ANSWERS_BY_OPTION.get(action)
        if answer is None:
            return None
        return lambda _, parameters: answer(self._workshop_of(parameters), self.signed, parameters)

    def _workshop_of(self, parameters: Parameters) -> ProjectWorkshop:
        named = parameters.get("ProjectName") or parameters.get("Project")
        return self.projects[named or self.project_names[int(parameters["ProjectId"])]].optional

    def talk_of(self, parameters: Parameters) -> ProjectTalk | None:
        return self.projects.get(parameters.get("ProjectName", ""))

    def depot_of(self, parameters: Parameters) -> DepotTalk:
        id_ = int(parameters.get("DepotId") or 0) or self.depot_paths[parameters["DepotPath"].strip("/")]
        return self.depots[id_]

    def with_pictures(self, text: str, *, shown: bool) -> str:
        return PICTURE.sub(lambda found: self.signed(int(found[1])), text) if shown else text


def issue_row(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What a list tells of an issue: ids of people, and no files."""
    row = blank("IssueListData")
    row |= {key: detail[key] for key in row.keys() & detail.keys()}
    row |= {"AssigneeId": detail["Assignee"]["Id"], "CreatorId": detail["Creator"]["Id"]}
    row |= {"ParentCode": detail["Parent"]["Code"], "ParentId": detail["Parent"]["Code"] and 9000 + detail["Code"]}
    return row


def _page(rows: Rows, parameters: Parameters, *, default: int = 20, key: str = "PageNumber") -> tuple[Rows, int, int]:
    number = int(parameters.get(key) or 1)
    size = int(parameters.get("PageSize") or default)
    return rows[(number - 1) * size : number * size], number, size


def _counted(
    name: str, rows: Rows, parameters: Parameters, *, total: str = "TotalCount", **more: Any
) -> dict[str, Any]:
    page, number, size = _page(rows, parameters, default=10)
    return {name: page, "PageNumber": number, "PageSize": size, total: len(rows), **more}


def _limited(self: CodingMetadata, rows: Rows, parameters: Parameters) -> Rows:
    offset, limit = int(parameters.get("Offset") or 0), int(parameters.get("Limit") or 20)
    return rows[offset : offset + min(limit, self.largest_list)]


def _issues(self: CodingMetadata, talk: ProjectTalk, parameters: Parameters) -> Rows:
    shown = bool(parameters.get("ShowImageOutUrl"))
    rows = [issue_row(detail) for detail in talk.issues.values() if _matches(detail, parameters.get("Conditions"))]
    key = {"CODE": "Code", "UPDATED_AT": "UpdatedAt"}[parameters.get("SortKey") or "CODE"]
    rows.sort(key=lambda row: (row[key], row["Code"]), reverse=parameters.get("SortValue") != "ASC")
    return [{**row, "Description": self.with_pictures(row["Description"], shown=shown)} for row in rows]


def _matches(detail: Mapping[str, Any], conditions: Any) -> bool:
    several: Iterable[Mapping[str, Any]] = [conditions] if isinstance(conditions, dict) else conditions or []
    return all(_is_within(detail["UpdatedAt"], each["Value"]) for each in several if each["Key"] == "UPDATED_AT")


def _is_within(at: int, value: str) -> bool:
    first, last = (datetime.fromisoformat(day).replace(tzinfo=CHINA) for day in value.split("_"))
    end = last + timedelta(days=1) if len(value.split("_")[1]) == len("2026-01-01") else last
    return first <= datetime.fromtimestamp(at / 1000, UTC) <= end


def issue_list_with_page(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    if talk is None:
        return NO_SUCH_PROJECT
    rows = _issues(self, talk, parameters)
    if not parameters.get("ShowSubIssues"):
        rows = [row for row in rows if row["Type"] != "SUB_TASK"]
    page, number, size = _page(rows, {**parameters, "PageSize": min(int(parameters["PageSize"]), self.largest_page)})
    pages = -(-len(rows) // size)
    return {"Data": {"List": page, "PageNumber": number, "PageSize": size, "TotalPage": pages, "TotalCount": len(rows)}}


def issue_list(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return {"IssueList": _limited(self, _issues(self, talk, parameters), parameters)} if talk else NO_SUCH_PROJECT


def issue(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    detail = talk.issues.get(int(parameters["IssueCode"])) if talk else None
    if detail is None:
        return NOT_THERE
    shown = bool(parameters.get("ShowImageOutUrl"))
    files = [{**file, "Url": self.signed(file["FileId"])} for file in detail["Files"]]
    text = self.with_pictures(detail["Description"], shown=shown)
    return {"Issue": {**detail, "Files": files, "Description": text}}


def issue_comments(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk, code = self.talk_of(parameters), int(parameters["IssueCode"])
    if talk is None or code not in talk.issues:
        return NOT_THERE
    rows = talk.comments.get(code, [])
    if not parameters.get("ShowFileId"):
        rows = [{key: value for key, value in row.items() if key != "FileId"} for row in rows]
    return {"CommentList": rows}


def status_changes(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    if talk is None:
        return NO_SUCH_PROJECT
    rows = [row for code in parameters["IssueCode"] for row in talk.status_changes.get(int(code), [])]
    return {"Logs": {"List": rows or None}}


def issue_file_url(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    file, code = int(parameters["FileId"]), int(parameters.get("IssueCode") or 0)
    talk = self.talk_of(parameters)
    detail = talk.issues.get(code) if talk else None
    if detail is None or talk is None:
        if file not in self.files or file in self.unlisted_files:
            return {"Error": {"Code": "InvalidParameterValue", "Message": "issue_file_not_exist"}}
        return {"Url": self.signed(file), "AttachmentFileUrl": [], "DescriptionImageUrl": [], "CommentImageUrl": []}
    comments = talk.comments.get(code, []) if parameters.get("QueryComment") else []
    return {
        "Url": "",
        "AttachmentFileUrl": [self.signed(row["FileId"]) for row in detail["Files"]],
        "DescriptionImageUrl": [self.signed(int(found)) for found in PICTURE.findall(detail["Description"])],
        "CommentImageUrl": [self.signed(file_id) for row in comments for file_id in row["FileId"]],
    }


def _related(self: CodingMetadata, parameters: Parameters, *, blocked: bool) -> dict[str, Any]:
    talk, code = self.talk_of(parameters), int(parameters["IssueCode"])
    if talk is None:
        return NO_SUCH_PROJECT
    others = [other for other, codes in talk.blocks.items() if code in codes] if blocked else talk.blocks[code]
    return {"Issues": _simple(talk, others)}


def _simple(talk: ProjectTalk, codes: Iterable[int]) -> Rows:
    """Issues that stand beside another one; what was deleted stands beside none."""
    rows: Rows = []
    for code in codes:
        if code in talk.issues:
            row = blank("IssueSimpleData")
            rows.append(row | {key: talk.issues[code][key] for key in row.keys() & talk.issues[code].keys()})
    return rows


def blocking(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    return _related(self, parameters, blocked=False)


def blocked_by(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    return _related(self, parameters, blocked=True)


def defects_of_requirement(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return {"Issues": _simple(talk, talk.defects[int(parameters["RequirementCode"])])} if talk else NO_SUCH_PROJECT


def references_of_issue(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return {"Data": talk.references[int(parameters["IssueCode"])]} if talk else NO_SUCH_PROJECT


def versions_of_issue(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    if talk is None:
        return NO_SUCH_PROJECT
    codes = talk.issue_versions[int(parameters["IssueCode"])]
    return {"ReleaseList": [row for row in talk.versions if row["Code"] in codes]}


def work_logs(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return {"WorkLogs": _limited(self, talk.work_logs if talk else [], parameters)}


def iterations(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    if talk is None:
        return NO_SUCH_PROJECT
    return {"Data": {"List": _limited(self, talk.iterations, parameters), "TotalRow": len(talk.iterations)}}


def versions(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    if talk is None:
        return NO_SUCH_PROJECT
    page, number, size = _page(talk.versions, parameters, key="Page")
    count = len(talk.versions)
    return {
        "Data": {
            "List": page,
            "PageNumber": number,
            "PageSize": size,
            "TotalCount": count,
            "TotalPage": -(-count // size),
        }
    }


def issue_fields(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    rows = [row for row in talk.fields if row["IssueType"] == parameters["IssueType"]] if talk else []
    return {"ProjectIssueFieldList": rows}


def merge_requests(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    since = parameters.get("UpdatedAtStartDate")
    rows = [
        row
        for row in self.depot_of(parameters).merges.values()
        if not since or _is_within(row["UpdateAt"], f"{since}_2099-12-31")
    ]
    rows.sort(key=lambda row: (row["CreatedAt"], row["MergeId"]), reverse=not parameters.get("IsSortDirectionAsc"))
    page, number, size = _page(rows, parameters, default=10)
    return {
        "Data": {
            "List": page or None,
            "PageNumber": number,
            "PageSize": size,
            "TotalPage": -(-len(rows) // size),
            "TotalRow": len(rows),
        }
    }


def merge_request_notes(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    since = parameters.get("CreatedAtStartDate")
    threads = [
        [row for row in thread if not since or _is_within(row["CreatedAt"], f"{since}_2099-12-31")]
        for thread in self.depot_of(parameters).threads
    ]
    page, _, _ = _page([{"Note": thread} for thread in threads if thread], parameters)
    return {"Notes": page}


def releases(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    rows = [self_signed(self, row) for row in self.depot_of(parameters).releases]
    page, _, _ = _page(rows, parameters, default=10)
    return {"ReleasePageList": {"Releases": page, "TotalCount": len(rows)}}


def self_signed(self: CodingMetadata, release: Mapping[str, Any]) -> dict[str, Any]:
    """Its files are known by their ids here, and by signed addresses in the answer."""
    files = [
        {**one, "AttachmentDownloadUrl": self.signed(int(one["AttachmentDownloadUrl"]))}
        for one in release["ReleaseAttachment"]
    ]
    pictures = [self.signed(int(found)) for found in PICTURE.findall(release["Body"])]
    return {**release, "ReleaseAttachment": files, "ImageDownloadUrl": pictures}


def wiki_list(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return {"Data": _below(talk, 0)} if talk else NO_SUCH_PROJECT


def _below(talk: ProjectTalk, parent: int) -> Rows:
    pages = sorted((row for row in talk.wiki.values() if row["ParentIid"] == parent), key=lambda row: row["Order"])
    return [{**row, "Children": _below(talk, row["Iid"])} for row in pages]


def wiki(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk, iid, version = self.talk_of(parameters), int(parameters["Iid"]), int(parameters["VersionId"])
    rows = talk.wiki_versions.get(iid, []) if talk else []
    if not 1 <= version <= len(rows):
        return {"Error": {"Code": "ResourceNotFound", "Message": "wiki_not_exists"}}
    return {"Data": {**rows[version - 1], "HistoriesCount": len(rows), "LastVersion": len(rows)}}


def announcements(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.talk_of(parameters)
    return _counted("List", talk.announcements, parameters) if talk else NO_SUCH_PROJECT


def branch_protections(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    return {"BranchProtections": self.depot_of(parameters).protections}


def branch_protection_members(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    return {"Members": self.depot_of(parameters).protection_members[int(parameters["BranchProtectionId"])]}


def protected_tags(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    return {"GitTags": self.depot_of(parameters).protected_tags}


def service_hooks(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.projects.get(self.project_names.get(int(parameters["ProjectId"]), ""))
    return {"Data": _counted("ServiceHook", talk.hooks if talk else [], parameters)}


def principals(self: CodingMetadata, parameters: Parameters) -> dict[str, Any]:
    talk = self.projects.get(self.project_names.get(int(parameters["ProjectId"]), ""))
    return {"Data": _counted("Principals", talk.principals if talk else [], parameters)}


ANSWERS: Mapping[str, Callable[[CodingMetadata, Parameters], dict[str, Any]]] = {
    "DescribeIssueListWithPage": issue_list_with_page,
    "DescribeIssueList": issue_list,
    "DescribeIssue": issue,
    "DescribeIssueCommentList": issue_comments,
    "DescribeIssueStatusChangeLogList": status_changes,
    "DescribeIssueFileUrl": issue_file_url,
    "DescribeBlockIssueList": blocking,
    "DescribeBlockedByIssueList": blocked_by,
    "DescribeRequirementDefectRelation": defects_of_requirement,
    "DescribeIssueReferenceResources": references_of_issue,
    "DescribeIssueReleaseList": versions_of_issue,
    "DescribeAllProjectsIssueWorkLogList": work_logs,
    "DescribeIterationList": iterations,
    "DescribeReleaseList": versions,
    "DescribeProjectIssueFieldList": issue_fields,
    "DescribeDepotMergeRequests": merge_requests,
    "DescribeAllMergeRequestNotes": merge_request_notes,
    "DescribeGitReleases": releases,
    "DescribeWikiList": wiki_list,
    "DescribeWiki": wiki,
    "DescribeProjectAnnouncements": announcements,
    "DescribeBranchProtections": branch_protections,
    "DescribeBranchProtectionMembers": branch_protection_members,
    "DescribeGitProtectedTags": protected_tags,
    "DescribeServiceHooks": service_hooks,
    "DescribeProjectMemberPrincipals": principals,
}


def user(id_: int, name: str, *, status: int = 1) -> dict[str, Any]:
    """A person as issues name them."""
    return blank(
        "User",
        Id=id_,
        Name=name,
        GlobalKey=f"gk{id_}",
        Email=f"gk{id_}@example.com",
        Phone=f"1380000{id_:04}",
        Status=status,
        TeamId=1,
        Avatar=f"/static/fruit_avatar/Fruit-{id_}.png",
    )


def author(id_: int, name: str, *, status: str = "ACTIVE") -> dict[str, Any]:
    """A person as merge requests name them."""
    return blank(
        "CodingUser", Id=id_, Name=name, GlobalKey=f"gk{id_}", Email=f"gk{id_}@example.com", Status=status, TeamId=1
    )


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
