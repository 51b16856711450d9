"""Addresses of saved files that are good for an hour and need no log-in, as CODING's own are.

Clients fetch a file with a bare GET of the address that an action gave. The address holds the file's digest, for whom
it was made, until when, and a signature; what whoever asked may read is looked at again when it is used.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from matou.db.namespaces import NamespaceId
from matou.db.repositories import Repository, RepositoryId
from matou.errors import NotFound, Refused
from matou.forge.access import Identity, MayReadConversation, authorize
from matou.forge.accounts.namespaces import find_namespace_by_id
from matou.forge.conversation.conversation import Conversation, open_conversation
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.server.api.streaming import SANDBOX, attachment
from matou.server.authentication import UnknownCredential, identify, read_credential
from matou.server.dialects.coding.saved import SavedRows
from matou.server.dialects.coding.saved_files import find_bytes
from matou.server.errors import answer_for
from matou.server.link_credentials import signer_for, whom_link_stands_for
from matou.server.origin import client_address
from matou.server.state import ServerState

FILES: Final = "/static/project_files"
LIFETIME: Final = timedelta(hours=1)
LARGEST_ID: Final = 2**63 - 1
HEADERS: Final = {
    SANDBOX[0].decode(): SANDBOX[1].decode(),
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
}

_OF_PROJECT, _OF_DEPOT = "project", "depot"


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What an address is for: a file of something that was saved around a project, or a depot."""

    of: str
    id: int
    sha256: str
    name: str

    @property
    def fields(self) -> tuple[str, ...]:
        return ("file", self.of, str(self.id), self.sha256, self.name)


class FileLinkExpired(Refused):
    """The address is too old, was changed, or is of servers that have another database."""


def file_address(rows: SavedRows[Any], sha256: str | None, name: str) -> str:
    """Empty where its bytes were not saved, and where the token came in no header, so that no link can stand for it."""
    credential = read_credential(rows.context.headers)
    if sha256 is None or credential is None:
        return ""
    subject = rows.conversation.granted.subject
    file = LinkedFile(_OF_DEPOT if isinstance(subject, Repository) else _OF_PROJECT, subject.id, sha256, name)
    forge = rows.context.forge
    sign = signer_for(forge, credential, LIFETIME).proof(file.fields)
    path = "/".join(quote(part, safe="") for part in (file.of, str(file.id), sha256, name))
    return f"{rows.context.links.base}{FILES}/{path}?sign={sign}"


def file_routes(state: ServerState) -> list[Route]:
    async def serve(request: Request) -> Response:
        try:
            return await state.run_in_pool(_serve, state, request)
        except (FileLinkExpired, UnknownCredential):
            return PlainTextResponse("the address is good no longer\n", 403, HEADERS)
        except (NotFound, Refused):
            return PlainTextResponse("there is no such file\n", 404, HEADERS)
        except Exception as error:  # noqa: BLE001 - the edge: what is not one of the six kinds is logged as our fault
            answer = answer_for(error)
            return PlainTextResponse(f"{answer.text}\n", answer.status, HEADERS)

    return [Route(f"{FILES}/{{of}}/{{id:int}}/{{sha256}}/{{name:path}}", serve, methods=["GET"])]


def _conversation(forge: Forge, identity: Identity, file: LinkedFile) -> Conversation[Any]:
    """Raises as `authorize`."""
    if file.id > LARGEST_ID:
        raise FileLinkExpired("nothing has this number")
    if file.of == _OF_DEPOT:
        depot = find_repository_by_id(forge, RepositoryId(file.id))
        return open_conversation(forge, authorize(forge, identity, MayReadConversation, depot))
    project = find_namespace_by_id(forge, NamespaceId(file.id))
    return open_conversation(forge, authorize(forge, identity, MayReadConversation, project))


def _serve(state: ServerState, request: Request) -> Response:
    forge, given = state.forge, request.path_params
    file = LinkedFile(given["of"], given["id"], given["sha256"], given["name"])
    credential = whom_link_stands_for(forge, request.query_params.get("sign", ""), file.fields)
    if credential is None:
        raise FileLinkExpired("the address is not for this, or no longer")
    identity = identify(forge, credential, address=client_address(request.scope))
    path = find_bytes(_conversation(forge, identity, file), file.sha256)
    state.whole_files.require_whole(path, file.sha256)
    disposition = attachment(file.name)
    headers = {**HEADERS, disposition[0].decode(): disposition[1].decode("latin-1")}
    return FileResponse(path, headers=headers, media_type="application/octet-stream")
