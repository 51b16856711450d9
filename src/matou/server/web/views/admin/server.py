"""What an administrator should know of the server itself, and what was done to it."""

import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matou import __version__
from matou.archive.layout import Archive
from matou.forge.accounts.administration import list_accounts, list_organizations
from matou.forge.accounts.audit import read_audit
from matou.forge.accounts.log_ins import LogInKind, read_log_ins
from matou.forge.repositories.repository_lists import visible_repositories
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.transfer.backup.status import SourceStatus, archive_status

LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source as its newest run that ended left it."""

    platform: str
    url: str
    account: str
    run: int
    finished_at: datetime
    repositories: int
    not_done: int
    is_done: bool


def show_server(view: WebRequest) -> HtmlPage:
    administrator, forge = view.administrator, view.forge
    disk = shutil.disk_usage(forge.archive.root)
    values = {
        "section": "",
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "version_here": __version__,
        "root": str(forge.archive.root),
        "database": forge.database.engine.dialect.name,
        "accounts": len(list_accounts(forge, administrator)),
        "organizations": len(list_organizations(forge, administrator)),
        "repositories": visible_repositories(forge, view.identity, None, limit=0)[1],
        "free_bytes": disk.free,
        "all_bytes": disk.total,
        "loopback": forge.loopback,
        "sources": _sources(forge.archive),
    }
    return HtmlPage("admin/server.html", values)


def show_audit(view: WebRequest) -> HtmlPage:
    who = view.query.get("who", "").strip()[:LONGEST_NAME]
    entries, total = read_audit(view.forge, view.administrator, who=who, offset=view.offset, limit=PER_PAGE)
    values = {"section": "log", "entries": entries, "who": who, "paging": Paging(view.number, total)}
    return HtmlPage("admin/audit.html", values)


def show_log_ins(view: WebRequest) -> HtmlPage:
    who = view.query.get("who", "").strip()[:LONGEST_NAME]
    kind = LogInKind.REFUSED if view.query.get("show") == LogInKind.REFUSED else ""
    entries, total = read_log_ins(
        view.forge, view.administrator, account=who, kind=kind, offset=view.offset, limit=PER_PAGE
    )
    values = {
        "section": "log-ins",
        "entries": entries,
        "who": who,
        "show": kind,
        "paging": Paging(view.number, total),
    }
    return HtmlPage("admin/log_ins.html", values)


def _sources(archive: Archive) -> list[ShownSource]:
    return [_shown(status) for status in archive_status(archive).sources]


def _shown(status: SourceStatus) -> ShownSource:
    source = status.source
    return ShownSource(
        platform=source.platform,
        url=source.url,
        account=source.account,
        run=status.run,
        finished_at=status.finished_at,
        repositories=status.repositories,
        not_done=len(status.not_done),
        is_done=status.is_done,
    )
