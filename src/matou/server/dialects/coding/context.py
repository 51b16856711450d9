"""What every action is given, what a row of the table of actions holds, and which page of a list is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from matou.db.namespaces import Namespace
from matou.errors import UnknownShape
from matou.forge.access import Scope
from matou.platforms.coding.wire import CodingPage, Response
from matou.platforms.coding.wire_requests import Request, read_request
from matou.server.api.context import RequestContext
from matou.server.api.params import (
    LARGEST_PAGE,
    FormFields,
    InvalidParameter,
    InvalidParameterValue,
    MissingParameter,
    PageRequest,
)
from matou.server.api.route import Route

Q = TypeVar("Q", bound=Request)
Scopes = tuple[Scope, ...]

DEFAULT_SIZE = 10
LARGEST_SIZE = 3000
"""What the vendor's own example asks for. More is refused and not cut: who counts rows would take a cut for the end."""

READ_USER: Scopes = (Scope.USER_READ,)
READ_TEAM: Scopes = (Scope.TEAM_READ,)
READ_PROJECT: Scopes = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
WRITE_PROJECT: Scopes = (Scope.PROJECT_WRITE,)
READ_REPOSITORY: Scopes = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
WRITE_REPOSITORY: Scopes = (Scope.REPOSITORY_WRITE,)


@dataclass(frozen=True, slots=True)
class TeamContext(RequestContext):
    """`team` is the one that the request is about. Whoever asks may see it, but for a token of a project, which sees
    that project alone: it is told what DescribeTeam says of the team above. All else below a team is authorized."""

    team: Namespace


@dataclass(frozen=True, slots=True)
class ActionParameters(Generic[Q]):
    """Reads one action's parameters."""

    kind: type[Q]

    def read(self, fields: FormFields) -> Q:
        """Raises:
        MissingParameter: a required one is missing or empty; the first is named.
        InvalidParameter: one is of the wrong kind.
        InvalidParameterValue: a text holds a NUL, which a database may refuse.
        """
        for field in msgspec.structs.fields(self.kind):
            value = find(fields.values, field.encode_name)
            if field.required and value in (None, ""):
                raise MissingParameter("the parameter {name} is missing", name=field.encode_name)
            if isinstance(value, str) and "\0" in value:
                raise InvalidParameterValue("the parameter {name} holds a NUL", name=field.encode_name)
        try:
            return read_request(self.kind, fields.values)
        except UnknownShape as error:
            where, value = error.values["where"], error.values["value"]
            raise InvalidParameter(
                "{where} was {value}, which is of the wrong kind", where=where, value=value
            ) from None


def find(fields: Mapping[str, object], name: str) -> object:
    """A parameter whatever the case of its key; one that is spelled exactly so goes first. None where it is missing."""
    if name in fields:
        return fields[name]
    return next((value for key, value in fields.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class CodingAction:
    """A row of the table.

    Attributes:
        route: a token needs one of its scopes, besides what its owner may do.
        aliases: names that it has had.
    """

    route: Route
    aliases: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.route.path


def action(
    request: type[Q],
    answer: Callable[[TeamContext, Q], Response],
    scopes: Scopes,
    choices: str = "",
    aliases: tuple[str, ...] = (),
) -> CodingAction:
    """Make a row of what an action is asked and what answers it; the request's name is the action's.

    Args:
        choices: what we do where CODING's document is silent, for docs/reference/coding-dialect.md.
    """
    parameters = ActionParameters(request)
    route = Route(
        method="POST", path=request.__name__, parameters=parameters, run=answer, scopes=scopes, choices=choices
    )
    return CodingAction(route, aliases)


def page_request(number: int, size: int) -> PageRequest:
    """As CODING counts pages, from 1, with a size that the client chooses; 0 stands for "not said".

    Raises:
        InvalidParameterValue: the number or the size is outside of its bounds.
    """
    if not 0 <= number <= LARGEST_PAGE:
        raise InvalidParameterValue("PageNumber is {number}, not 0 to {largest}", number=number, largest=LARGEST_PAGE)
    if not 0 <= size <= LARGEST_SIZE:
        raise InvalidParameterValue("PageSize is {size}, not 0 to {largest}", size=size, largest=LARGEST_SIZE)
    return PageRequest(number or 1, size or DEFAULT_SIZE)


def wire_page(page: PageRequest, total: int) -> CodingPage:
    return CodingPage(page_number=page.number, page_size=page.size, total_page=-(-total // page.size), total_row=total)


def readable(name: str) -> str:
    """A ref's name as JSON can hold it: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
