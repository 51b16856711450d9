import base64
import logging
from io import StringIO

import pytest

from matou.credentials import Secret
from matou.http.redaction import contains, redact, redact_bytes, redact_log_lines

TOKEN = "f00dfacecafe0123456789abcdef0123456789ab"
BASIC = base64.b64encode(f"coding:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"https://coding:{TOKEN}@e.coding.net/team/repo.git",
        f"https://{TOKEN}@e.coding.net/",
        f"https://user:with@{TOKEN}@e.coding.net/",
        f"GET /api/v5/user?access_token={TOKEN}&page=2",
        f"/api?page=1&private_token={TOKEN}",
        f"https://bucket/x?X-Amz-Signature={TOKEN}&X-Amz-Credential={TOKEN}",
        f"Authorization: token {TOKEN}",
        f"authorization: Bearer {TOKEN}",
        f"{{'Authorization': 'Basic {TOKEN}'}}",
    ],
)
def test_what_looks_like_a_secret_is_taken_out_whoever_it_belongs_to(text: str) -> None:
    assert TOKEN not in redact(text)


@pytest.mark.parametrize("form", [TOKEN, f"token {TOKEN}", BASIC, f"Basic {BASIC}"])
@pytest.mark.parametrize("secret", [f"Basic {BASIC}", f"token {TOKEN}", TOKEN])
def test_a_known_secret_is_taken_out_in_each_of_its_forms(secret: str, form: str) -> None:
    shown = redact(f"you said <{form}>, which is wrong", [Secret(secret), Secret(f"Basic {BASIC}"), Secret(TOKEN)])

    assert TOKEN not in shown
    assert BASIC not in shown


def test_a_secret_is_found_where_a_url_has_quoted_it() -> None:
    secret = Secret("pass/word+1")

    assert "word" not in redact("https://h/?q=pass%2Fword%2B1", [secret])
    assert contains("x=pass%2Fword%2B1", secret)


def test_bytes_lose_the_secret_and_nothing_else() -> None:
    body = b'{"message": "not good: ' + TOKEN.encode() + b'", "raw": "\xff\xfe"}'

    assert redact_bytes(body, [Secret(f"token {TOKEN}")]) == '{"message": "not good: …", "raw": "'.encode() + (
        b'\xff\xfe"}'
    )


def test_what_is_no_secret_stays() -> None:
    text = "GET https://e.coding.net/open-api?Action=DescribeTeam&page=2 token refused, see user@example.com"

    assert redact(text, [Secret(TOKEN)]) == text


def test_a_librarys_log_lines_are_redacted() -> None:
    lines = StringIO()
    logger = logging.getLogger("support.library")
    logger.addHandler(logging.StreamHandler(lines))
    redact_log_lines("support.library")

    logger.warning("asked %s", f"https://h/?access_token={TOKEN}")

    assert lines.getvalue() == "asked https://h/?access_token=…\n"
