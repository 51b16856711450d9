"""Releases and the files that belong to them."""

from collections.abc import Iterator
from typing import Final

from matou.db.items import ItemQuery
from matou.errors import NotFound
from matou.forge.access import MayReadConversation
from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.model.metadata.kinds import RELEASE
from matou.server.api.context import RepositoryContext
from matou.server.api.links import quoted
from matou.server.api.params import Nothing
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow, NoSuchRelease
from matou.server.api.streaming import attachment, whole_file
from matou.server.api.v5.releases import BYTES, PUBLISHED
from matou.server.api.v5.rows import body_of
from matou.server.api.v5.served import at_conversation
from matou.server.dialects.github_v3.contents import wants
from matou.server.dialects.github_v3.identifiers import id_or_made
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, written
from matou.server.dialects.github_v3.paging import GitHubPage, linked, page_of
from matou.server.dialects.github_v3.rows import GitHubRows

ReadContext = RepositoryContext[MayReadConversation]

AS_BYTES: Final = ("application/octet-stream",)


class NoSuchReleaseFile(NotFound):
    """No release has such a file, or its bytes were not saved."""


def list_releases(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    found, total = rows.conversation.list_items(ItemQuery(kind=RELEASE.name), offset=params.offset, limit=params.limit)
    shown = [release_row(rows, one) for one in found if isinstance(one, SavedRelease)]
    return linked(params, shown, total, rows.url("releases"))


def show_latest(context: ReadContext, _: Nothing) -> JsonRow:
    rows = GitHubRows.open(context)
    newest = latest_release(rows)
    if newest is None:
        raise NoSuchRelease("there is no release")
    return release_row(rows, newest)


def show_by_tag(context: ReadContext, _: Nothing) -> JsonRow:
    rows = GitHubRows.open(context)
    return release_row(rows, _tagged(rows, context.path["tag"]))


def show_release(context: ReadContext, _: Nothing) -> JsonRow:
    rows = GitHubRows.open(context)
    return release_row(rows, _of_id(rows, context.path["id"]))


def list_assets(context: ReadContext, params: GitHubPage) -> ListPage:
    rows = GitHubRows.open(context)
    release = _of_id(rows, context.path["id"])
    shown = [_asset(rows, release, one) for one in saved_assets(release)]
    return page_of(params, shown, rows.url("releases", str(_id(rows, release)), "assets"))


def show_asset(context: ReadContext, _: Nothing) -> JsonRow | StreamedResponse:
    """What is told of it, or its bytes where they are wanted."""
    rows, text = GitHubRows.open(context), context.path["id"]
    for release in _all(rows, ItemQuery(kind=RELEASE.name)):
        for asset in saved_assets(release):
            if str(_id_of_asset(rows, release, asset)) == text:
                return send(rows, asset) if wants(context, AS_BYTES) else _asset(rows, release, asset)
    raise NoSuchReleaseFile("there is no file {id}", id=repr(text)[:100])


def download(context: ReadContext, _: Nothing) -> StreamedResponse:
    """By the tag, which may have slashes, and the name."""
    rows = GitHubRows.open(context)
    tag, _slash, name = context.path["place"].rpartition("/")
    found = next((one for one in saved_assets(_tagged(rows, tag)) if one.name == name), None)
    if found is None:
        raise NoSuchReleaseFile("there is no file {id}", id=repr(name)[:100])
    return send(rows, found)


def latest_release(rows: GitHubRows) -> SavedRelease | None:
    """The newest that is neither a draft nor a prerelease."""
    found = (one for one in _all(rows, ItemQuery(kind=RELEASE.name, states=PUBLISHED)) if not one.prerelease)
    return next(found, None)


def saved_assets(release: SavedRelease) -> list[ReleaseAsset]:
    """Whoever imports a release gives it up over a file that cannot be had."""
    return [one for one in release.assets if one.sha256 is not None]


def send(rows: GitHubRows, asset: ReleaseAsset) -> StreamedResponse:
    """Its bytes, for a browser that must trust none of them.

    Raises:
        NoSuchItemFile: the archive has them no more.
        DamagedStoredFile: they are not those that were saved, once they are sent.
    """
    digest = asset.sha256 or ""
    headers = (*BYTES[:1], attachment(asset.name), *BYTES[1:])
    return whole_file(rows.conversation.file(digest), digest, headers, whose=rows.context.caller)


def _all(rows: GitHubRows, wanted: ItemQuery) -> Iterator[SavedRelease]:
    """The newest first."""
    found, _ = rows.conversation.list_items(wanted)
    return (one for one in found if isinstance(one, SavedRelease))


def _tagged(rows: GitHubRows, tag: str) -> SavedRelease:
    """Raises NoSuchItem."""
    found = rows.conversation.find_item(RELEASE, tag)
    assert isinstance(found, SavedRelease)  # noqa: S101 - as the kind says
    return found


def _of_id(rows: GitHubRows, text: str) -> SavedRelease:
    """Raises NoSuchRelease."""
    for one in _all(rows, ItemQuery(kind=RELEASE.name)):
        if str(_id(rows, one)) == text:
            return one
    raise NoSuchRelease("there is no release {id}", id=repr(text)[:100])


def _id(rows: GitHubRows, release: SavedRelease) -> int:
    return id_or_made(release.id, "release", rows.own_url, release.tag)


def _id_of_asset(rows: GitHubRows, release: SavedRelease, asset: ReleaseAsset) -> int:
    return id_or_made(asset.id, "asset", rows.own_url, release.tag, asset.name)


def release_row(rows: GitHubRows, release: SavedRelease) -> JsonRow:
    made = _id(rows, release)
    url = rows.url("releases", str(made))
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": rows.context.links.page(rows.context.repository.path, "-", "releases"),
        "id": made,
        "node_id": f"RE_{made}",
        "author": rows.author(release.by),
        "tag_name": release.tag,
        "target_commitish": release.target or release.commit or "",
        "name": release.name,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": False,
        "created_at": written(release.at or release.published_at) or UNKNOWN_TIME,
        "updated_at": written(release.published_at or release.at),
        "published_at": None if release.draft else written(release.published_at or release.at),
        "tarball_url": rows.url("tarball", release.tag),
        "zipball_url": rows.url("zipball", release.tag),
        "body": _body(rows, release),
        "assets": [_asset(rows, release, one) for one in saved_assets(release)],
    }


def _asset(rows: GitHubRows, release: SavedRelease, asset: ReleaseAsset) -> JsonRow:
    made = _id_of_asset(rows, release, asset)
    at = written(asset.at or release.at or release.published_at) or UNKNOWN_TIME
    place = "/".join(quoted(part, safe="") for part in (*release.tag.split("/"), asset.name))
    return {
        "url": rows.url("releases", "assets", str(made)),
        "browser_download_url": f"{rows.url('releases', 'download')}/{place}",
        "id": made,
        "node_id": f"RA_{made}",
        "name": asset.name,
        "label": None,
        "state": "uploaded",
        "content_type": AS_BYTES[0],
        "size": asset.size or 0,
        "digest": f"sha256:{asset.sha256}",
        "download_count": asset.downloads or 0,
        "created_at": at,
        "updated_at": at,
        "uploader": None,
    }


def _body(rows: GitHubRows, release: SavedRelease) -> str:
    """And below it the files that are not to be had here."""
    text = rows.numbers.with_references(body_of(release.text))
    missing = [f"- {one.name}: {one.url}" for one in release.assets if one.sha256 is None]
    return "\n".join([text, "", *missing] if text else missing) if missing else text


_ROW = dict[str, object]
_RELEASES: Final = "/repos/{owner}/{repo}/releases"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        _RELEASES,
        MayReadConversation,
        GitHubPage,
        list_releases,
        answer=list[_ROW],
        cache_key=at_conversation,
        choices="the newest first; files whose bytes were not saved stand at the end of the text",
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/latest",
        MayReadConversation,
        Nothing,
        show_latest,
        answer=_ROW,
        cache_key=at_conversation,
        choices="the newest that is neither a draft nor a prerelease",
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/tags/{{tag...}}",
        MayReadConversation,
        Nothing,
        show_by_tag,
        answer=_ROW,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/{{id}}",
        MayReadConversation,
        Nothing,
        show_release,
        answer=_ROW,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/{{id}}/assets",
        MayReadConversation,
        GitHubPage,
        list_assets,
        answer=list[_ROW],
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/assets/{{id}}",
        MayReadConversation,
        Nothing,
        show_asset,
        answer=_ROW,
        choices="its bytes with the media type `application/octet-stream`, as an attachment, and only"
        " if they are those that were saved",
    ),
    repository_route(
        "GET",
        f"{_RELEASES}/download/{{place...}}",
        MayReadConversation,
        Nothing,
        download,
        answer=bytes,
        choices="where `browser_download_url` leads",
    ),
)
