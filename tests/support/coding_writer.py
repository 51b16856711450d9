"""A CODING that a test directs: what one project is given, kept in memory, each request and answer held to the vendor's
document."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

from support.coding_schemas import blank, faults_of_answer, faults_of_request
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

TOKEN = "c0d1ngS3cretT0ken0123456789abcdef0123456"
PROJECT, DEPOT, DEPOT_ID = "docks", "quay", 9
BEFORE = {
    *("DescribeTeam", "DescribeProjectByName", "DescribeProjectIssueStatusList"),
    *("DescribeAllProjectLabels", "DescribeIterationList"),
}
"""Actions that are held to the document elsewhere, or not at all: their rows are short here."""

Row = dict[str, Any]


@dataclass
class CodingWriter:
    """Attributes:
    trouble: answers in the place of CODING where it gives something, by the action.
    lost: actions that are carried out, and whose answers are lost.
    """

    server: RecordingServer
    storage: RecordingServer
    trouble: Callable[[str, Row], Reply | None] = field(default=lambda _action, _parameters: None)
    lost: set[str] = field(default_factory=set)
    labels: list[Row] = field(default_factory=list)
    iterations: list[Row] = field(default_factory=list)
    issues: dict[int, Row] = field(default_factory=dict)
    comments: dict[int, list[Row]] = field(default_factory=dict)
    merges: dict[int, Row] = field(default_factory=dict)
    notes: dict[int, list[Row]] = field(default_factory=dict)
    releases: list[Row] = field(default_factory=list)
    pages: dict[int, Row] = field(default_factory=dict)
    stored: dict[str, SeenRequest] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    requests_seen: list[tuple[str, Row]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _codes: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(5001))

    def __post_init__(self) -> None:
        self.server.handler = self._handle
        self.storage.handler = self._store

    @property
    def url(self) -> str:
        return f"{self.server.url}/open-api"

    def made(self) -> list[str]:
        return [action for action, _ in self.requests_seen if not action.startswith("Describe")]

    def _handle(self, request: SeenRequest) -> Reply:
        if TOKEN not in request.headers.get("authorization", ""):
            return _failed("AuthFailure", "bad token")
        parameters: Row = json.loads(request.body)
        action = parameters.pop("Action")
        self.requests_seen.append((action, parameters))
        if action not in BEFORE:
            self.faults += faults_of_request(action, parameters)
        if instead := self.trouble(action, parameters):
            return instead
        response = {"RequestId": "r", **getattr(self, f"_{action}")(parameters)}
        if action not in BEFORE and "Error" not in response:
            self.faults += faults_of_answer(action, response)
        return Reply(raw=[b""]) if action in self.lost else json_reply({"Response": response})

    def _store(self, request: SeenRequest) -> Reply:
        assert TOKEN not in request.headers.get("authorization", ""), "a storage is told the token"
        self.stored[unquote(request.path)] = request
        return Reply(200)

    def _DescribeTeam(self, _: Row) -> Row:  # noqa: N802 - the action's name, as all below
        return {"Data": {"Id": 1, "Name": "Acme", "TeamHost": "https://acme.coding.net"}}

    def _DescribeProjectByName(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen == {"ProjectName": PROJECT}
        return {"Project": {"Id": 12, "Name": PROJECT}}

    def _DescribeProjectIssueStatusList(self, _: Row) -> Row:  # noqa: N802
        kinds = (("TODO", True), ("PROCESSING", False), ("COMPLETED", False), ("COMPLETED", False))
        rows = [
            {"IssueStatusId": 31 + at, "IsDefault": default, "IssueStatus": {"Type": kind}}
            for at, (kind, default) in enumerate(kinds)
        ]
        return {"ProjectIssueStatusList": rows}

    def _DescribeAllProjectLabels(self, _: Row) -> Row:  # noqa: N802
        return {"Labels": self.labels}

    def _CreateProjectLabel(self, requests_seen: Row) -> Row:  # noqa: N802
        if any(one["Name"] == requests_seen["Name"] for one in self.labels):
            return {"Error": {"Code": "FailedOperation", "Message": "Title Duplicated"}}
        row = {
            "Id": next(self._ids),
            "ProjectId": 12,
            "CreatorId": 1,
            "Name": requests_seen["Name"],
            "Color": requests_seen["Color"],
        }
        self.labels.append(row)
        return {"Label": row}

    def _DescribeIterationList(self, requests_seen: Row) -> Row:  # noqa: N802
        start = requests_seen.get("Offset", 0)
        return {"Data": {"List": self.iterations[start:], "TotalRow": len(self.iterations)}}

    def _CreateIteration(self, requests_seen: Row) -> Row:  # noqa: N802
        row = {
            "Code": next(self._codes),
            "Name": requests_seen["Name"],
            "Goal": requests_seen.get("Goal", ""),
            "Status": "WAIT_PROCESS",
        }
        self.iterations.append(row)
        return {"Iteration": row}

    def _ModifyIterationStatus(self, requests_seen: Row) -> Row:  # noqa: N802
        [row] = [one for one in self.iterations if one["Code"] == requests_seen["IterationCode"]]
        assert requests_seen["Operator"] == ("complete" if row["Status"] == "PROCESSING" else "start")
        row["Status"] = "COMPLETED" if requests_seen["Operator"] == "complete" else "PROCESSING"
        return {}

    def _DescribeIssueListWithPage(self, requests_seen: Row) -> Row:  # noqa: N802
        rows = list(self.issues.values())
        start = (requests_seen["PageNumber"] - 1) * requests_seen["PageSize"]
        shown = rows[start : start + requests_seen["PageSize"]]
        return {"Data": {"List": shown, "PageNumber": 1, "PageSize": 500, "TotalCount": len(rows), "TotalPage": 1}}

    def _CreateIssue(self, requests_seen: Row) -> Row:  # noqa: N802
        code = next(self._codes)
        given = {name: requests_seen[name] for name in ("Name", "Type", "Priority", "Description")}
        self.issues[code] = {"Code": code, "IssueStatusType": "TODO", **given}
        self.issues[code]["Labels"] = self._labels(requests_seen.get("LabelIds", []))
        return {"Issue": {"Code": code, **given}}

    def _ModifyIssue(self, requests_seen: Row) -> Row:  # noqa: N802
        row = self.issues[requests_seen["IssueCode"]]
        if "Name" in requests_seen:
            row["Name"] = requests_seen["Name"]
        if "StatusId" in requests_seen:
            row["IssueStatusType"] = {31: "TODO", 33: "COMPLETED"}[requests_seen["StatusId"]]
        if "UpdateLabelIds" in requests_seen:
            row["Labels"] = self._labels(requests_seen["UpdateLabelIds"])
        return {"Issue": {"Code": row["Code"]}}

    def _labels(self, ids: list[int]) -> list[Row]:
        return [
            {"Id": one["Id"], "Name": one["Name"], "Color": one["Color"]} for one in self.labels if one["Id"] in ids
        ]

    def _ModifyIssueDescription(self, requests_seen: Row) -> Row:  # noqa: N802
        self.issues[requests_seen["IssueCode"]]["Description"] = requests_seen["Description"]
        return {}

    def _CreateIssueComment(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen["ParentId"] == 0
        row = {
            "CommentId": next(self._ids),
            "RawContent": requests_seen["Content"],
            "Content": f"<p>{requests_seen['Content']}</p>",
        }
        self.comments.setdefault(requests_seen["IssueCode"], []).append(row)
        return {}

    def _ModifyIssueComment(self, requests_seen: Row) -> Row:  # noqa: N802
        [row] = [
            one for one in self.comments[requests_seen["IssueCode"]] if one["CommentId"] == requests_seen["CommentId"]
        ]
        row["RawContent"] = requests_seen["Content"]
        return {}

    def _DescribeIssueCommentList(self, requests_seen: Row) -> Row:  # noqa: N802
        return {"CommentList": self.comments.get(requests_seen["IssueCode"], [])}

    def _DescribeDepotMergeRequests(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen["DepotId"] == DEPOT_ID
        rows = list(self.merges.values())
        return {"Data": {"List": rows, "PageNumber": 1, "PageSize": 100, "TotalRow": len(rows), "TotalPage": 1}}

    def _CreateGitMergeRequest(self, requests_seen: Row) -> Row:  # noqa: N802
        number = len(self.merges) + 1
        self.merges[number] = {
            "MergeId": number,
            "Title": requests_seen["Title"],
            "Describe": requests_seen["Content"],
            "Status": "CANMERGE",
            "SourceBranch": requests_seen["SrcBranch"],
            "TargetBranch": requests_seen["DestBranch"],
        }
        return {"Request": {"DepotId": DEPOT_ID, "DepotPath": "", "IId": number, "MergeId": number, "ProjectId": 12}}

    def _ModifyGitMergeRequest(self, requests_seen: Row) -> Row:  # noqa: N802
        row = self.merges[requests_seen["MergeId"]]
        row.update(
            {
                name: requests_seen[key]
                for name, key in (("Title", "Title"), ("Describe", "Content"))
                if key in requests_seen
            }
        )
        return {"MergeRequestInfo": {"MergeId": requests_seen["MergeId"]}}

    def _ModifyCloseMR(self, requests_seen: Row) -> Row:  # noqa: N802
        self.merges[requests_seen["MergeId"]]["Status"] = "REFUSED"
        return {}

    def _CreateMergeRequestNote(self, requests_seen: Row) -> Row:  # noqa: N802
        assert (requests_seen["DepotPath"], requests_seen["ParentId"]) == (f"{PROJECT}/{DEPOT}", 0)
        row = {
            "Id": next(self._ids),
            "MergeId": requests_seen["MergeId"],
            "Content": requests_seen["Content"],
            "ParentId": 0,
        }
        self.notes.setdefault(requests_seen["MergeId"], []).append(row)
        return {"Note": row}

    def _DescribeSingeMergeRequestNotes(self, requests_seen: Row) -> Row:  # noqa: N802
        return {"Notes": [{"Note": [row]} for row in self.notes.get(requests_seen["MergeId"], [])]}

    def _DescribeGitReleases(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen["DepotId"] == DEPOT_ID
        return {"ReleasePageList": {"Releases": self.releases, "TotalCount": len(self.releases)}}

    def _CreateGitRelease(self, requests_seen: Row) -> Row:  # noqa: N802
        if any(one["TagName"] == requests_seen["TagName"] for one in self.releases):
            return {"Error": {"Code": "ResourceInUse", "Message": "release exists"}}
        number = next(self._codes)
        row = {
            "Id": next(self._ids),
            "ReleaseId": number,
            "TagName": requests_seen["TagName"],
            "CommitSha": requests_seen["CommitSha"],
        }
        said = {"Title": requests_seen["Title"], "Body": requests_seen["Description"], "Pre": requests_seen["Pre"]}
        self.releases.append({**row, **said, "DepotId": DEPOT_ID})
        return {}

    def _ModifyGitRelease(self, requests_seen: Row) -> Row:  # noqa: N802
        [row] = [one for one in self.releases if one["ReleaseId"] == requests_seen["ReleaseId"]]
        row["Body"] = requests_seen["Description"]
        return {}

    def _DescribeWikiList(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen == {"ProjectName": PROJECT}
        return {"Data": self._pages_below(0)}

    def _pages_below(self, parent: int) -> list[Row]:
        rows = [(iid, page) for iid, page in self.pages.items() if page["ParentIid"] == parent]
        times = {"CreatedAt": 1, "UpdatedAt": 1}
        return [blank("WikiListData", Iid=iid, **page, **times, Children=self._pages_below(iid)) for iid, page in rows]

    def _CreateWiki(self, requests_seen: Row) -> Row:  # noqa: N802
        assert requests_seen["ParentIid"] in {0, *self.pages}
        iid = next(self._codes)
        self.pages[iid] = {name: requests_seen[name] for name in ("Title", "Content", "ParentIid")}
        return {"Data": blank("WikiData", Iid=iid, **self.pages[iid])}

    def _ModifyWiki(self, requests_seen: Row) -> Row:  # noqa: N802
        page = self.pages[requests_seen["Iid"]]
        page.update({name: requests_seen[name] for name in ("Title", "Content")})
        return {"Data": blank("WikiData", Iid=requests_seen["Iid"], **page)}

    def _DescribePreSignUploadUrl(self, requests_seen: Row) -> Row:  # noqa: N802
        assert (requests_seen["FolderType"], requests_seen["FolderId"]) == (1, 0)
        key = f"{next(self._ids)}-{requests_seen['FileName']}"
        link = f"{self.storage.url}/{quote(key)}?sign={quote('q-sign-algorithm=sha1&q-ak=x')}"
        headers = json.dumps({"x-cos-security-token": "t0k"})
        return {"Data": {"UploadLink": link, "StorageKey": key, "AuthToken": "a", "Headers": headers}}

    def _CreateFile(self, requests_seen: Row) -> Row:  # noqa: N802
        assert f"/{requests_seen['StorageKey']}" in self.stored
        id_ = next(self._ids)
        self.files[id_] = requests_seen["StorageKey"]
        return {"Data": {"Id": id_, "Name": requests_seen["StorageKey"]}}


def _failed(code: str, message: str) -> Reply:
    return json_reply({"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "r"}})


def refusal(code: str, message: str) -> Reply:
    """As CODING refuses: with status 200."""
    return _failed(code, message)


@contextmanager
def running_coding_writer() -> Iterator[CodingWriter]:
    server, storage = RecordingServer(), RecordingServer()
    try:
        yield CodingWriter(server, storage)
    finally:
        server.close()
        storage.close()
