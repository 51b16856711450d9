"""Taking secrets out of texts that somebody may read."""

import base64
import binascii
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

from matou.credentials import Secret

ELLIPSIS = "…"

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s?#\"'<>]*@")
_QUERY = re.compile(
    r"([?&;](?:access_token|private_token|refresh_token|auth_token|token|api_?key|client_secret|secret|pass(?:word|wd)?"
    r"|auth_?code|sig|signature|x-[a-z]+-(?:signature|credential|security-token))=)[^&;\s#\"'<>]*",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer|token)?\s*)[^\s,'\"]+", re.IGNORECASE)


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Give the text without these secrets, and without what looks like one whoever it belongs to.

    That is: user and password in a URL, parameters that carry tokens or signatures, an Authorization header.
    """
    for form in _forms_of_all(secrets):
        text = text.replace(form, ELLIPSIS)
    text = _USERINFO.sub(rf"\1{ELLIPSIS}@", text)
    text = _QUERY.sub(rf"\1{ELLIPSIS}", text)
    return _HEADER.sub(rf"\1{ELLIPSIS}", text)


def redact_bytes(body: bytes, secrets: Iterable[Secret]) -> bytes:
    """Give a body without these secrets; nothing else of it changes."""
    for form in _forms_of_all(secrets):
        body = body.replace(form.encode(), ELLIPSIS.encode())
    return body


def contains(text: str, secret: Secret) -> bool:
    return any(form in text for form in _forms(secret))


def _forms_of_all(secrets: Iterable[Secret]) -> list[str]:
    """Longest first, so that no shorter form leaves the rest of a longer one standing."""
    return sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)


def _forms(secret: Secret) -> set[str]:
    """A secret may be a whole header ("Basic …"): then its parts are secret too, but not the word before them."""
    value = secret.reveal()
    scheme, space, rest = value.partition(" ")
    parts = {value}
    if space and scheme.lower() in {"basic", "bearer", "token"}:
        parts |= {rest, _password_of_basic(rest) if scheme.lower() == "basic" else rest}
    parts |= {quote(part, safe="") for part in parts}
    return {part for part in parts if part}


def _password_of_basic(encoded: str) -> str:
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[2]


class _RedactedRecords(logging.Filter):
    """urllib3 puts URLs into its log lines as they are, and what came instead of a header into tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args, record.exc_info = redact(record.getMessage()), (), None
        return True


def redact_log_lines(logger: str) -> None:
    """Redact what a library writes to its logger; once is enough, twice does no harm."""
    if not logging.getLogger(logger).filters:
        logging.getLogger(logger).addFilter(_RedactedRecords())
