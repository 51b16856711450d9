"""Who may see how all backups stand: decided in one place, each cell by hand."""

from pathlib import Path

import pytest

from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, ANONYMOUS, OPERATOR, Identity, Scope, authorize_oversight, may_oversee
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import NamespacePath
from matou.settings import Settings
from matou.wiring import open_forge

# Columns: nobody, signed in, administrator, administrator by a token for reading, by one for a namespace, operator.
CELLS = {
    "closed": ". . y . . y",
    "open to all who reach it": ". . y . . y",
}


def _identities(forge: Forge) -> list[Identity]:
    member, admin = create_user(forge, "member"), create_user(forge, "captain", admin=True)
    return [
        ANONYMOUS,
        _by_password(member),
        _by_password(admin),
        Identity(admin, frozenset({Scope.REPOSITORY_READ})),
        Identity(admin, ALL_SCOPES, only_below=NamespacePath(("team",))),
        OPERATOR,
    ]


def _by_password(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.mark.parametrize("state", CELLS)
def test_the_backups_are_overseen_by_administrators_with_everything(tmp_path: Path, state: str) -> None:
    opened = state == "open to all who reach it"
    with open_forge(tmp_path, Settings.from_environment({}), anonymous_reads_backups=opened) as forge:
        found = ["y" if may_oversee(forge, identity) else "." for identity in _identities(forge)]

    assert " ".join(found) == CELLS[state]


def test_on_a_machine_of_ones_own_whoever_asks_is_its_owner_until_there_is_an_account(tmp_path: Path) -> None:
    with open_forge(tmp_path, Settings.from_environment({}), loopback=True) as forge:
        assert may_oversee(forge, ANONYMOUS)

        create_user(forge, "somebody")

        with pytest.raises(NotFound):
            authorize_oversight(forge, ANONYMOUS)
