"""An account at another Matou, to write to: repositories by GitCode's v5, projects by CODING's Open API."""

from matou.credentials import Secret
from matou.errors import Phrase
from matou.http.session import Session
from matou.model.names import fault_of_segment
from matou.model.platform import Visibility
from matou.model.targets import Capacity, TargetRules
from matou.platforms.base.platform import Clock
from matou.platforms.coding.target import CodingTarget
from matou.platforms.gitcode.client import API, api_address
from matou.platforms.gitcode.target import GitCodeTarget

MATOU_RULES = TargetRules(
    fault_of_segment,
    frozenset({Visibility.PRIVATE, Visibility.PUBLIC}),
    Capacity(repository_bytes=16 * 1024**3, lfs_object_bytes=64 * 1024**3),
)
"""Names may be of any script. A Matou takes no more than 16 GiB at once, which a first push is."""


class MatouTarget(GitCodeTarget):
    """See `platforms.base.target.MigrationTarget`. A namespace is a user, an organization, or a project of one."""

    platform = "matou"
    rules = MATOU_RULES

    def __init__(self, session: Session, url: str, token: Secret, *, now: Clock) -> None:
        super().__init__(session, url, token, now=now)
        site = api_address(url).removesuffix(API)
        self._projects = CodingTarget(session, f"{site}/open-api", token, now=now)

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        if "/" not in namespace:
            return Phrase("an organization of a Matou is made where it runs, by matou org create")
        return self._projects.fault_of_new_namespace(namespace)

    def create_namespace(self, namespace: str) -> None:
        self._projects.create_namespace(namespace)
