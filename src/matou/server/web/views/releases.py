"""Releases: their texts, and their files to be downloaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from matou.db.items import ItemQuery
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import TAGS
from matou.forge.conversation.references import find_references
from matou.markup import tokens_in
from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.model.metadata.kinds import RELEASE
from matou.model.names import RefName
from matou.server.web.addresses import subject_url
from matou.server.web.conversation.page_texts import PageTexts, ShownText
from matou.server.web.conversation.saved_page import PersonName, Saved, SavedPage, file_name, open_saved, shown
from matou.server.web.page import HtmlPage, Paging, WebRequest

PER_PAGE: Final = 10
MOST_ASSETS: Final = 50
MOST_BYTES: Final = 60_000
"""Of the texts of a page."""


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A file of a release. `href` is empty where its bytes were not saved."""

    name: str
    href: str
    size: int | None
    downloads: int | None
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A release as a page shows it. `code` is where its tag is, if it is here."""

    release: SavedRelease
    tag: str
    name: str
    href: str
    by: PersonName | None
    at: datetime | None
    text: ShownText
    assets: Sequence[AssetRow]
    more_assets: int
    code: str
    archives: Sequence[tuple[str, str]]


def show_releases(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage:
    page = open_saved(view, granted, "releases")
    return _one(page, "/".join(words)) if words else _list(page)


def latest_releases(page: SavedPage, *, offset: int, limit: int) -> tuple[list[SavedRelease], int]:
    """The newest first."""
    found, total = page.conversation.list_items(ItemQuery(kind=RELEASE.name), offset=offset, limit=limit)
    return [one for one in found if isinstance(one, SavedRelease)], total


def _list(page: SavedPage) -> HtmlPage:
    etag, number = page.etag("releases"), page.view.number
    found, total = latest_releases(page, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
    values = {"releases": _shown(page, found), "one": False, "paging": Paging(number, total, PER_PAGE)}
    return page.html("releases.html", values, etag)


def _one(page: SavedPage, tag: str) -> HtmlPage:
    """Raises NoSuchItem."""
    etag = page.etag("release")
    release = cast("SavedRelease", page.conversation.find_item(RELEASE, tag))
    values = {"releases": _shown(page, [release]), "one": True, "paging": Paging(1, 1)}
    return page.html("releases.html", {**values, "source": page.source(release.url)}, etag)


def _shown(page: SavedPage, releases: Sequence[SavedRelease]) -> list[ReleaseView]:
    words = set[str]().union(*(tokens_in(one.text.body) for one in releases if one.text is not None))
    texts = PageTexts(find_references(page.conversation, words), page.file_url, most_bytes=MOST_BYTES)
    tags = _tags(page, releases)
    return [_view(page, one, texts, tags) for one in releases]


def _view(page: SavedPage, release: SavedRelease, texts: PageTexts, tags: Mapping[str, str]) -> ReleaseView:
    href = page.url("releases", release.tag)
    code = tags.get(release.tag, "")
    return ReleaseView(
        release=release,
        tag=shown(release.tag, 100),
        name=shown(release.name or release.tag),
        href=href,
        by=page.person(release.by),
        at=release.published_at or release.at,
        text=texts.show(release.text, release.files, href),
        assets=[_asset(page, one) for one in release.assets[:MOST_ASSETS]],
        more_assets=max(0, len(release.assets) - MOST_ASSETS),
        code=code,
        archives=_archives(page, release.tag) if code else (),
    )


def _asset(page: SavedPage, asset: ReleaseAsset) -> AssetRow:
    href = "" if asset.sha256 is None else page.url("files", asset.sha256, file_name(asset.name))
    return AssetRow(shown(asset.name, 150), href, asset.size, asset.downloads, shown(asset.missing or ""))


def _tags(page: SavedPage, releases: Sequence[SavedRelease]) -> dict[str, str]:
    """Where those of the tags are that the code has, and that the viewer may see."""
    if page.code is None:
        return {}
    refs = ref_listing(page.view.forge, page.code).refs
    there = [one.tag for one in releases if RefName(f"{TAGS}{one.tag}") in refs]
    return {tag: subject_url(page.subject.path, "tree", tag) for tag in there}


def _archives(page: SavedPage, tag: str) -> list[tuple[str, str]]:
    return [(ending, page.url("archive", f"{tag}.{ending}")) for ending in ("zip", "tar.gz")]
