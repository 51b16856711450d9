"""21: making a fork."""

from matou.forge.access import MayFork
from matou.forge.repositories.forks import fork_repository
from matou.model.names import NamespacePath
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Parameters
from matou.server.api.route import Workload, repository_route
from matou.server.dialects.gitcode_v5.repository_object import repository_object


class ForkParams(Parameters, frozen=True, kw_only=True):
    """`namespace` is what some clients call `organization`."""

    organization: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


def fork(context: RepositoryContext[MayFork], params: ForkParams) -> wire.GitCodeRepository:
    target = NamespacePath.parse(params.organization or params.namespace or context.user.name)
    made = fork_repository(context.forge, context.granted, namespace=target, path=params.path, name=params.name)
    return repository_object(context, made)


ROUTES = (
    repository_route(
        "POST",
        "/repos/{owner}/{repo}/forks",
        MayFork,
        ForkParams,
        fork,
        section=21,
        answer=wire.GitCodeRepository,
        workload=Workload.LONG,
        status=201,
        choices=(
            "an empty body will do; one fork a namespace, a second is 400; it is as visible as its parent; objects that"
            " no ref of the parent reaches are not copied"
        ),
    ),
)
