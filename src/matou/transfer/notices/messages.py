"""A notice as each service takes it by HTTP: one function a kind, by the pages of whoever makes the service."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit
from uuid import uuid4

import msgspec

from matou.credentials import Secret
from matou.errors import Refused, TryLater
from matou.http.responses import Answer
from matou.model.decoding_faults import NOT_DECODED
from matou.transfer.notices.notice import Notice, NoticeEvent
from matou.transfer.notices.recipient import NoticeKind, Recipient, SecretPart

LONGEST_TEXT_BYTES: Final = 2048
"""Of WeCom, the least of all."""

JSON_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}


def _accept(_answer: Answer) -> None:
    """The status says it all."""


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """What is sent, and a look at what a service answers that refuses with 200."""

    address: Secret
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
    authorization: Secret | None = None
    check: Callable[[Answer], None] = _accept


def webhook(recipient: Recipient, notice: Notice) -> HttpMessage:
    """JSON, signed as GitHub signs (X-Hub-Signature-256): `sha256=` and the HMAC-SHA256 of the body."""
    key = recipient.require(SecretPart.KEY)
    result = notice.result
    body = _json(
        {
            "event": notice.event.value,
            "at": f"{notice.at:%Y-%m-%dT%H:%M:%SZ}",
            "source": notice.source or None,
            "title": notice.title,
            "text": notice.text,
            "run": result.run if result else None,
            "exit_code": result.exit_code if result else None,
            "not_saved": list(result.not_saved) if result else [],
            "not_saved_count": result.not_saved_count if result else 0,
        }
    )
    signature = hmac.new(key.reveal().encode(), body, hashlib.sha256).hexdigest()
    headers = {
        **JSON_HEADERS,
        "X-Matou-Event": notice.event.value,
        "X-Matou-Delivery": str(uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return HttpMessage(Secret(recipient.url), body, headers)


def dingtalk(recipient: Recipient, notice: Notice) -> HttpMessage:
    """open.dingtalk.com, "custom robot security settings": the HMAC of time and secret stands in the query."""
    address, key = recipient.require(SecretPart.ADDRESS).reveal(), recipient.secret(SecretPart.KEY)
    if key:
        timestamp = round(notice.at.timestamp() * 1000)
        sign = _signature(key.reveal(), f"{timestamp}\n{key.reveal()}")
        address += f"{'&' if '?' in address else '?'}timestamp={timestamp}&sign={quote_plus(sign)}"
    body = _json({"msgtype": "text", "text": {"content": _plain(notice)}})
    return HttpMessage(Secret(address), body, check=_CodeCheck("errcode", frozenset({130101, 130102, -1})))


def feishu(recipient: Recipient, notice: Notice) -> HttpMessage:
    """open.feishu.cn, "custom bot guide": time and secret are the key of an HMAC of nothing. Lark's are the same."""
    values: dict[str, object] = {"msg_type": "text", "content": {"text": _plain(notice)}}
    key = recipient.secret(SecretPart.KEY)
    if key:
        timestamp = str(round(notice.at.timestamp()))
        values |= {"timestamp": timestamp, "sign": _signature(f"{timestamp}\n{key.reveal()}", "")}
    check = _CodeCheck("code", frozenset({11232, 99991400}), also="StatusCode")
    return HttpMessage(recipient.require(SecretPart.ADDRESS), _json(values), check=check)


def wecom(recipient: Recipient, notice: Notice) -> HttpMessage:
    """developer.work.weixin.qq.com, path 91770."""
    body = _json({"msgtype": "text", "text": {"content": _plain(notice)}})
    check = _CodeCheck("errcode", frozenset({45009, -1}))
    return HttpMessage(recipient.require(SecretPart.ADDRESS), body, check=check)


def slack(recipient: Recipient, notice: Notice) -> HttpMessage:
    """docs.slack.dev, "incoming webhooks" and "formatting": three characters are escaped, and marks mean nothing."""
    text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = _json({"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False})
    return HttpMessage(recipient.require(SecretPart.ADDRESS), body)


def ntfy(recipient: Recipient, notice: Notice) -> HttpMessage:
    """docs.ntfy.sh, "publish as JSON": the topic is the end of the address; a title in JSON is no header."""
    parts = urlsplit(recipient.url)
    folder, _slash, topic = parts.path.rstrip("/").rpartition("/")
    is_urgent = notice.event in (NoticeEvent.FAILURE, NoticeEvent.OLD)
    values = {
        "topic": topic,
        "title": notice.title,
        "message": "\n".join(notice.lines) or notice.title,
        "priority": 4 if is_urgent else 3,
        "tags": ["warning" if is_urgent else "anchor"],
    }
    key = recipient.secret(SecretPart.KEY)
    authorization = Secret(f"Bearer {key.reveal()}") if key else None
    address = Secret(f"{parts.scheme}://{parts.netloc}{folder}/")
    return HttpMessage(address, _json(values), authorization=authorization)


def ping(recipient: Recipient, ending: str, text: str, run_id: str) -> HttpMessage:
    """healthchecks.io, "pinging API": behind the address `/start`, `/fail`, or nothing for a success."""
    address, _mark, query = recipient.require(SecretPart.ADDRESS).reveal().rstrip("/").partition("?")
    parameters = "&".join(filter(None, (query, f"rid={run_id}" if run_id else "")))
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    target = Secret(f"{address}{ending}{'?' if parameters else ''}{parameters}")
    return HttpMessage(target, text.encode("utf-8", "replace"), headers)


MESSAGES: Final[Mapping[NoticeKind, Callable[[Recipient, Notice], HttpMessage]]] = {
    NoticeKind.WEBHOOK: webhook,
    NoticeKind.DINGTALK: dingtalk,
    NoticeKind.FEISHU: feishu,
    NoticeKind.WECOM: wecom,
    NoticeKind.SLACK: slack,
    NoticeKind.NTFY: ntfy,
}


@dataclass(frozen=True, slots=True)
class _CodeCheck:
    """Looks at the code in an answer of status 200; what else it says is not repeated, since it may quote a secret.

    Attributes:
        later: codes with which a service wants fewer messages, or is away.
        also: what an older form of the answer calls the code.
    """

    name: str
    later: frozenset[int]
    also: str = ""

    def __call__(self, answer: Answer) -> None:
        try:
            values: Any = msgspec.json.decode(answer.body)
        except NOT_DECODED:
            values = None
        code = values.get(self.name, values.get(self.also)) if isinstance(values, dict) else None
        if code == 0:
            return
        if code in self.later:
            raise TryLater("answered with the code {code}", code=code)
        raise Refused("answered with the code {code}", code=repr(code)[:20])


def _plain(notice: Notice) -> str:
    """Text in which no chat finds a mention: some take `<at …>` for one, wherever it stands."""
    text = notice.text.replace("<", "＜").replace(">", "＞").replace("@", "＠")
    content = text.encode("utf-8", "replace")
    if len(content) <= LONGEST_TEXT_BYTES:
        return text
    return content[: LONGEST_TEXT_BYTES - 3].decode("utf-8", "ignore") + "…"


def _signature(key: str, text: str) -> str:
    return b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _json(values: object) -> bytes:
    return msgspec.json.encode(values)
