import json
from datetime import UTC, datetime, timedelta

import pytest

from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.http.addresses import Origin, UnsafeAddress
from matou.http.lfs.batch import LfsAction, ObjectError, is_expired, read_batch, target_of

OWN = Origin("https", "e.coding.net", 443)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OURS = Secret("Basic Y29kaW5nOmYwMGRmYWNl")


def test_what_came_encrypted_does_not_lead_to_what_is_not() -> None:
    with pytest.raises(UnsafeAddress, match="not encrypted"):
        target_of(LfsAction("http://bucket.example/x"), own=OWN, authorization=OURS)


@pytest.mark.parametrize(
    ("href", "header", "sent"),
    [
        ("https://e.coding.net/x", {}, OURS),
        ("https://e.coding.net:443/x", None, OURS),
        ("https://e.coding.net/x", {"authorization": "RemoteAuth 1"}, Secret("RemoteAuth 1")),
        ("https://e.coding.net:444/x", {}, None),
        ("https://bucket.example/x", {}, None),
        ("https://bucket.example/x", {"Authorization": "RemoteAuth 1"}, Secret("RemoteAuth 1")),
    ],
)
def test_the_credential_is_the_actions_or_at_the_own_origin_ours(
    href: str, header: dict[str, str] | None, sent: Secret | None
) -> None:
    target = target_of(LfsAction(href, header), own=OWN, authorization=OURS)

    assert (target.authorization, target.headers) == (sent, {})


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (LfsAction("x"), False),
        (LfsAction("x", expires_in=0), False),
        (LfsAction("x", expires_in=60), True),
        (LfsAction("x", expires_in=61), False),
        (LfsAction("x", expires_in=61, expires_at="2020-01-01T00:00:00Z"), False),
        (LfsAction("x", expires_in=10**30), False),
        (LfsAction("x", expires_at="2026-11-21T08:00:00Z"), True),
        (LfsAction("x", expires_at="2026-11-21T16:00:01+08:00"), False),
        (LfsAction("x", expires_at=""), False),
    ],
)
def test_an_action_is_over_when_its_time_has_come(action: LfsAction, expected: bool) -> None:
    assert is_expired(action, answered_at=NOW - timedelta(seconds=60), now=NOW) is expected


def test_a_time_that_is_none_is_told() -> None:
    with pytest.raises(UnknownShape):
        is_expired(LfsAction("x", expires_at="tomorrow"), answered_at=NOW, now=NOW)


def batch(*objects: object) -> bytes:
    return json.dumps({"objects": objects}).encode()


@pytest.mark.parametrize(
    ("given", "expires_in", "expires_at"),
    [
        ({"expires_in": "3600"}, 3600, None),
        ({"expires_in": 3600.0}, 3600, None),
        ({"expires_in": "soon", "expires_at": "tomorrow"}, None, None),
        ({"expires_in": "", "expires_at": 7}, None, None),
        ({"expires_at": "2026-11-21T08:00:00Z"}, None, "2026-11-21T08:00:00Z"),
    ],
)
def test_how_long_an_action_holds_keeps_no_object_from_being_had(
    given: dict[str, object], expires_in: int | None, expires_at: str | None
) -> None:
    answer = read_batch(batch({"oid": "1", "actions": {"download": {"href": "https://h/1", **given}}}))

    assert answer["1"].actions == {"download": LfsAction("https://h/1", None, expires_in, expires_at)}


def test_an_object_that_cannot_be_read_hides_no_other() -> None:
    good = {"oid": "3", "actions": {"download": {"href": "https://h/3"}}, "size": "many"}
    answer = read_batch(
        batch(7, {"oid": 1}, {"oid": "1", "actions": {"download": {}}}, {"oid": "2", "actions": "none"}, good)
    )

    assert {oid: found.error is None for oid, found in answer.items()} == {"1": False, "2": False, "3": True}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "404", "message": "gone"}, ObjectError(404, "gone")),
        ({"code": None, "message": ["gone"]}, ObjectError(0, "")),
        ("gone", ObjectError(0, "gone")),
    ],
)
def test_an_error_of_one_object_is_an_error_however_it_is_written(error: object, expected: ObjectError) -> None:
    assert read_batch(batch({"oid": "1", "error": error}))["1"].error == expected
