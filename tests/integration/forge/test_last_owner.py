"""An outermost namespace keeps somebody who may administer it, whatever happens at the same moment."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from matou.db import memberships
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.errors import MatouError
from matou.forge.accounts.members import LastOwner
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from support.deciding import add_member, delete_user, set_active
from support.deciding import namespace_members as members
from support.deciding import remove_namespace_member as remove_member

WAIT_SECONDS = 1.0

Leave = Callable[[Forge, Namespace, User], None]


def _leave(forge: Forge, team: Namespace, user: User) -> None:
    remove_member(forge, team, user)


def _step_down(forge: Forge, team: Namespace, user: User) -> None:
    add_member(forge, team, user, Role.MAINTAINER)


def _go(forge: Forge, team: Namespace, user: User) -> None:
    del team
    delete_user(forge, user)


def _waits_after(look: Callable[..., Any], both: threading.Barrier) -> Callable[..., Any]:
    """Lets the other one look too, if it can."""

    def look_and_wait(*arguments: Any) -> Any:
        found = look(*arguments)
        with suppress(threading.BrokenBarrierError):
            both.wait(WAIT_SECONDS)
        return found

    return look_and_wait


@pytest.mark.parametrize("first", [_leave, _step_down, _go])
@pytest.mark.parametrize("second", [_leave, _go])
def test_two_owners_who_go_at_once_do_not_both_go(
    monkeypatch: pytest.MonkeyPatch, this_process: Forge, other_process: Forge, first: Leave, second: Leave
) -> None:
    carla, dilan = create_user(this_process, "carla"), create_user(this_process, "dilan")
    team = create_organization(this_process, "crew", owner=carla)
    add_member(this_process, team, dilan, Role.OWNER)
    both = threading.Barrier(2)
    for name in ("owners", "sole_ownerships"):
        monkeypatch.setattr(memberships, name, _waits_after(getattr(memberships, name), both))

    refusals: list[MatouError] = []

    def run(forge: Forge, go: Leave, user: User) -> None:
        try:
            go(forge, team, user)
        except MatouError as error:
            refusals.append(error)

    threads = [
        threading.Thread(target=run, args=(this_process, first, carla)),
        threading.Thread(target=run, args=(other_process, second, dilan)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    left, _ = members(this_process, team, roles=(Role.OWNER,))
    assert len(left) == 1
    assert [type(error) for error in refusals] == [LastOwner]


@pytest.mark.parametrize("go", [_leave, _step_down, _go])
def test_an_owner_who_is_switched_off_is_none(
    forge: Forge, team: Namespace, anna: User, berta: User, go: Leave
) -> None:
    add_member(forge, team, berta, Role.OWNER)
    set_active(forge, berta, active=False)

    with pytest.raises(LastOwner):
        go(forge, team, anna)

    remove_member(forge, team, berta)
    with pytest.raises(LastOwner):
        go(forge, team, anna)
