"""The pages and forms for administrators, by what stands behind `/-/admin/`."""

from collections.abc import Sequence

from starlette.responses import Response

from matou.errors import NotFound
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.admin import accounts, jobs, namespaces, server


def show_admin(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    """Whoever is no administrator is told no more than that, whatever stands behind."""
    view.administrator  # noqa: B018  it is asked before anything is looked for
    match words:
        case ():
            return server.show_server(view)
        case ("log",):
            return server.show_audit(view)
        case ("log-ins",):
            return server.show_log_ins(view)
        case ("accounts",):
            return accounts.show_accounts(view)
        case ("accounts", name):
            return accounts.show_account(view, name)
        case ("namespaces",):
            return namespaces.show_namespaces(view)
        case ("jobs", *rest):
            return _show_of_jobs(view, rest)
    raise NotFound("there is nothing here")


def _show_of_jobs(view: WebRequest, words: Sequence[str]) -> HtmlPage:
    match words:
        case ():
            return jobs.show_jobs(view)
        case (number,):
            return jobs.show_job(view, number)
    raise NotFound("there is nothing here")


def change_admin(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    view.administrator  # noqa: B018  it is asked before anything is looked for
    match words:
        case ("accounts",):
            return accounts.add_account(view)
        case ("accounts", name, change):
            return accounts.change_account(view, name, change)
        case ("namespaces",):
            return namespaces.add_namespace(view)
        case ("jobs", number, change):
            return jobs.change_job(view, number, change)
    raise NotFound("there is nothing here")
