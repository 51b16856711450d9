"""What each platform answers about webhooks and passwords comes to the archive's records without them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.records import RecordWriter, read_records
from matou.credentials import Secret
from matou.errors import MatouError
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import Request
from matou.platforms.gitcode.api import GitCodeApi
from matou.platforms.gitee.api import GiteeApi
from support.recording_server import RecordingServer, json_reply

ADDRESS = "https://chat.example/robot?key=0b5e55ed"
PASSWORD = "hunter2-hunter2"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
HOOK = {"id": 1, "url": ADDRESS, "password": PASSWORD, "push_events": True}
SERVICE_HOOK = {"Id": 1, "ActionProperties": f'{{"url":"{ADDRESS}","secret":"{PASSWORD}"}}', "Name": "robot"}


class DescribeServiceHooks(Request, kw_only=True):
    project_id: int


Ask = Callable[[Session, str, Callable[[Record], None]], object]


def test_a_token_that_a_platform_says_back_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl.zst"
    body = b'{"description": "asked with %b"}' % TOKEN.encode()

    with RecordWriter(path, own=Secret(TOKEN)) as records:
        records(Record(now(), "GET /user", {}, 200, body))

    (record,) = read_records(path)
    assert record.body == '{"description": "asked with …"}'.encode()


def now() -> datetime:
    return datetime(2026, 11, 29, tzinfo=UTC)


def ask_gitee(session: Session, url: str, record: Callable[[Record], None]) -> object:
    return GiteeApi(session, url, Secret(TOKEN), now, record).request("GET", "/api/v5/repos/o/r/hooks", repeatable=True)


def ask_gitcode(session: Session, url: str, record: Callable[[Record], None]) -> object:
    return GitCodeApi(session, url, Secret(TOKEN), now, record).request("GET", "/repos/o/r/hooks", repeatable=True)


def ask_coding(session: Session, url: str, record: Callable[[Record], None]) -> object:
    return CodingApi(session, url, Secret(f"token {TOKEN}"), now, record).call(
        DescribeServiceHooks(project_id=1), Response
    )


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    ("ask", "body"),
    [
        pytest.param(ask_gitee, [HOOK], id="gitee"),
        pytest.param(ask_gitcode, [HOOK], id="gitcode"),
        pytest.param(ask_coding, {"Response": {"Data": {"ServiceHook": [SERVICE_HOOK]}}}, id="coding"),
    ],
)
def test_neither_the_address_nor_the_password_of_a_webhook_is_kept(
    recording_server: RecordingServer, gitcode_session: Session, tmp_path: Path, ask: Ask, body: object, status: int
) -> None:
    recording_server.replies = [json_reply(body, status)]
    path = tmp_path / "records.jsonl.zst"

    with RecordWriter(path) as records:
        try:
            ask(gitcode_session, recording_server.url, records)
        except MatouError:
            assert status == 403

    (record,) = read_records(path)
    assert b'"push_events": true' in record.body or b'"Name": "robot"' in record.body
    assert ADDRESS.encode() not in record.body
    assert PASSWORD.encode() not in record.body
