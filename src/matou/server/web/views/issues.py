"""Issues and change requests of a repository or a project, and the files that belong to what was said."""

from starlette.responses import Response

from matou.forge.conversation.conversation import NoSuchItemFile
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.server.api.responses import StreamedResponse
from matou.server.web.conversation.saved_files import send_saved_file
from matou.server.web.conversation.saved_page import Saved, open_saved
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.item_page import show_item
from matou.server.web.views.items import show_items


def show_issues(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage | Response:
    page = open_saved(view, granted, "issues")
    return show_item(page, ISSUE, words) if words else show_items(page, ISSUE)


def show_changes(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage | Response:
    page = open_saved(view, granted, "changes")
    return show_item(page, CHANGE, words) if words else show_items(page, CHANGE)


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
