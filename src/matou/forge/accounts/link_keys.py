"""The keys with which servers sign short-lived links: the database has them, so that each server knows the others'.

Whoever reads a copy of the database must be able to sign nothing with it for long: a key signs for an hour and is
deleted some hours later.
"""

import secrets
from datetime import timedelta
from threading import Lock
from typing import Final

from matou.caching import SizedCache
from matou.credentials import Secret
from matou.db import link_keys
from matou.db.link_keys import LinkKey
from matou.forge.forge import Forge

SIGNS_FOR: Final = timedelta(hours=1)
KEPT_FOR: Final = timedelta(hours=4)
"""Links are good for an hour; clocks of servers may differ."""

MOST_REMEMBERED: Final = 100


class LinkKeys:
    """Those that this process knows: a key never changes. Safe to share between threads."""

    def __init__(self) -> None:
        self._known = SizedCache[int, LinkKey](MOST_REMEMBERED)
        self._newest: LinkKey | None = None
        self._finding = Lock()

    def current(self, forge: Forge) -> LinkKey:
        """To sign with."""
        with self._finding:
            if self._newest is None or not _signs(forge, self._newest):
                self._newest = _newest(forge)
                self._known.put(self._newest.id, self._newest)
            return self._newest

    def find(self, forge: Forge, key_id: int) -> LinkKey | None:
        """To see whether a link is ours; None where there is no such key any more."""
        found = self._known.get(key_id)
        if found is None:
            with forge.database.begin_read() as connection:
                found = link_keys.find_link_key(connection, key_id)
            if found is not None:
                self._known.put(key_id, found)
        return found if found is not None and forge.now() - found.created_at < KEPT_FOR else None


def _newest(forge: Forge) -> LinkKey:
    with forge.database.begin_read() as connection:
        newest = link_keys.newest_link_key(connection)
    if newest is not None and _signs(forge, newest):
        return newest
    with forge.database.begin_write() as connection:
        link_keys.delete_link_keys(connection, forge.now() - KEPT_FOR)
        return link_keys.insert_link_key(connection, Secret(secrets.token_hex(32)), forge.now())


def _signs(forge: Forge, key: LinkKey) -> bool:
    return abs(forge.now() - key.created_at) < SIGNS_FOR
