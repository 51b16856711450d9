"""Which repository `/repos/OWNER/NAME` names: what was saved is asked for by the name that it has at its platform."""

from collections.abc import Mapping
from typing import TypeVar

from matou.db.repositories import Repository
from matou.forge.access import (
    Authorized,
    Identity,
    NoSuchRepository,
    Right,
    authorize_repository,
    authorize_saved_repository,
)
from matou.forge.forge import Forge
from matou.server.api.dialect import named_repository

R = TypeVar("R", bound=Right)


def authorize_by_name(
    forge: Forge, identity: Identity, right: type[R], path: Mapping[str, str]
) -> Authorized[Repository, R]:
    """A backup puts `OWNER/NAME` below the account that it was made with; clients of the platform say `OWNER/NAME`.

    Raises as `authorize_repository`.
    """
    named = named_repository(path)
    try:
        return authorize_repository(forge, identity, right, named)
    except NoSuchRepository:
        return authorize_saved_repository(forge, identity, right, named)
