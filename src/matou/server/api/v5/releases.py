"""Releases, and the files that belong to them."""

from dataclasses import dataclass
from typing import Final

from matou.db.items import ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.model.metadata.kinds import RELEASE
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow, NoSuchRelease
from matou.server.api.streaming import SANDBOX, attachment, whole_file
from matou.server.api.v5.queries import DirectedQuery, is_ascending
from matou.server.api.v5.rows import ConversationRows
from matou.server.api.v5.served import V5Conversation, at_conversation, list_of
from matou.server.streaming import Header

ReadContext = RepositoryContext[MayReadConversation]

PUBLISHED: Final = ("published",)
BYTES: Final[tuple[Header, ...]] = (
    (b"content-type", b"application/octet-stream"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-cache"),
    SANDBOX,
)


class NoSuchAsset(NotFound):
    """The release has no such file, or its bytes were not saved."""


@dataclass(frozen=True, slots=True)
class ReleaseHandlers:
    """For one dialect."""

    served: V5Conversation

    def list_releases(self, context: ReadContext, params: DirectedQuery) -> ListPage:
        rows = self.served.open(context)
        wanted = ItemQuery(kind=RELEASE.name, ascending=is_ascending("direction", params.direction, "desc"))
        found, total = rows.conversation.list_items(wanted, offset=params.offset, limit=params.limit)
        return ListPage([rows.release(one) for one in found if isinstance(one, SavedRelease)], total)

    def show_latest(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        found, _total = rows.conversation.list_items(ItemQuery(kind=RELEASE.name, states=PUBLISHED), limit=1)
        for release in found:
            if isinstance(release, SavedRelease):
                return rows.release(release)
        raise NoSuchRelease("there is no release")

    def show_by_tag(self, context: ReadContext, _: Nothing) -> JsonRow:
        rows = self.served.open(context)
        return rows.release(release_of_tag(rows, context.path["tag"]))


def release_routes(served: V5Conversation) -> tuple[Route, ...]:
    handlers = ReleaseHandlers(served)
    release, repository = served.types.release, "/repos/{owner}/{repo}"
    return (
        repository_route(
            "GET",
            f"{repository}/releases",
            MayReadConversation,
            DirectedQuery,
            handlers.list_releases,
            answer=list_of(release),
            cache_key=at_conversation,
            choices="the newest first; the addresses of files lead to this server where their bytes were saved",
        ),
        repository_route(
            "GET",
            f"{repository}/releases/latest",
            MayReadConversation,
            Nothing,
            handlers.show_latest,
            answer=release,
            cache_key=at_conversation,
            choices="the newest that is no draft",
        ),
        repository_route(
            "GET",
            f"{repository}/releases/tags/{{tag}}",
            MayReadConversation,
            Nothing,
            handlers.show_by_tag,
            answer=release,
            cache_key=at_conversation,
            choices="a slash in the tag is `%2F`",
        ),
    )


def release_of_tag(rows: ConversationRows, tag: str) -> SavedRelease:
    """Raises NoSuchItem."""
    found = rows.conversation.find_item(RELEASE, tag)
    assert isinstance(found, SavedRelease)  # noqa: S101 - as the kind says
    return found


def release_of_id(rows: ConversationRows, release_id: str) -> SavedRelease:
    """Raises NoSuchRelease."""
    found, _ = rows.conversation.list_items(ItemQuery(kind=RELEASE.name))
    for one in found:
        if isinstance(one, SavedRelease) and one.id == release_id:
            return one
    raise NoSuchRelease("there is no release {id}", id=repr(release_id)[:100])


def send_asset(rows: ConversationRows, asset: ReleaseAsset | None) -> StreamedResponse:
    """Its bytes, for a browser that must trust none of them.

    Raises:
        NoSuchAsset: there is none, or its bytes are not here.
        DamagedStoredFile: they are not those that were saved, once they are sent.
    """
    if asset is None or asset.sha256 is None:
        raise NoSuchAsset("there is no such file here")
    path = rows.conversation.file(asset.sha256)
    headers = (*BYTES[:1], attachment(asset.name), *BYTES[1:])
    return whole_file(path, asset.sha256, headers, whose=rows.context.caller)
