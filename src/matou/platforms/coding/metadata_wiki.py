"""The pages of a CODING project's wiki in our form, and their earlier versions."""

from collections.abc import Iterable, Iterator

from matou.model.metadata import Participant, WikiPage, WikiVersion
from matou.platforms.coding.metadata_values import china_time, extra_of, participants, person_key, source_or_html
from matou.platforms.coding.wire import moment
from matou.platforms.coding.wire_pages import WikiNode, WikiPageVersion


def all_pages(nodes: Iterable[WikiNode]) -> Iterator[WikiNode]:
    """Each page before those below it."""
    for node in nodes:
        yield node
        yield from all_pages(node.children)


def page_of(node: WikiNode, versions: int | None) -> WikiPage:
    """`versions` is how many there have been, where that is known."""
    is_whole = node.order == int(node.order)
    held = [
        *("Iid", "Title", "Content", "ParentIid", "Creator", "Editor", "CreatedAt", "UpdatedAt", "Children"),
        *(("Order",) if is_whole else ()),
    ]
    return WikiPage(
        id=str(node.iid),
        title=node.title,
        parent=str(node.parent_iid) if node.parent_iid else None,
        order=int(node.order) if is_whole else None,
        version=versions,
        text=source_or_html(node.content, ""),
        by=person_key(node.creator),
        at=moment(node.created_at),
        updated_by=person_key(node.editor),
        updated_at=moment(node.updated_at),
        extra=extra_of(node, *held),
    )


def version_of(version: WikiPageVersion, number: int) -> WikiVersion:
    """Times without a zone are China's."""
    at = china_time(version.updated_at)
    held = [
        *("Iid", "Title", "Content", "Editor", "CurrentVersion", "Creator", "CreatedAt"),
        *("CanMaintain", "CanRead", "LastVersion", "HistoriesCount", "Html"),
        *(("UpdatedAt",) if at else ()),
    ]
    return WikiVersion(
        page=str(version.iid),
        version=number,
        title=version.title,
        text=source_or_html(version.content, version.html),
        by=person_key(version.editor),
        at=at,
        extra=extra_of(version, *held),
    )


def people_of_page(node: WikiNode) -> tuple[Participant, ...]:
    return participants(node.creator, node.editor)


def people_of_version(version: WikiPageVersion) -> tuple[Participant, ...]:
    return participants(version.creator, version.editor)
