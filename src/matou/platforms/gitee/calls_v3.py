"""The four calls of Gitee's extension API, and who one is."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import UNSET
from msgspec.structs import replace

from matou.credentials import Secret
from matou.errors import Phrase, UnknownShape
from matou.http.addresses import segment
from matou.http.responses import Answer
from matou.platforms.base.errors import AlreadyExists, PlatformFailed
from matou.platforms.gitee.api import V3, Form, GiteeApi, token_of
from matou.platforms.gitee.errors import DECODER, TEMPLATE
from matou.platforms.gitee.wire_v3 import GiteeV3Outcome, GiteeV3Project, GiteeV3User

TOTALS = ("x-total", "x-total-pages")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Whom a password stands for, and the token that stands for the password from now on."""

    user: GiteeV3User
    token: Secret


class GiteeV3Calls:
    """API v3. Its token is the one that `log_in` gives."""

    def __init__(self, api: GiteeApi) -> None:
        self._api = api

    def log_in(self, email: str, password: Secret) -> LoggedIn:
        """Get a token for a password; this client goes on with the token that it has.

        Asked once and never repeated: failed log-ins are counted.

        Raises:
            CredentialRefused: no such account, or not its password.
        """
        form: Form = {"email": email, "password": password}
        answer = self._api.unrecorded().send_form("POST", f"{V3}/session", form, repeatable=False)
        user = _read_secret(answer)
        if not user.private_token:
            raise UnknownShape("gitee session.private_token", "nothing")
        return LoggedIn(replace(user, private_token=UNSET), token_of(user.private_token))

    def extension_user(self) -> GiteeV3User:
        """Who the token stands for: not of the four, but what the same extensions ask next."""
        answer = self._api.unrecorded().request("GET", f"{V3}/user", repeatable=True)
        return replace(_read_secret(answer), private_token=UNSET)

    def projects(self) -> Iterator[GiteeV3Project]:
        what = Phrase("this account's projects")
        return self._api.list(
            f"{V3}/projects", GiteeV3Project, what, lambda row: row.id, totals=TOTALS, empty_is_counted=True
        ).rows()

    def project(self, named: str | int) -> GiteeV3Project:
        """By number, or by `owner/name`. Raises RemoteNotFound."""
        return self._api.get(GiteeV3Project, f"{V3}/projects/{segment(str(named))}")

    def create_project(self, name: str, *, description: str = "", private: bool) -> GiteeV3Project:
        """Make an empty project of one's own.

        Raises:
            AlreadyExists: there is one of that name.
        """
        # Extensions send 1 and 0, never true and false.
        form: Form = {"name": name, "description": description, "private": int(private)}
        answer = self._api.send_form("POST", f"{V3}/projects", form, repeatable=False)
        value = DECODER.parse(answer.body)
        if isinstance(value, dict) and "id" not in value and "message" in value:
            raise _refusal_within(DECODER.read(GiteeV3Outcome, value), answer)
        return DECODER.read(GiteeV3Project, value)


def _refusal_within(outcome: GiteeV3Outcome, answer: Answer) -> AlreadyExists | PlatformFailed:
    """Gitee refuses a name that is taken with status 200."""
    kind = AlreadyExists if "已存在" in outcome.message else PlatformFailed
    return kind(TEMPLATE, status=answer.status, message=outcome.message)


def _read_secret(answer: Answer) -> GiteeV3User:
    """What holds a token is not quoted where it cannot be read."""
    try:
        return DECODER.read(GiteeV3User, DECODER.parse(answer.body))
    except UnknownShape:
        raise UnknownShape(Phrase("gitee's answer about this account"), "something that is not shown here") from None
