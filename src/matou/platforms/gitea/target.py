"""An account at a Gitea or a Forgejo, to write to, and to have it import by itself."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Final

from matou.concurrency import Cancelled
from matou.credentials import GitCredential, Secret
from matou.errors import Conflict, MatouError, Phrase, Refused, TryLater
from matou.http.addresses import repository_path, segment, trusted_address
from matou.http.request import TransferLimits
from matou.http.session import Session
from matou.http.tokens import BadCredential
from matou.model.platform import Visibility
from matou.model.targets import PLAIN_RULES, NewTargetRepository, TargetRepository, fault_of_plain_name
from matou.platforms.base.errors import ActionRefused, PlatformFailed, RemoteNotFound
from matou.platforms.base.importer import NotAssigned, RepositoryImport, TargetImportFailed, TargetImportRefused
from matou.platforms.base.lister import or_nothing
from matou.platforms.base.platform import Clock
from matou.platforms.base.unreadable import require_read
from matou.platforms.gitea.api import GiteaApi, token_of
from matou.platforms.gitea.calls import GiteaCalls
from matou.platforms.gitea.source import visibility_of
from matou.platforms.gitea.wire import GiteaRepository
from matou.platforms.gitea.wire_target import GiteaGeneralSettings, migration

LONGEST_NAMESPACE: Final = 40
IMPORT_LIMITS: Final = TransferLimits(idle=timedelta(hours=6), total=timedelta(hours=6), slowest_bytes_per_second=0)
"""It answers when it is done, and says nothing until then."""

SEARCH: Final = "/repos/issues/search"

_FORBIDDEN_ADDRESS: Final = ("disallowed hosts", "not allowed to import", "import from disallowed")
_TAKEN: Final = "already exist"
_OF_SCOPES: Final = "required scope"


class GiteaTarget:
    """See `platforms.base.importer.ImportingTarget`. A namespace is the token's user or an organization.

    Args:
        session: must name the URL's origin, and keep to the server's limits: see `Platform.open_session`.
        url: the API's address, with `/api/v1`.
    """

    platform = "gitea"
    rules = PLAIN_RULES

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        self._token = token_of(token.reveal())
        self._api = GiteaApi(session, url.rstrip("/"), self._token, now)
        self._calls = GiteaCalls(self._api)
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        return self._api.url

    def login(self) -> str:
        with self._lock:
            return self._login

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        for row in or_nothing(self._rows(namespace)):
            if row.owner.login.casefold() == namespace.casefold():
                yield self._repository(row)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        path = "/user/repos" if self._is_own(new.namespace) else f"/orgs/{segment(new.namespace)}/repos"
        body = {
            "name": new.name,
            "description": new.description,
            "private": new.visibility is not Visibility.PUBLIC,
            "auto_init": False,
        }
        answer = self._api.send_json("POST", path, body, repeatable=False)
        return self._repository(self._api.read(GiteaRepository, answer))

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        if len(namespace) > LONGEST_NAMESPACE:
            return Phrase("it is too long")
        return fault_of_plain_name(namespace)

    def create_namespace(self, namespace: str) -> None:
        """An organization that nobody sees but its members."""
        body = {"username": namespace, "visibility": "private"}
        try:
            self._api.send_json("POST", "/orgs", body, repeatable=False)
        except PlatformFailed as failure:
            # 422, as for a name that cannot be.
            raise (Conflict("{fault}", fault=failure.fact) if _TAKEN in str(failure) else failure) from failure

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        self._edit(repository, {"default_branch": branch})

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self._edit(repository, {"private": visibility is not Visibility.PUBLIC})

    def git_credential(self) -> GitCredential:
        return GitCredential(self.login(), self._token)

    def missing_scopes(self, visibilities: Collection[Visibility], *, has_conversation: bool) -> Sequence[str]:  # noqa: ARG002 - the same for all
        """Found out by what makes nothing: requests that say nothing, which are refused for that by whoever may."""
        missing = [] if self._may("POST", "/repos/migrate") else ["write:repository"]
        if has_conversation and not self._may(*self._issue_of_nothing()):
            missing.append("write:issue")
        return missing

    def _issue_of_nothing(self) -> tuple[str, str]:
        """Where no repository is there yet, no more can be found out than whether issues may be read."""
        rows = self._api.get(list[GiteaRepository], "/user/repos", query={"limit": 1})
        return ("POST", f"{repository_path(rows[0].full_name)}/issues") if rows else ("GET", SEARCH)

    def _may(self, method: str, path: str) -> bool:
        try:
            self._api.send_json(method, path, {}, repeatable=True)
        except (BadCredential, Cancelled, TryLater):
            raise
        except MatouError as refusal:
            return _OF_SCOPES not in str(refusal)
        return True

    def require_importer(self) -> None:
        """Asks besides for what the token is for: an import of nothing is refused for that, or else for its address."""
        self._require_switched_on()
        self._require_scope(lambda: self._api.send_json("POST", "/repos/migrate", {}, repeatable=True))
        self._require_scope(lambda: self._api.request("GET", SEARCH, query={"limit": 1}, repeatable=True))

    def _require_scope(self, ask: Callable[[], object]) -> None:
        """Raises TargetImportRefused where a scope is missing; whatever else is said is said of the import itself."""
        try:
            ask()
        except ActionRefused as refusal:
            raise TargetImportRefused(
                "the target lets this token import nothing: {fault}",
                fault=refusal.fact,
                advice="make another one with the scopes read:user, write:repository, write:issue and "
                "write:organization: nothing was changed",
            ) from refusal
        except Cancelled:
            raise
        except MatouError:
            return

    def _require_switched_on(self) -> None:
        try:
            settings = self._api.get(GiteaGeneralSettings, "/settings/repository")
        except (RemoteNotFound, ActionRefused):
            return  # an old server, or one that tells it to nobody
        if settings.migrations_disabled is True:
            raise TargetImportRefused(
                "this server imports nothing: its operator has switched migrations off",
                advice="in its app.ini, DISABLE_MIGRATIONS in [repository] would have to be false; or use --by rest",
            )

    def start_import(self, wanted: RepositoryImport, /) -> TargetRepository | None:
        body = migration(wanted)
        try:
            answer = self._api.send_json(
                "POST", "/repos/migrate", body, repeatable=False, secrets=(wanted.token,), limits=IMPORT_LIMITS
            )
            return self._repository(self._api.read(GiteaRepository, answer))
        except TryLater as failure:
            self._require_begun(wanted, failure)
            return None
        except (PlatformFailed, Refused) as failure:
            raise _explained(failure, wanted) from failure

    def assign(self, repository: TargetRepository, number: str, people: Sequence[str], /) -> None:
        """Where somebody may not see the repository, it answers 500, however often it is asked."""
        path = f"{_path_of(repository)}/issues/{segment(number)}"
        try:
            self._api.send_json("PATCH", path, {"assignees": list(people)}, repeatable=False)
        except (PlatformFailed, RemoteNotFound, ActionRefused, TryLater) as failure:
            raise NotAssigned(
                "{people} cannot be assigned to {number}: {fault}",
                people=", ".join(people),
                number=number,
                fault=failure.fact,
                advice="let them into the repository or its team there, and assign them there: no later run does it",
            ) from failure

    def find(self, namespace: str, name: str) -> TargetRepository | None:
        path = f"/repos/{segment(namespace)}/{segment(name)}"
        try:
            return self._repository(self._api.get(GiteaRepository, path))
        except RemoteNotFound:
            return None

    def _require_begun(self, wanted: RepositoryImport, failure: TryLater) -> None:
        """Where it gave up, it has taken away what it had made; where a proxy did, it is at work still.

        Raises TargetImportFailed: nothing is there.
        """
        if self.find(wanted.namespace, wanted.name) is None:
            raise TargetImportFailed("the import ended, and nothing is there: {fault}", fault=failure.fact) from failure

    def _edit(self, repository: TargetRepository, change: dict[str, object]) -> None:
        self._api.send_json("PATCH", _path_of(repository), change, repeatable=True)

    @cached_property
    def _login(self) -> str:
        return self._calls.user().login

    def _is_own(self, namespace: str) -> bool:
        return namespace.casefold() == self.login().casefold()

    def _rows(self, namespace: str) -> Iterable[GiteaRepository]:
        if self._is_own(namespace):
            return self._calls.repositories()
        return self._calls.repositories_of_organization(namespace)

    def _repository(self, row: GiteaRepository) -> TargetRepository:
        """One whose visibility cannot be read is none that anything may be sent to. Raises as `GitCodeTarget` does."""
        require_read(row, "private", "internal")
        address = trusted_address(row.clone_url or "", home=self.url)
        return TargetRepository(row.full_name, row.owner.login, row.name, address, visibility_of(row))


def _path_of(repository: TargetRepository) -> str:
    namespace, _, name = repository.id.partition("/")
    return f"/repos/{segment(namespace)}/{segment(name)}"


def _explained(failure: MatouError, wanted: RepositoryImport) -> MatouError:
    """The same with what would change it, where the server's operator could."""
    text = str(failure)
    if any(words in text for words in _FORBIDDEN_ADDRESS):
        return TargetImportRefused(
            "the target may not import from {address}: {fault}",
            address=wanted.address,
            fault=failure.fact,
            advice="in its app.ini, [migrations] needs ALLOW_LOCALNETWORKS = true for an address of a private network; "
            "or give an address that it may reach with --public-url",
        )
    if isinstance(failure, ActionRefused):
        return TargetImportRefused(
            "the target lets this account import nothing there: {fault}",
            fault=failure.fact,
            advice="the token needs the scopes write:repository and write:organization, and its account the right to "
            "make repositories in that namespace",
        )
    if isinstance(failure, Refused):
        return failure
    return TargetImportFailed("the target did not import it: {fault}", fault=failure.fact)
