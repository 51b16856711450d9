"""People in a GitLab project export: numbers that stand for them there, and who is to be a member."""

from collections.abc import Iterator
from typing import Any, Final

from matou.i18n import gettext as _
from matou.model.metadata import MemberGrant, Participant, PersonKey
from matou.model.metadata.kinds import MEMBER
from matou.transfer.export.gitlab.wire import Row, clean_line, moment_text
from matou.transfer.export.source import ExportSource

_LEVELS: Final = {"guest": 10, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 40}
"""GitLab's import makes nobody the owner of a project."""

_NOBODY: Final = ""
"""The key of whoever a platform does not name."""


class ExportedPeople:
    """Numbers for people by their keys; whoever is seen first comes first, those of people.json before all others.

    GitLab's import knows a member again by the e-mail address, where an administrator imports; to all others it gives
    the account that imports, and of a comment it says whose it was.
    """

    def __init__(self, source: ExportSource) -> None:
        self._source = source
        self._ids: dict[PersonKey, int] = {}
        for key in sorted(source.people):
            self.id_of(key)
        grants: dict[PersonKey, MemberGrant] = source.table(MEMBER)
        self._grants = {key: grant for key, grant in sorted(grants.items()) if grant.gone_in is None}

    def id_of(self, key: PersonKey | None) -> int:
        """Never none: GitLab's import fails over an item without an author."""
        return self._ids.setdefault(key or _NOBODY, len(self._ids) + 1)

    def name_of(self, key: PersonKey | None) -> str:
        return clean_line(self._source.person(key)) or _("somebody who is not named")

    def is_known_by_address(self, key: PersonKey | None) -> bool:
        """Whether GitLab can find the account: it counts nobody else as who approved or is to do something."""
        grant, found = self._grants.get(key or _NOBODY), self._source.people.get(key or _NOBODY)
        return grant is not None and found is not None and bool(found.email)

    def members(self) -> Iterator[Row]:
        """Those who are members at the source and whom the archive knows; nobody becomes one for having spoken."""
        for key, grant in self._grants.items():
            found = self._source.people.get(key)
            if found is not None:
                yield {
                    "access_level": _LEVELS[grant.role],
                    "source_type": "Project",
                    "user_id": self.id_of(key),
                    "notification_level": 3,
                    "created_at": moment_text(None),
                    "updated_at": moment_text(None),
                    "user": self._account(key, found),
                }

    def contributors(self) -> Iterator[Row]:
        """Everybody who was named: newer GitLabs keep their places for them until they come."""
        for key in self._ids:
            found = self._source.people.get(key)
            if found is not None:
                yield {**self._account(key, found), "name": self.name_of(key)}

    def _account(self, key: PersonKey, found: Participant) -> dict[str, Any]:
        return {
            "id": self.id_of(key),
            "username": clean_line(found.login),
            "public_email": clean_line(found.email or "") or None,
        }
