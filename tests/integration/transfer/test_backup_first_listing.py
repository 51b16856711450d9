"""The first backup of an account whose lists lead elsewhere, are refused or are not there: not done, and it says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.settings import Settings
from matou.transfer.backup.options import BackupOptions
from matou.transfer.backup.report import SILENCE, BackupReport
from matou.wiring import back_up
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

USER = {"id": 1, "login": "captain", "name": "Captain"}
NAMESPACE = {"id": 2, "path": "docks", "name": "docks", "type": "group"}
ORGANIZATION = {"id": 3, "login": "docks", "path": "docks", "name": "docks"}

STATUSES = [301, 302, 307, 403, 404, 410]


def answering(status: int, path: str) -> Callable[[SeenRequest], Reply]:
    """An account with one organization and no repository, one list of which is not to be had."""

    def answer(request: SeenRequest) -> Reply:
        requests_seen = request.path.removeprefix("/api/v5")
        if requests_seen == path:
            return Reply(status, b"{}", headers={"Location": "/login"} if status < 400 else {})
        if requests_seen == "/user":
            return json_reply(USER)
        if requests_seen == "/login":
            return Reply(302, headers={"Location": "https://elsewhere.example/login"})
        rows = {"/user/namespaces": [NAMESPACE], "/user/orgs": [ORGANIZATION], "/users/orgs": [ORGANIZATION]}
        found = rows.get(requests_seen, [])
        return json_reply(found, headers={"total_count": str(len(found)), "total_page": "1"})

    return answer


def first_backup(server: RecordingServer, platform: str, to: Path) -> BackupReport:
    settings = Settings.from_environment({})
    options = BackupOptions(jobs=2)
    return back_up(platform, server.url, Secret("0123456789abcdef"), to, options, settings=settings, progress=SILENCE)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("gitee", "/user/repos"),
        ("gitee", "/orgs/docks/repos"),
        ("gitee", "/user/namespaces"),
        ("gitcode", "/user/repos"),
        ("gitcode", "/orgs/docks/repos"),
    ],
)
def test_a_list_that_is_not_to_be_had_is_not_an_empty_one(
    recording_server: RecordingServer, tmp_path: Path, platform: str, status: int, path: str
) -> None:
    recording_server.handler = answering(status, path)
    report = first_backup(recording_server, platform, tmp_path / "archive")

    assert not report.everything_is_saved
    assert any("there may be more" in str(problem.cause) for problem in report.problems)
    end = json.loads((tmp_path / "archive/runs/000001/manifest.jsonl").read_text().splitlines()[-1])
    assert end["listing"] == "broken-off"


@pytest.mark.parametrize("status", [301, 302, 307, 404, 410])
def test_a_list_of_coding_that_leads_elsewhere_is_not_an_empty_one(
    recording_server: RecordingServer, tmp_path: Path, status: int
) -> None:
    data = {"TotalCount": 0, "ProjectList": []}
    rows = {"Response": {"Data": data, "DepotData": {"Depots": [], "Page": {"TotalRow": 0}}}}

    def answer(request: SeenRequest) -> Reply:
        if "Action=DescribeTeamDepotInfoList" in request.target:
            return Reply(status, b"{}", headers={"Location": "/login"} if status < 400 else {})
        if "DescribeCodingCurrentUser" in request.target:
            return json_reply({"Response": {"User": {"Id": 1, "GlobalKey": "captain"}}})
        if "DescribeTeam&" in f"{request.target}&":
            return json_reply(
                {"Response": {"Data": {"Id": 1, "Name": "harbour", "TeamHost": "https://harbour.example"}}}
            )
        return json_reply(rows)

    recording_server.handler = answer
    report = first_backup(recording_server, "coding", tmp_path / "archive")

    assert not report.everything_is_saved
    assert report.problem_count > 0
