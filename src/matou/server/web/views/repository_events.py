"""What happened to a repository, and how it was set up where it came from: events, protections, webhooks."""

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MaySee, MaySeeHooks, MaySeeSettings, authorize
from matou.forge.repositories.activity import activity
from matou.model.metadata.kinds import HOOK, PROTECTION
from matou.server.web.conversation.saved_page import Saved, open_saved
from matou.server.web.event_texts import EventTexts
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest


def show_events(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    code = view.code(granted.subject)
    found, has_more = activity(view.forge, code, offset=view.offset, limit=PER_PAGE)
    texts = EventTexts(view, code)
    rows = [texts.of(event) for event in found]
    values = {"repository": code.subject, "rows": rows, "has_more": has_more, "sections": view.sections(code.subject)}
    return HtmlPage("events.html", values, etag=view.unless_known(values))


def show_protections(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    """For those whose pushes have to keep to them."""
    authorize(view.forge, view.identity, MaySeeSettings, granted.subject)
    page = open_saved(view, granted, "protections")
    etag = page.etag("protections")
    rules = list(page.conversation.table(PROTECTION).values())
    rows = rules[view.offset : view.offset + PER_PAGE]
    return page.html("protections.html", {"rows": rows, "paging": Paging(view.number, len(rules))}, etag)


def show_hooks(view: WebRequest, granted: Saved, _words: tuple[str, ...]) -> HtmlPage:
    """Where a webhook leads is for owners. What is secret of it was never saved."""
    subject = granted.subject
    if isinstance(subject, Repository):
        authorize(view.forge, view.identity, MaySeeHooks, subject)
    else:
        authorize(view.forge, view.identity, MaySeeHooks, subject)
    page = open_saved(view, granted, "hooks")
    etag = page.etag("hooks")
    hooks = list(page.conversation.table(HOOK).values())
    rows = hooks[view.offset : view.offset + PER_PAGE]
    return page.html("hooks.html", {"rows": rows, "paging": Paging(view.number, len(hooks))}, etag)
