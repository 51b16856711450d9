"""What an account may say of others at a GitLab: when something was written, under which number, and by whom."""

import re
from functools import cached_property
from typing import Final

from matou.errors import Phrase
from matou.http.addresses import segment
from matou.platforms.base.errors import ActionRefused, RemoteNotFound
from matou.platforms.gitlab.api import GitLabApi
from matou.platforms.gitlab.calls import GitLabCalls
from matou.platforms.gitlab.calls_writing import GitLabProjectCalls
from matou.platforms.gitlab.wire import GitLabAccount

OWNER: Final = 50
"""Whoever is less cannot say when something was written, or which number it has: that is passed over in silence."""

_NO_SUDO: Final = Phrase("the token is not an administrator's with the scope sudo")
_NO_OWNER: Final = Phrase("that account is no owner of the project, and number and time would be lost")
_NO_ACCOUNT: Final = Phrase("there is no such account, or it may not see the project")

_USERNAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


class GitLabRights:
    """Of one token in one project; asked once. For one thread.

    Attributes:
        refused: in whose name nothing was written, who should have written it, and why.
    """

    def __init__(self, api: GitLabApi, project: str) -> None:
        self._api = api
        self._project = project
        self._own = GitLabProjectCalls(api, project)
        self._known: dict[str, GitLabProjectCalls] = {}
        self.refused: dict[str, Phrase] = {}

    @cached_property
    def is_owner(self) -> bool:
        """An administrator may what an owner may. Raises MatouError."""
        return self._own.own_level() >= OWNER or self._account.is_admin is True

    def calls_of(self, author: str | None) -> GitLabProjectCalls:
        """In the name of somebody else, where the token is an administrator's and they are an owner; else in one's own.

        In the name of anybody who is less, time and number would be lost, which are more than a name.
        """
        if author is None:
            return self._own
        if not self._may_be_another:
            return self._refuse(author, _NO_SUDO)
        if _USERNAME.fullmatch(author) is None:
            return self._refuse(author, _NO_ACCOUNT)
        if author not in self._known:
            self._known[author] = self._calls_in_name_of(author)
        return self._known[author]

    def _calls_in_name_of(self, author: str) -> GitLabProjectCalls:
        calls = GitLabProjectCalls(self._api.as_account(author), self._project)
        try:
            return calls if calls.own_level() >= OWNER else self._refuse(author, _NO_OWNER)
        except (ActionRefused, RemoteNotFound):
            return self._refuse(author, _NO_ACCOUNT)

    def _refuse(self, author: str, reason: Phrase) -> GitLabProjectCalls:
        self.refused[author] = reason
        return self._own

    @cached_property
    def _may_be_another(self) -> bool:
        """An administrator whose token has the scope `sudo`."""
        if self._account.is_admin is not True:
            return False
        try:
            GitLabCalls(self._api.as_account(self._account.username)).user()
        except (ActionRefused, RemoteNotFound):
            return False
        return True

    @cached_property
    def _account(self) -> GitLabAccount:
        return GitLabCalls(self._api).user()


def owns_namespace(api: GitLabApi, namespace: str) -> bool:
    """Whether what the account makes there is its own to say of. Raises MatouError."""
    account = GitLabCalls(api).user()
    if account.is_admin is True or namespace.casefold() == account.username.casefold():
        return True
    try:
        path = f"/groups/{segment(namespace)}/members/all/{account.id}"
        return (api.get(GitLabAccount, path).access_level or 0) >= OWNER
    except (ActionRefused, RemoteNotFound):
        return False
