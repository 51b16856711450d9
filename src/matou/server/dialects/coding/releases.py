"""Actions about git releases that were saved."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from matou.db.conditions import Between
from matou.db.items import ItemQuery
from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.model.metadata.kinds import RELEASE
from matou.platforms.coding import wire_releases
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding import wire_requests_served as served
from matou.platforms.coding.metadata_issues import FILE_ADDRESS
from matou.platforms.coding.wire import milliseconds
from matou.server.api.links import Links
from matou.server.api.params import InvalidParameterValue
from matou.server.api.saved_rows import NoSuchRelease, number_of, one_segment
from matou.server.dialects.coding.commits import read_date
from matou.server.dialects.coding.context import READ_REPOSITORY, CodingAction, TeamContext, action, page_request
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.file_links import file_address
from matou.server.dialects.coding.issue_rows import source_of
from matou.server.dialects.coding.merge_rows import DepotRows, numbers_here
from matou.server.dialects.coding.saved import open_depot

ALL, PUBLISHED, PRE_RELEASES = range(3)
V5: Final = "/api/v5"
"""Where files of releases can be had."""


def releases(context: TeamContext, request: requests.DescribeGitReleases) -> SavedAnswer:
    page = page_request(request.page_number, request.page_size)
    rows = open_depot(context, request)
    if request.status not in (ALL, PUBLISHED, PRE_RELEASES):
        raise InvalidParameterValue("Status is {status}, not 0, 1 or 2", status=request.status)
    wanted = _query(request)
    if request.status == ALL and not request.tag_name:
        found, total = rows.conversation.list_items(wanted, offset=page.offset, limit=page.size)
    else:
        every, _ = rows.conversation.list_items(wanted)
        chosen = [one for one in _releases(every) if _is_wanted(one, request)]
        found, total = page.of(chosen), len(chosen)
    shown = [release_row(rows, one, shows_url=request.show_resource_url) for one in _releases(found)]
    return SavedAnswer(values={"ReleasePageList": {"Releases": shown, "TotalCount": total}})


def one_release(context: TeamContext, request: served.DescribeGitReleaseDetail) -> SavedAnswer:
    rows = open_depot(context, request)
    if request.tag_name:
        found = _releases([rows.conversation.find_item(RELEASE, request.tag_name)])
    else:
        found = _releases(rows.conversation.list_items(ItemQuery(kind=RELEASE.name))[0])
    for release in found:
        if request.release_id in (0, number_of(release.id)):
            return SavedAnswer(values={"Release": release_row(rows, release, shows_url=request.show_resource_url)})
    raise NoSuchRelease("there is no such release")


def release_row(rows: DepotRows, release: SavedRelease, *, shows_url: bool) -> dict[str, Any]:
    """Args: shows_url: whether the addresses of files come, too."""
    at = milliseconds(release.at or release.published_at)
    row = wire_releases.Release(
        body=source_of(release.text),
        commit_sha=release.commit or "",
        created_at=at,
        updated_at=at,
        creator_id=number_of(release.by),
        id=number_of(release.id),
        pre=release.prerelease,
        release_id=number_of(release.id),
        tag_name=release.tag,
        target_commit_branch=release.target or "",
        title=release.name,
        release_attachment=[_attachment(rows, release, asset) for asset in release.assets] if shows_url else [],
        image_download_url=_pictures(rows, release) if shows_url else [],
    )
    return {**rows.complete(row, release.extra), **numbers_here(rows)}


def _attachment(rows: DepotRows, release: SavedRelease, asset: ReleaseAsset) -> wire_releases.ReleaseAttachment:
    return wire_releases.ReleaseAttachment(
        attachment_name=asset.name,
        attachment_download_url=asset_url(rows, release, asset),
        attachment_size=asset.size or 0,
    )


def asset_url(rows: DepotRows, release: SavedRelease, asset: ReleaseAsset) -> str:
    """Here where its bytes are: for an hour and without a token; where no link can be signed, by API v5."""
    if asset.sha256 is None:
        return asset.url
    path = rows.conversation.granted.subject.path
    parts = "/".join(one_segment(part) for part in (release.tag, "attach_files", asset.name, "download"))
    by_v5 = f"{Links(rows.context.links.base, V5).repository_api(path, 'releases')}/{parts}"
    return file_address(rows, asset.sha256, asset.name) or by_v5


def _pictures(rows: DepotRows, release: SavedRelease) -> list[str]:
    """The addresses of all pictures of its text, in their order, or none of them."""
    known = {one.url: one for one in release.files}
    named = [known.get(found[0]) for found in FILE_ADDRESS.finditer(source_of(release.text))]
    addresses = [file_address(rows, one.sha256, one.name) for one in named if one is not None]
    return addresses if all(addresses) and len(addresses) == len(named) else []


def _query(request: requests.DescribeGitReleases) -> ItemQuery:
    begin = read_date("FromDate", request.from_date, is_end=False)
    end = read_date("ToDate", request.to_date, is_end=True)
    span = Between(begin, None if end is None else end + timedelta(microseconds=1))
    return ItemQuery(kind=RELEASE.name, states=("published",), created=span)


def _releases(found: Sequence[object]) -> list[SavedRelease]:
    return [one for one in found if isinstance(one, SavedRelease)]


def _is_wanted(release: SavedRelease, request: requests.DescribeGitReleases) -> bool:
    is_of_kind = request.status == ALL or release.prerelease == (request.status == PRE_RELEASES)
    return is_of_kind and request.tag_name.casefold() in release.tag.casefold()


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeGitReleases,
        releases,
        READ_REPOSITORY,
        "What was saved, also of what the source no longer has; the newest first, drafts left out. `TagName` is a part "
        "of the tag. `ReleaseAttachment` is a list, as CODING really answers, and comes with `ShowResourceUrl`: "
        "addresses are good for an hour and want no token where the bytes were saved, as do those of pictures.",
    ),
    action(
        served.DescribeGitReleaseDetail, one_release, READ_REPOSITORY, "By `ReleaseId`, or by `TagName` without it."
    ),
)
