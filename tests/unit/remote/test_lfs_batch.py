from datetime import UTC, datetime, timedelta

import pytest

from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.remote.addresses import Origin, UnsafeAddress
from matou.remote.lfs_batch import Action, is_expired, target_of

OWN = Origin("https", "e.coding.net", 443)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OURS = Secret("Basic Y29kaW5nOmYwMGRmYWNl")


def test_what_came_encrypted_does_not_lead_to_what_is_not() -> None:
    with pytest.raises(UnsafeAddress, match="not encrypted"):
        target_of(Action("http://bucket.example/x"), own=OWN, authorization=OURS)


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
    target = target_of(Action(href, header), own=OWN, authorization=OURS)

    assert (target.authorization, target.headers) == (sent, {})


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action("x"), False),
        (Action("x", expires_in=0), False),
        (Action("x", expires_in=60), True),
        (Action("x", expires_in=61), False),
        (Action("x", expires_in=61, expires_at="2020-01-01T00:00:00Z"), False),
        (Action("x", expires_in=10**30), False),
        (Action("x", expires_at="2026-11-21T08:00:00Z"), True),
        (Action("x", expires_at="2026-11-21T16:00:01+08:00"), False),
        (Action("x", expires_at=""), False),
    ],
)
def test_an_action_is_over_when_its_time_has_come(action: Action, expected: bool) -> None:
    assert is_expired(action, answered_at=NOW - timedelta(seconds=60), now=NOW) is expected


def test_a_time_that_is_none_is_told() -> None:
    with pytest.raises(UnknownShape):
        is_expired(Action("x", expires_at="tomorrow"), answered_at=NOW, now=NOW)
