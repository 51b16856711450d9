"""No secret of an answer outlives the moment in which it is read; all the rest of it does, byte for byte."""

import json
import time

import pytest

from matou.errors import UnknownShape
from matou.http.withholding import unknown_shape, withhold, withhold_parameters

SECRET = "s3cr3t-that-nobody-may-keep"


@pytest.mark.parametrize(
    "body",
    [
        '{"password": "%s"}',
        '{"Password":"%s","Id":1}',
        '{"private_token": "%s"}',
        '{"clientSecret": "%s"}',
        '{"runners-token": "%s"}',
        '{"p\\u0061ssword": "%s"}',
        '{"a": [{"password": "x\\"%s"}]}',
        '{"secret": {"value": ["%s"]}}',
        '{"tokens": ["%s"]}',
        '{"secrets": {"a": "%s"}}',
        '{"pwd": "%s"}',
        '{"headers": {"Authorization": "Bearer %s"}}',
        '{"Cookie": "session=%s"}',
        '{"json": "{\\"password\\": \\"%s\\"}"}',
        '{"json": "[{\\"a\\":\\"{\\\\\\"secret_key\\\\\\":\\\\\\"%s\\\\\\"}\\"}]"}',
        '{"json": "{\\"password\\": \\"%s',
        '{"password": "%s", "password": "%s"}',
        '{"auth_code": "%s"}',
        '{"AuthorizationCode": "%s"}',
        '{"token_value": "%s"}',
        '{"tokenString": "%s"}',
        '{"TOKENS_TEXT": ["%s"]}',
        '{"password_digest": "%s"}',
        '{"password-hash": "%s"}',
        '{"secret_sha256": "%s"}',
        '{"pass": "%s"}',
        '{"smtp_pass": "%s"}',
        '{"dbPass": "%s"}',
        '{"json": "{\\"auth_code\\": \\"%s\\"}"}',
        '{"link": "https://h/a?page=1&auth_code=%s"}',
        '{"password": "%s',
        '{"rows": [{"token": "%s"}, {"to',
        '{"import_url": "https://someone:%s@git.example/a.git"}',
        '{"import_url": "https:\\/\\/someone:%s@git.example\\/a.git"}',
        '{"import_url": "https://%s@git.example/a.git"}',
        '{"link": "https://h/a?page=1&access_token=%s"}',
        '{"link": "https://h/a?page=1\\u0026private_token=%s"}',
        "<a href='https://h/?token=%s'>",
        "password=%s",
        '{"Url": "http://files.example/a.png?sign=%s"}',
        '{"Url": "https://x.cos.example/a.png?q-ak=%s&q-signature=%s"}',
    ],
)
def test_a_secret_is_withheld_whatever_the_answer_looks_like(body: str) -> None:
    kept = withhold(body.replace("%s", SECRET).encode(), request="GET /user")

    assert SECRET not in kept.decode()
    assert "…" in kept.decode()


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ("GET /repos/o/r/hooks", '[{"id": 1, "url": "https://chat/%s"}]'),
        ("GET /repos/o/r/hooks/1", '{"config": {"url": "https://chat/%s"}}'),
        ("GET /repos/o/r", '{"hooks": [{"url": "https://chat/%s"}]}'),
        ("DescribeServiceHooks", '{"ServiceHook": [{"ActionProperties": "{\\"url\\":\\"https://chat/%s\\"}"}]}'),
        ("GET /anything", '{"webhook_url": "https://chat/%s"}'),
        ("GET /anything", '{"webhook_address": "https://chat/%s"}'),
        ("GET /repos/o/r", '{"hooks": ["https://chat/%s"]}'),
        ("GET /repos/o/r", '{"hook": "https:\\/\\/chat/%s"}'),
        ("GET /repos/o/r", '{"webhooks": [{"address": "https://chat/%s"}]}'),
    ],
)
def test_the_address_of_a_webhook_is_a_secret(request_: str, body: str) -> None:
    assert SECRET not in withhold(body.replace("%s", SECRET).encode(), request=request_).decode()


@pytest.mark.parametrize(
    "body",
    [
        b'[{"url": "https://h/api/repos/1", "hooks_url": "https://h/api/hooks", "key": "ssh-ed25519 AAAA"}]',
        b'{"password": null, "secret": "", "has_token": true, "description": "mail me@example.com, a=b"}',
        b'{"created_at" :  1.50, "n": 12345678901234567890, "text": "a password is \\"needed\\""}',
        b'{"token_type": "bearer", "password_changed_at": "2026-01-01", "token_name": "ci", "max_token_count": 3}',
        b'{"pass": true, "pass": 12, "bypass": "x", "compass": "y", "pass_rate": "0.9", "passed": "z"}',
        b'{"code": "abc", "error_code": "401", "zip_code": "1", "commit_hash": "0f", "string": "s", "auth": "basic"}',
        b'{"language_code": "zh", "key_value": "ssh-ed25519 AAAA", "value": "v", "text": "my token", "passages": "p"}',
        b"\xff\xfe not text: password",
        b"",
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(body: bytes) -> None:
    assert withhold(body, request="GET /user/repos") == body


def test_the_rest_of_an_answer_with_a_secret_stays_byte_for_byte() -> None:
    body = b'{ "id":1.0,\n "password" : "x", "n": [1,2 , {"url":"https://h"}], "name":"\xe7\xa0\x81" }'

    assert withhold(body, request="GET /user") == body.replace(b'"x"', '"…"'.encode())


def test_an_answer_stays_json() -> None:
    body = json.dumps({"secret": {"a": 1, "b": [True, None, "x"]}, "token": 7, "id": 3}).encode()

    assert json.loads(withhold(body, request="")) == {
        "secret": {"a": "…", "b": [True, None, "…"]},
        "token": "…",
        "id": 3,
    }


@pytest.mark.parametrize("piece", [b"a", b'"', b"\\", b"[", b"://", b"://a", b"?token=", b'{"token":', b"@"])
def test_no_answer_makes_the_walk_take_longer_than_its_length(piece: bytes) -> None:
    small, large = (b"secret@" + piece * count for count in (4_000, 32_000))

    def seconds(body: bytes) -> float:
        began = time.process_time()
        withhold(body, request="hooks")
        return time.process_time() - began

    assert min(seconds(large) for _ in range(3)) < 30 * max(seconds(small), 0.01)


def test_parameters_are_kept_but_for_secrets() -> None:
    assert withhold_parameters({"page": 1, "access_token": SECRET, "Password": ""}) == {
        "page": 1,
        "access_token": "…",
        "Password": "",
    }


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("gitee Hook (Expected `str`)", {"id": 1, "password": SECRET}),
        ("gitcode Hook.password", [SECRET]),
        ("gitee Hook.password (Expected `str`, got `array`)", [SECRET]),
        ("coding Response", [{"Data": {"Token": SECRET}}]),
        ("gitcode Repository.import_url", f"https://a:{SECRET}@git.example/"),
    ],
)
def test_an_error_quotes_no_secret_of_what_it_could_not_read(where: str, value: object) -> None:
    assert SECRET not in str(unknown_shape(where, value))


def test_an_error_quotes_all_the_rest() -> None:
    assert str(unknown_shape("gitee Repository.id", {"id": "x", "n": [1]})) == str(
        UnknownShape("gitee Repository.id", {"id": "x", "n": [1]})
    )
