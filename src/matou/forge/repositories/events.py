"""What happened to a repository: written down with the change itself, read by whoever may see it."""

import json
from collections.abc import Mapping
from datetime import datetime

from matou.db import events
from matou.db.engine import Connection
from matou.db.repositories import RepositoryId
from matou.db.users import User
from matou.model.events import EventKind


def record_event(
    connection: Connection,
    repository_id: RepositoryId,
    user: User | None,
    kind: EventKind,
    details: Mapping[str, object],
    at: datetime,
) -> None:
    """Write an event down in the caller's own transaction: it is there if and only if what it tells of is.

    Args:
        user: who caused it; None for nobody in particular.
        details: small values that JSON can hold. Never a secret.
    """
    user_id = None if user is None else user.id
    events.insert_event(connection, repository_id, user_id, kind, _json(details), at)


def _json(details: Mapping[str, object]) -> str:
    # A ref's name may hold what is not UTF-8, as surrogates, which no database takes.
    text = json.dumps(details, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()
