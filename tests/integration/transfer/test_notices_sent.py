"""Notices as each service gets them, by the pages of who makes it: from local listeners and a real SMTP server."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult, LoginPassword

from matou.archive.notice_state import SourceResultState
from matou.credentials import Secret
from matou.http.retry import RetryPolicy
from matou.i18n import speaking
from matou.settings import Settings
from matou.transfer.notices.messages import ping
from matou.transfer.notices.notice import Notice, NoticeEvent, failure_notice
from matou.transfer.notices.recipient import (
    MailAddressing,
    MailSecurity,
    NoticeKind,
    NoticeNotSent,
    Recipient,
    SecretPart,
)
from matou.transfer.notices.sender import NoticeSender
from support.certificates import Certificate, make_certificate
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
QUICK = RetryPolicy(attempts=3, first_wait=timedelta(milliseconds=1), waits_for_unmet=True)
HOSTILE = ('<at user_id="all">x</at>', "<!channel> <http://evil.example|pay>", "@all", "**bold** [a](http://b)")
KEY = "SEC0123456789"


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with closing(RecordingServer()) as server:
        server.handler = lambda _request: Reply(200, b"ok")
        yield server


def answering(server: RecordingServer, *replies: Reply) -> None:
    left = list(replies)
    server.handler = lambda _request: left.pop(0) if len(left) > 1 else left[0]


def notice(event: NoticeEvent = NoticeEvent.FAILURE) -> Notice:
    result = SourceResultState(exit_code=3, ended_at=NOON, run=7, not_saved=HOSTILE, not_saved_count=len(HOSTILE))
    made = failure_notice("ship", result, NOON)
    return Notice(event, made.title, made.lines, made.at, made.source, made.result)


def recipient(kind: NoticeKind, secrets: Mapping[SecretPart, str], **values: Any) -> Recipient:
    def secret(part: SecretPart) -> Secret | None:
        return Secret(secrets[part]) if part in secrets else None

    return Recipient("ops", kind, frozenset(NoticeEvent), "en", secret, **values)


def sender(**environment: str) -> NoticeSender:
    return NoticeSender(Settings.from_environment(environment), lambda: NOON, QUICK)


def send(kind: NoticeKind, secrets: Mapping[SecretPart, str], **values: Any) -> None:
    sender().send(recipient(kind, secrets, **values), notice())


def only(server: RecordingServer) -> SeenRequest:
    (request,) = server.requests
    return request


def test_a_webhook_is_signed_as_github_signs(server: RecordingServer) -> None:
    send(NoticeKind.WEBHOOK, {SecretPart.KEY: KEY}, url=f"{server.url}/hook")

    request = only(server)
    expected = hmac.new(KEY.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert request.headers["x-matou-event"] == "failure"
    body: Any = request.json()
    assert (body["event"], body["source"], body["run"], body["exit_code"]) == ("failure", "ship", 7, 3)
    assert body["at"] == "2026-12-01T12:00:00Z"
    assert body["not_saved"] == list(HOSTILE)


def test_dingtalk_gets_time_and_signature_in_the_query(server: RecordingServer) -> None:
    answering(server, json_reply({"errcode": 0, "errmsg": "ok"}))

    address = f"{server.url}/robot/send?access_token=t0k3n"
    send(NoticeKind.DINGTALK, {SecretPart.ADDRESS: address, SecretPart.KEY: KEY})

    query = parse_qs(urlsplit(only(server).target).query)
    stamp = str(round(NOON.timestamp() * 1000))
    digest = hmac.new(KEY.encode(), f"{stamp}\n{KEY}".encode(), hashlib.sha256).digest()
    expected = base64.b64encode(digest).decode()
    assert query == {"access_token": ["t0k3n"], "timestamp": [stamp], "sign": [expected]}
    assert_plain_text(only(server), lambda body: body["msgtype"] == "text" and body["text"]["content"])


def test_feishu_gets_time_and_signature_in_the_body(server: RecordingServer) -> None:
    answering(server, json_reply({"code": 0, "msg": "success"}))

    send(NoticeKind.FEISHU, {SecretPart.ADDRESS: f"{server.url}/hook/abc", SecretPart.KEY: KEY})

    body: Any = only(server).json()
    stamp = str(round(NOON.timestamp()))
    digest = hmac.new(f"{stamp}\n{KEY}".encode(), b"", hashlib.sha256).digest()
    assert (body["timestamp"], body["sign"]) == (stamp, base64.b64encode(digest).decode())
    assert_plain_text(only(server), lambda body: body["msg_type"] == "text" and body["content"]["text"])


def test_wecom_gets_a_text_of_no_more_than_it_takes(server: RecordingServer) -> None:
    answering(server, json_reply({"errcode": 0, "errmsg": "ok"}))
    long = SourceResultState(exit_code=3, ended_at=NOON, not_saved=("船" * 190,) * 10, not_saved_count=10)

    to = recipient(NoticeKind.WECOM, {SecretPart.ADDRESS: f"{server.url}/cgi-bin/webhook/send?key=k"})
    sender().send(to, notice())
    sender().send(to, failure_notice("ship", long, NOON))

    assert_plain_text(server.requests[0], lambda body: body["msgtype"] == "text" and body["text"]["content"])
    body: Any = server.requests[1].json()
    assert len(body["text"]["content"].encode()) <= 2048


def assert_plain_text(request: SeenRequest, text: Callable[[Any], Any]) -> None:
    """In which a chat finds no mention."""
    content = text(request.json())
    assert "ship was not saved in full" in content
    assert "＜at user_id" in content
    assert not {"<", ">", "@"} & set(content)


def test_slack_finds_neither_mention_nor_link_nor_mark(server: RecordingServer) -> None:
    send(NoticeKind.SLACK, {SecretPart.ADDRESS: f"{server.url}/services/T/B/x"})

    body: Any = only(server).json()
    assert body["mrkdwn"] is False
    assert "&lt;!channel&gt; &lt;http://evil.example|pay&gt;" in body["text"]
    assert "<" not in body["text"]


def test_ntfy_gets_topic_and_title_in_the_body_and_a_token_in_the_header(server: RecordingServer) -> None:
    send(NoticeKind.NTFY, {SecretPart.KEY: "tk_secret"}, url=f"{server.url}/sub/backups")

    body: Any = only(server).json()
    assert only(server).path == "/sub/"
    assert (body["topic"], body["priority"]) == ("backups", 4)
    assert body["title"] == "Matou: ship was not saved in full"
    assert only(server).headers["authorization"] == "Bearer tk_secret"


def test_a_ping_says_by_its_ending_how_it_went(server: RecordingServer) -> None:
    to = recipient(NoticeKind.HEALTHCHECKS, {SecretPart.ADDRESS: f"{server.url}/ping/uuid/"})

    for ending, text in (("/start", ""), ("", "well"), ("/fail", "not")):
        sender().post(to, ping(to, ending, text, "run-1"))

    assert [request.target for request in server.requests] == [
        "/ping/uuid/start?rid=run-1", "/ping/uuid?rid=run-1", "/ping/uuid/fail?rid=run-1",
    ]  # fmt: skip
    assert [request.body for request in server.requests] == [b"", b"well", b"not"]


@pytest.mark.parametrize(
    ("kind", "busy"),
    [
        (NoticeKind.DINGTALK, {"errcode": 130101, "errmsg": "send too fast"}),
        (NoticeKind.FEISHU, {"code": 11232, "msg": "frequency limited"}),
        (NoticeKind.WECOM, {"errcode": 45009, "errmsg": "api freq out of limit"}),
    ],
)
def test_a_service_that_wants_fewer_messages_is_asked_again(
    server: RecordingServer, kind: NoticeKind, busy: dict[str, object]
) -> None:
    answering(server, json_reply(busy), json_reply({"errcode": 0, "code": 0}))

    send(kind, {SecretPart.ADDRESS: f"{server.url}/s3cret"})

    assert len(server.requests) == 2


@pytest.mark.parametrize("kind", [NoticeKind.DINGTALK, NoticeKind.FEISHU, NoticeKind.WECOM])
@pytest.mark.parametrize(
    "answer",
    [
        json_reply({"errcode": 310000, "code": 19021, "errmsg": "s3cret", "msg": "s3cret"}),
        Reply(200, b"<html>s3cret</html>", {"Content-Type": "text/html"}),
        Reply(200, b"[]"),
        Reply(404, b"no s3cret here"),
        Reply(302, b"", {"Location": "/s3cret/elsewhere"}),
    ],
)
def test_what_was_refused_is_told_without_the_secret_and_not_repeated(
    server: RecordingServer, kind: NoticeKind, answer: Reply
) -> None:
    answering(server, answer)

    with pytest.raises(NoticeNotSent) as caught:
        send(kind, {SecretPart.ADDRESS: f"{server.url}/s3cret?key=s3cret"})

    assert "s3cret" not in f"{caught.value}{caught.value.values}"
    assert len(server.requests) == 1


def test_nobody_there_is_told_without_the_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(NoticeNotSent, match="ops could not be told") as caught:
        send(NoticeKind.SLACK, {SecretPart.ADDRESS: f"http://127.0.0.1:{port}/s3cret"})

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://chat.example/s3cret", "ftp://chat.example/s3cret", "https://a b/s3cret", "s3cret"]
)
def test_an_address_that_would_tell_or_is_none_is_not_asked_nor_quoted(address: str) -> None:
    with pytest.raises(NoticeNotSent) as caught:
        send(NoticeKind.SLACK, {SecretPart.ADDRESS: address})

    assert "s3cret" not in str(caught.value)


class Mailbox(Message):
    """Keeps what is delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Any] = []

    def prepare_message(self, session: Any, envelope: Any) -> Any:
        return message_from_bytes(envelope.content, policy=policy.default)

    def handle_message(self, message: Any) -> None:
        self.messages.append(message)


def only_the_captain(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and given.login == b"captain" and given.password == b"hunter2"
    return AuthResult(success=is_right, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("mail"), "IP:127.0.0.1")


def running(box: Mailbox, certificate: Certificate, security: MailSecurity) -> Controller:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options: dict[str, Any] = {"authenticator": only_the_captain, "auth_require_tls": security is MailSecurity.STARTTLS}
    if security is MailSecurity.STARTTLS:
        options |= {"tls_context": context, "require_starttls": True}
    return Controller(box, "127.0.0.1", port, ssl_context=context if security is MailSecurity.TLS else None, **options)


def mail_to(
    controller: Controller, security: MailSecurity, user: str = "captain", password: str = "hunter2"
) -> Recipient:
    addressing = MailAddressing(
        "127.0.0.1", controller.port, security, user, "matou@example.org", ("ops@example.org", "two@example.org")
    )
    return recipient(NoticeKind.MAIL, {SecretPart.KEY: password}, mail=addressing)


@pytest.mark.parametrize("security", list(MailSecurity))
def test_mail_arrives_by_each_kind_of_encryption(certificate: Certificate, security: MailSecurity) -> None:
    box = Mailbox()
    controller = running(box, certificate, security)
    controller.start()
    try:
        user = "" if security is MailSecurity.NONE else "captain"
        sender(MATOU_CA_FILE=str(certificate.certificate)).send(mail_to(controller, security, user), notice())
    finally:
        controller.stop()

    (message,) = box.messages
    assert message["Subject"] == "Matou: ship was not saved in full"
    assert (message["From"], message["To"]) == ("Matou <matou@example.org>", "ops@example.org, two@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert "<!channel> <http://evil.example|pay>" in message.get_content()


def test_a_mail_server_that_is_not_trusted_or_refuses_gets_no_mail_and_the_password_is_told_nobody(
    certificate: Certificate,
) -> None:
    box = Mailbox()
    controller = running(box, certificate, MailSecurity.STARTTLS)
    controller.start()
    try:
        with pytest.raises(NoticeNotSent, match="is not trusted") as untrusted:
            sender().send(mail_to(controller, MailSecurity.STARTTLS), notice())
        wrong = mail_to(controller, MailSecurity.STARTTLS, password="wr0ng")
        with pytest.raises(NoticeNotSent, match="does not take the password") as refused:
            sender(MATOU_CA_FILE=str(certificate.certificate)).send(wrong, notice())
    finally:
        controller.stop()

    assert box.messages == []
    assert not any(word in f"{untrusted.value}{refused.value}" for word in ("hunter2", "wr0ng"))


def test_a_mail_server_without_encryption_is_sent_nothing_where_some_is_wanted(certificate: Certificate) -> None:
    box = Mailbox()
    controller = running(box, certificate, MailSecurity.NONE)
    controller.start()
    try:
        with pytest.raises(NoticeNotSent, match="knows no encryption"):
            sender().send(mail_to(controller, MailSecurity.STARTTLS), notice())
    finally:
        controller.stop()

    assert box.messages == []


def test_a_password_does_not_leave_the_machine_in_clear() -> None:
    addressing = MailAddressing("mail.example", 25, MailSecurity.NONE, "captain", "m@example.org", ("o@example.org",))

    with pytest.raises(NoticeNotSent, match="without encryption"):
        send(NoticeKind.MAIL, {SecretPart.KEY: "hunter2"}, mail=addressing)


@pytest.mark.parametrize("sender_address", ["a@b\nBcc: x@y", "no address", "a@b, c@d"])
def test_an_address_that_would_be_more_than_one_header_is_refused(sender_address: str) -> None:
    addressing = MailAddressing("127.0.0.1", 9, MailSecurity.NONE, "", sender_address, ("ops@example.org",))

    with pytest.raises(NoticeNotSent, match="is none"):
        send(NoticeKind.MAIL, {}, mail=addressing)


def test_each_language_has_its_text(server: RecordingServer) -> None:
    with speaking("zh"):
        made = failure_notice("ship", SourceResultState(exit_code=4, ended_at=NOON), NOON)
    sender().send(recipient(NoticeKind.SLACK, {SecretPart.ADDRESS: f"{server.url}/x"}), made)

    text = json.loads(only(server).body)["text"]
    assert "未能完整备份" in text
    assert "凭据" in text
