"""CODING keeps what every platform's client promises."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from contracts.platforms import PlatformContract, Stage
from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.coding.source import CodingClient
from support.coding_source import TOKEN, Answer, CodingSource, running_coding_source

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class CodingStage(Stage):
    token = TOKEN

    def __init__(self, source: CodingSource) -> None:
        self._source = source

    @property
    def url(self) -> str:
        return self._source.url

    def client(self, session: Session, token: Secret, records: list[Record]) -> CodingClient:
        return CodingClient(
            session, self.url, token, record=records.append, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)
        )

    def namespace(self, name: str) -> str:
        return str(self._source.project(name)["Id"])

    def repository(self, namespace: str, name: str) -> str:
        return str(self._source.depot(self._source.projects[int(namespace)], name)["Id"])

    def never_pushed_to(self, repository: str) -> None:
        self._source.depots[int(repository)]["LastPushAt"] = 0

    def move_clone_url(self, repository: str, address: str) -> None:
        self._source.depots[int(repository)]["HttpsUrl"] = address

    def picture(self, namespace: str, *, status: int, content: bytes, absolute: bool) -> None:
        path = f"/static/{namespace}.png"
        self._source.pictures[path] = Answer(status, content)
        self._source.projects[int(namespace)]["Icon"] = self._source.origin + path if absolute else path

    def label(self, namespace: str, name: str) -> None:
        rows = self._source.labels.setdefault(int(namespace), [])
        rows.append(
            {"Id": 100 - len(rows), "ProjectId": int(namespace), "Name": name, "Color": "#FF0000", "CreatorId": 9}
        )

    def member(self, namespace: str, login: str) -> None:
        rows = self._source.members.setdefault(int(namespace), [])
        roles = [{"RoleType": "ProjectMember", "RoleId": "1", "RoleTypeName": "开发"}]
        rows.append({"Id": 100 - len(rows), "GlobalKey": login, "Name": login, "Status": 1, "Roles": roles})

    def stumble(self, status: int, body: bytes, *, times: int) -> None:
        self._source.fail("DescribeTeamDepotInfoList", *[Answer(status, body)] * times)

    def promise_more(self) -> None:
        self._source.uncounted = 1

    def credentials_shown_for_pictures(self) -> list[str | None]:
        return [authorization for _, authorization in self._source.fetched]


class TestCoding(PlatformContract):
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        with running_coding_source() as source:
            source.team_host = source.origin + "/harbour"
            yield CodingStage(source)
