"""Issues and change requests of a repository or a project, and the files that belong to what was said."""

from dataclasses import replace

from starlette.responses import Response

from matou.forge.conversation.conversation import NoSuchItem, NoSuchItemFile
from matou.model.metadata.kinds import CHANGE, ISSUE, MetadataKind
from matou.server.api.responses import StreamedResponse
from matou.server.web.conversation.saved_files import send_saved_file
from matou.server.web.conversation.saved_page import Saved, SavedPage, open_saved, shown
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.item_page import show_item
from matou.server.web.views.items import show_items, sign_of


def show_issues(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage | Response:
    page = open_saved(view, granted, "issues")
    return _item(page, granted, ISSUE, words) if words else show_items(page, ISSUE)


def show_changes(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage | Response:
    page = open_saved(view, granted, "changes")
    return _item(page, granted, CHANGE, words) if words else show_items(page, CHANGE)


def _item(page: SavedPage, granted: Saved, kind: MetadataKind, words: tuple[str, ...]) -> HtmlPage | Response:
    """Of what came after the run that is looked at, it is said that it was not there yet."""
    try:
        return show_item(page, kind, words)
    except NoSuchItem:
        if page.view.past is None:
            raise
        now = open_saved(replace(page.view, past=None), granted, page.word)
        now.conversation.find_item(kind, words[0])
    return page.html("not_yet.html", {"name": sign_of(kind) + shown(words[0], 40)}, "")


def show_saved_file(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> StreamedResponse:
    """A file that an item has which the viewer may read: a picture as one, anything else to be stored.

    Raises:
        NoSuchItemFile: there is none.
    """
    if len(words) != 2:
        raise NoSuchItemFile("there is no file {sha256} here", sha256=repr("/".join(words))[:100])
    digest, name = words
    page = open_saved(view, granted, "issues")
    path = page.conversation.file(digest)
    return send_saved_file(view, path, digest, name)
