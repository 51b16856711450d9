"""What was saved around the code, as every action that tells of it begins: whose it is, people, what was told besides.

Rows are made of the model, and completed by what CODING told besides, key by key, so that whoever reads them here gets
what was read there. What another platform told besides is not shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import MayReadConversation, NoSuchNamespace, authorize
from matou.forge.conversation.conversation import Conversation, open_conversation
from matou.model.metadata import JsonObject, LabelDefinition, Participant, PersonKey
from matou.model.metadata.kinds import LABEL
from matou.platforms.coding.wire_issues import CodingUser
from matou.platforms.coding.wire_merges import CodingAuthor
from matou.platforms.coding.wire_requests import OfDepot
from matou.server.api.saved_rows import JsonRow, impersonal, merged, number_of
from matou.server.dialects.coding.context import TeamContext
from matou.server.dialects.coding.depots import find_depot
from matou.server.dialects.coding.projects import find_project_by_name

S = TypeVar("S", Repository, Namespace)

PLATFORM: Final = "coding"
USER_STATUS: Final[Mapping[str | None, int]] = {"active": 1, "locked": -1, "left": -3}
AUTHOR_STATUS: Final[Mapping[str | None, str]] = {"active": "ACTIVE", "locked": "LOCKED", "left": "LEAVE"}


@dataclass(frozen=True)
class SavedRows(Generic[S]):
    """For one request."""

    context: TeamContext
    conversation: Conversation[S]

    def complete(self, row: msgspec.Struct, extra: JsonObject | None, **parts: object) -> dict[str, Any]:
        """A row and what CODING told besides. Args: parts: those that are rows themselves."""
        given = self.shown(extra)
        made: dict[str, object] = msgspec.to_builtins(row) | parts
        # A list of which the model knows nothing is empty in the row, and all that was told of it is besides.
        return dict(merged({key: value for key, value in made.items() if value != [] or key not in given}, given))

    def shown(self, extra: JsonObject | None) -> Any:
        """What CODING told besides; whoever is named in it comes with what is known of them."""
        if not extra or not self.is_own:
            return {}
        return self._with_people(extra if self.shows_personal_data else impersonal(extra))

    def user(self, key: PersonKey | None) -> JsonRow:
        """As issues and wikis name somebody; `Id` is 0 for nobody."""
        known = self.participant(key)
        if known is None:
            return msgspec.to_builtins(CodingUser(id=0, status=0))  # type: ignore[no-any-return]
        row = CodingUser(
            id=number_of(known.id),
            status=USER_STATUS.get(known.state, 0),
            name=known.name,
            email=self._email(known),
            team_id=self.context.team.id,
            global_key=known.login,
        )
        return msgspec.to_builtins(row)  # type: ignore[no-any-return]

    def users(self, keys: Iterable[PersonKey]) -> list[JsonRow]:
        return [self.user(key) for key in keys]

    def author(self, key: PersonKey | None) -> JsonRow:
        """As merge requests name somebody; `Id` is 0 for nobody."""
        known = self.participant(key)
        if known is None:
            return msgspec.to_builtins(CodingAuthor())  # type: ignore[no-any-return]
        row = CodingAuthor(
            id=number_of(known.id),
            team_id=self.context.team.id,
            name=known.name,
            email=self._email(known),
            global_key=known.login,
            status=AUTHOR_STATUS.get(known.state, ""),
        )
        return msgspec.to_builtins(row)  # type: ignore[no-any-return]

    def participant(self, key: PersonKey | None) -> Participant | None:
        """Whoever is named and stands in no list, by that name."""
        if key is None:
            return None
        known = self.conversation.people().get(key)
        return known or Participant(id=key if number_of(key) else None, login=key, name=key)

    def labels(self, names: Iterable[str]) -> list[LabelDefinition]:
        """A label that was deleted has its name still."""
        table: Mapping[str, LabelDefinition] = self.conversation.table(LABEL)
        return [table.get(name) or LabelDefinition(name=name, color="") for name in names]

    @property
    def is_own(self) -> bool:
        """Whether CODING told it."""
        about = self.conversation.about()
        return about is not None and about.platform == PLATFORM

    @property
    def shows_personal_data(self) -> bool:
        return self.conversation.sees_personal_data

    def _email(self, known: Participant) -> str:
        return (known.email or "") if self.shows_personal_data else ""

    def _with_people(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            below = {key: self._with_people(each) for key, each in value.items()}
            return {**self._reached(value), **below} if "Id" in value and "GlobalKey" in value else below
        return [self._with_people(each) for each in value] if isinstance(value, list) else value

    def _reached(self, person: Mapping[str, Any]) -> dict[str, str]:
        """What stands once, with the person."""
        known = self.participant(str(person["Id"])) if person["Id"] else None
        return {"Email": self._email(known) if known else ""}


def open_project(context: TeamContext, name: str) -> SavedRows[Namespace]:
    """What was saved of a project of the team, by its name.

    Raises:
        NoSuchNamespace: there is none, or this identity may not see it.
        MissingScope, NotAllowed: as `authorize`.
    """
    try:
        return rows_of_project(context, find_project_by_name(context, name))
    except NoSuchNamespace:
        raise NoSuchNamespace("there is no project {name}", name=repr(name)[:200]) from None


def rows_of_project(context: TeamContext, project: Namespace) -> SavedRows[Namespace]:
    """Raises as `authorize`."""
    granted = authorize(context.forge, context.identity, MayReadConversation, project)
    return SavedRows(context, open_conversation(context.forge, granted))


def open_depot(context: TeamContext, request: OfDepot) -> SavedRows[Repository]:
    """Raises as `find_depot`."""
    return SavedRows(context, open_conversation(context.forge, find_depot(context, request, MayReadConversation)))
