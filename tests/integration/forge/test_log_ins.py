"""Who came in and who was refused is noted: once a day, within bounds, and never what was typed in place of a name."""

from collections import Counter
from datetime import timedelta

import pytest

from matou.credentials import Secret
from matou.errors import Refused, TryLater
from matou.forge.access import OPERATOR, authorize_administration
from matou.forge.accounts import log_ins
from matou.forge.accounts.audit import Interface, read_audit
from matou.forge.accounts.log_ins import LogInKind, LogIns, ShownLogIn, note_log_in, note_refusal, read_log_ins
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.login_throttle import FREE_FAILURES
from matou.server.authentication import Credential, identify
from support.deciding import create_token

ADMINISTRATOR = authorize_administration(OPERATOR)
PASSWORD = Secret("correct horse battery staple")
ADDRESS = "203.0.113.7"


def noted(forge: Forge, *, account: str = "", kind: str = "") -> list[ShownLogIn]:
    """The newest last."""
    forge.memory(LogIns).flush()
    found, total = read_log_ins(forge, ADMINISTRATOR, account=account, kind=kind, offset=0, limit=100)
    assert len(found) == total
    return list(reversed(found))


def rows(forge: Forge) -> list[tuple[str, str, str, str]]:
    return [(each.account, str(each.what), str(each.interface), each.address) for each in noted(forge)]


def refuse(forge: Forge, credential: Credential) -> None:
    with pytest.raises((Refused, TryLater)):
        identify(forge, credential, address=ADDRESS)


def test_each_way_in_is_noted_once_however_often_it_is_taken(forge: Forge) -> None:
    anna = create_user(forge, "anna", password=PASSWORD)
    token = create_token(forge, anna, "laptop")
    for _ in range(3):
        identify(forge, Credential("anna", PASSWORD), address=ADDRESS)
        identify(forge, Credential("", token), address=ADDRESS)
    identify(forge, Credential("", token), address="203.0.113.8")

    by_git = "by git or an API"
    assert rows(forge) == [
        ("anna", "came in by a password", by_git, ADDRESS),
        ("anna", "came in by a token", by_git, ADDRESS),
        ("anna", "came in by a token", by_git, "203.0.113.8"),
    ]


def test_who_is_refused_is_noted_by_the_account_and_not_by_what_was_typed(forge: Forge) -> None:
    create_user(forge, "anna", password=PASSWORD)
    refuse(forge, Credential("Anna", Secret("wrong")))
    refuse(forge, Credential("my password, in the wrong field", Secret("x")))
    refuse(forge, Credential("", Secret("0" * 40)))

    refused = "somebody was refused"
    assert rows(forge) == [
        ("anna", refused, "by git or an API", ADDRESS),
        ("", refused, "by git or an API", ADDRESS),
    ]
    assert [each.account for each in noted(forge, account="anna", kind=LogInKind.REFUSED)] == ["anna"]


def test_who_is_slowed_was_refused_too_wherever_they_ask_from(forge: Forge) -> None:
    create_user(forge, "anna", password=PASSWORD)
    for number in range(FREE_FAILURES):
        forge.failures.failed("anna", "203.0.113.99", exists=True, tried=Secret(f"guess {number}"), now=forge.now())
    refuse(forge, Credential("anna", PASSWORD))

    assert [(each.account, each.address) for each in noted(forge, kind=LogInKind.REFUSED)] == [("anna", ADDRESS)]


def test_what_one_came_in_by_is_told_of_one_account_alone(forge: Forge) -> None:
    for name in ("anna", "berta"):
        note_log_in(forge, name, LogInKind.KEY, Interface.SSH, address=ADDRESS, key=f"SHA256:{name}")

    assert [(each.account, each.key) for each in noted(forge, account="berta")] == [("berta", "SHA256:berta")]


def test_a_network_of_ipv6_is_one_way(forge: Forge) -> None:
    for host in range(5):
        note_log_in(forge, "anna", LogInKind.TOKEN, Interface.HTTP, address=f"2001:db8::{host}")

    assert [each.address for each in noted(forge)] == ["2001:db8::0"]


def test_log_ins_are_apart_from_what_was_done(forge: Forge) -> None:
    identify(forge, Credential("", create_token(forge, create_user(forge, "anna"), "t")), address=ADDRESS)
    forge.memory(LogIns).flush()

    done = read_audit(forge, ADMINISTRATOR, offset=0, limit=100)[0]

    assert {str(each.what) for each in done} == {"made an account", "made a token"}


def test_the_next_day_is_another(forge: Forge) -> None:
    now = forge.now()
    for days in (0, 0, 1):
        object.__setattr__(forge, "now", lambda days=days: now + timedelta(days=days))
        note_log_in(forge, "anna", LogInKind.KEY, Interface.SSH, address=ADDRESS)

    assert len(noted(forge)) == 2


def test_whoever_comes_from_everywhere_fills_no_disk_and_hides_nobody(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_ins, "MOST_OF_NOBODY_A_DAY", 5)
    monkeypatch.setattr(log_ins, "MOST_OF_ONE_A_DAY", 3)
    for number in range(20):
        note_refusal(forge, "", Interface.HTTP, address=f"203.0.113.{number}")
        note_log_in(forge, "mallory", LogInKind.TOKEN, Interface.HTTP, address=f"203.0.113.{number}")
    note_log_in(forge, "anna", LogInKind.TOKEN, Interface.HTTP, address=ADDRESS)

    assert Counter(each.account for each in noted(forge)) == {"": 5, "mallory": 3, "anna": 1}


def test_log_ins_end_with_age_and_refusals_with_their_number(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_ins, "MOST_REFUSALS", 2)
    now = forge.now()
    for days, host in ((0, 1), (399, 2), (399, 3), (399, 4), (401, 5)):
        object.__setattr__(forge, "now", lambda days=days: now + timedelta(days=days))
        note_log_in(forge, "anna", LogInKind.KEY, Interface.SSH, address=f"203.0.113.{host}")
        note_refusal(forge, "", Interface.SSH, address=f"203.0.113.{host}")
        forge.memory(LogIns).flush()

    assert [(each.account, each.address[-1]) for each in noted(forge)] == [
        ("anna", "2"),
        ("anna", "3"),
        ("anna", "4"),
        ("", "4"),
        ("anna", "5"),
        ("", "5"),
    ]
