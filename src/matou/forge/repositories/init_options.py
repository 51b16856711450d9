"""Making a repository as a person asks for it: where, how it begins, and which of its parts are switched on."""

from collections.abc import Mapping
from dataclasses import dataclass

from matou.db import settings
from matou.db.engine import Connection
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import Identity, MayCreateIn, authorize_namespace
from matou.forge.forge import Forge
from matou.forge.repositories.creation import begin_repository
from matou.forge.repositories.first_commit import FirstFiles
from matou.forge.repositories.remote_imports import import_from
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.templates import CopyrightHolder, gitignore_template, license_template, readme
from matou.model.names import NamespacePath
from matou.model.repository_settings import Modules


class ImportAndTemplate(Invalid):
    """A repository that was to begin in two ways."""


@dataclass(frozen=True, slots=True)
class InitOptions:
    """How a repository begins.

    Attributes:
        default_branch: empty for `main`, or for what an imported repository says.
        has_readme: a first commit with a README.
        gitignore, license_name: names of templates for the first commit; empty for none.
        import_url: everything comes from there, and none of the above is said.
        modules: which parts are on or off from the start, by their names in `Modules`.
    """

    default_branch: str = ""
    has_readme: bool = False
    gitignore: str = ""
    license_name: str = ""
    import_url: str = ""
    modules: Mapping[str, bool] | None = None

    def __post_init__(self) -> None:
        if self.import_url and (self.has_readme or self.gitignore or self.license_name):
            raise ImportAndTemplate("import_url cannot be given together with auto_init or a template")


def make_repository(
    forge: Forge,
    identity: Identity,
    namespace: NamespacePath,
    path: str,
    profile: RepositoryMetadata,
    beginning: InitOptions,
    *,
    link: str = "",
) -> Repository:
    """Make a repository in a namespace, as somebody who may create one there.

    Args:
        path: the last part of its path; empty for its name.
        link: where people will find it, for a license that says so.

    Raises:
        NoSuchNamespace, MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
        InvalidName, NameTaken: of its path.
        UnknownTemplate: there is none of that name.
        ImportNotAllowed, ImportFailed, ImportsBusy: as `import_from`.
    """
    target = authorize_namespace(forge, identity, MayCreateIn, namespace)
    name, user = path or profile.name, identity.user

    def also(connection: Connection, repository: Repository) -> None:
        _switch(forge, connection, repository, beginning.modules or {})

    if beginning.import_url:
        return import_from(forge, beginning.import_url, target, name, profile, creator=user, also=also)
    branch = beginning.default_branch or "main"
    files = _files(forge, target.subject, profile, beginning, user, link=link)
    return begin_repository(forge, target, name, profile, creator=user, default_branch=branch, files=files, also=also)


def _files(
    forge: Forge,
    namespace: Namespace,
    profile: RepositoryMetadata,
    beginning: InitOptions,
    user: User | None,
    *,
    link: str,
) -> FirstFiles:
    """A template makes a first commit as well, whether a README was asked for or not."""
    files: dict[str, str] = {}
    if beginning.gitignore:
        files[".gitignore"] = gitignore_template(beginning.gitignore)
    if beginning.license_name:
        holder = _holder(namespace, profile, user, link)
        files["LICENSE"] = license_template(beginning.license_name, holder, forge.now())
    if beginning.has_readme:
        files["README.md"] = readme(profile.name, profile.description)
    return {name: text.encode() for name, text in files.items()}


def _holder(namespace: Namespace, profile: RepositoryMetadata, user: User | None, link: str) -> CopyrightHolder:
    """The organization, or whose namespace it is."""
    is_users = namespace.kind is NamespaceKind.USER
    name = (user.display_name or user.name) if is_users and user is not None else namespace.display_name
    return CopyrightHolder(
        name=name or namespace.name,
        login=namespace.name,
        email="" if user is None else user.email,
        project=profile.name,
        url=link,
    )


def _switch(forge: Forge, connection: Connection, repository: Repository, modules: Mapping[str, bool]) -> None:
    """Only what differs from the default is written down."""
    defaults = Modules()
    switched = {name: is_on for name, is_on in modules.items() if is_on != getattr(defaults, name)}
    if switched:
        now = forge.now()
        stored = settings.lock_settings(connection, repository.id, Modules, now)
        settings.write_document(connection, stored.id, {**stored.document, **switched}, now)
