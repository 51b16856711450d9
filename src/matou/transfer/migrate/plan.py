"""Where each repository of an archive goes at a target: decided before anything is made there."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from matou.archive.manifest import NamespaceLine, Outcome, RepositoryLine, SourceLine
from matou.archive.path_registry import PathOwner
from matou.archive.run_history import host_of
from matou.errors import Conflict, Phrase
from matou.model.metadata.kinds import ISSUE
from matou.model.names import folded
from matou.model.platform import VersionControl, Visibility
from matou.model.targets import TargetRules
from matou.transfer.backup.plan import source_path
from matou.transfer.common.filters import RepositoryFilter, require_matches
from matou.transfer.migrate.mapping import MigrationMap, TargetPath

AssignedTargets = Mapping[tuple[PathOwner, str], TargetPath]
"""The places of earlier migrations, by whose they are and in which namespace."""

WIKI = ".wiki"

PROJECT = ".project"
"""Behind the id of a project that is to be a repository itself."""

Lines = Iterable[tuple[SourceLine, NamespaceLine | RepositoryLine]]


class SameTargetPath(Conflict):
    """Two repositories are told to go to one place."""


class UnusableName(Conflict):
    """A repository is told to have a name that the target does not take."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository of the archive that is wanted at the target."""

    owner: PathOwner
    line: RepositoryLine
    source_path: str

    @property
    def is_wiki(self) -> bool:
        """Whether it stood beside another as that one's wiki; see `remote.wikis`."""
        return self.line.id.endswith(WIKI)

    @property
    def is_project(self) -> bool:
        """Whether it is what was said around a project, which no repository of it has: see `project_line`.

        Of some servers the ids of repositories are paths, which may end so, too; but all of them can be cloned.
        """
        return self.line.id.endswith(PROJECT) and not self.line.clone_url

    @property
    def project(self) -> str:
        """The part above its name."""
        return self.source_path[: -len(self.line.name) - 1].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Move:
    """One repository and what it is to be at the target.

    Attributes:
        notes: what will be otherwise than it was, and why.
    """

    candidate: Candidate
    target_path: TargetPath
    visibility: Visibility
    notes: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class SkippedRepository:
    """A repository that is not moved. `is_wanted` is False where the backup itself was told to leave it out."""

    source_path: str
    reason: Phrase
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Where everything goes.

    Attributes:
        unmatched: what the map says of no repository of the archive, wanted or not.
        wikis: those that are no moves of their own, by whose wikis they are.
        projects: the namespaces that the repositories stand in.
    """

    moves: tuple[Move, ...]
    left_behind: tuple[SkippedRepository, ...]
    unmatched: tuple[str, ...]
    wikis: Mapping[PathOwner, RepositoryLine] = field(default_factory=dict)
    projects: tuple[NamespaceLine, ...] = ()


class _Choice(Enum):
    """Who chose a place."""

    MAP = auto()
    EARLIER_MIGRATION = auto()
    RULES = auto()


def plan_migration(
    lines: Lines,
    *,
    namespace: str,
    rules: TargetRules,
    mapping: MigrationMap,
    assigned: AssignedTargets,
    repository_filter: RepositoryFilter,
    pulled: bool = False,
) -> MigrationPlan:
    """Give every wanted repository a place of its own at the target.

    Where the map says nothing, a place that was given before stays; else a repository keeps its name if the target
    takes it, and repositories of the same name have their projects' names in front, each of them.

    Args:
        namespace: where what the map does not mention goes.
        assigned: the paths of earlier migrations.
        repository_filter: held against true paths.
        pulled: whether the target takes them from here. Then a repository's wiki goes with it, and the issues that
            belong to a project to a repository of their own, PROJECT-issues, unless something else is called so.

    Raises:
        NothingMatches: a pattern of what is wanted matches nothing.
        SameTargetPath, UnusableName: what the map says cannot be.
    """
    lines = tuple(lines)
    repositories = [*_repositories(lines), *(_projects_apart(lines) if pulled else ())]
    require_matches(repository_filter.include, [path for _source, path, _line in repositories])
    candidates, left_behind = _sorted_out(repositories, repository_filter)
    wikis = _own_wikis(candidates) if pulled else {}
    apart = [one for one in candidates if one.line not in wikis.values()]
    naming = _Naming(namespace, rules, mapping, assigned)
    moves = tuple(
        _move(candidate, target_path, choice, rules) for candidate, target_path, choice in naming.assign(apart)
    )
    unmatched = mapping.unmatched((path, line.name) for _source, path, line in repositories)
    return MigrationPlan(moves, tuple(left_behind), unmatched, wikis, tuple(_projects(lines, moves)))


def _own_wikis(candidates: Iterable[Candidate]) -> dict[PathOwner, RepositoryLine]:
    """By whose they are, of those that are moved."""
    owners = {one.owner for one in candidates}
    wikis = {replace(one.owner, id=one.line.id.removesuffix(WIKI)): one.line for one in candidates if one.is_wiki}
    return {owner: line for owner, line in wikis.items() if owner in owners}


def _projects(lines: Lines, moves: Iterable[Move]) -> Iterator[NamespaceLine]:
    """Those that anything of is moved, but for those that are moves themselves."""
    candidates = [move.candidate for move in moves]
    wanted = {(one.owner.platform, one.owner.host, one.line.namespace) for one in candidates}
    apart = {(one.owner.platform, one.owner.host, one.line.namespace) for one in candidates if one.is_project}
    for source, line in lines:
        if isinstance(line, NamespaceLine) and (source.platform, host_of(source.url), line.id) in wanted - apart:
            yield line


def _projects_apart(lines: Lines) -> Iterator[tuple[SourceLine, str, RepositoryLine]]:
    """With true paths, as `_repositories`: those that have issues."""
    for source, line in lines:
        if isinstance(line, NamespaceLine) and _has_issues(line):
            project = project_line(line)
            yield source, source_path(source.team, line, project), project


def _has_issues(line: NamespaceLine) -> bool:
    state = line.metadata
    issues = state.kinds.get(ISSUE.name) if state is not None and state.commit is not None else None
    return issues is not None and issues.items > 0


def project_line(project: NamespaceLine) -> RepositoryLine:
    """What was said around a project as a repository that has no code: its metadata lies where the project's does."""
    return RepositoryLine(
        id=f"{project.id}{PROJECT}",
        namespace=project.id,
        name=f"{project.name}-issues",
        path=project.path,
        description=project.description,
        clone_url="",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=Outcome.EMPTY,
        metadata=project.metadata,
    )


def _repositories(lines: Lines) -> Iterator[tuple[SourceLine, str, RepositoryLine]]:
    """With their true paths."""
    namespaces: dict[tuple[SourceLine, str], NamespaceLine] = {}
    for source, line in lines:
        if isinstance(line, NamespaceLine):
            namespaces[source, line.id] = line
        else:
            yield source, source_path(source.team, namespaces.get((source, line.namespace)), line), line


def _sorted_out(
    repositories: Iterable[tuple[SourceLine, str, RepositoryLine]], repository_filter: RepositoryFilter
) -> tuple[list[Candidate], list[SkippedRepository]]:
    candidates: list[Candidate] = []
    left_behind: list[SkippedRepository] = []
    for source, path, line in repositories:
        if not repository_filter.wants(path):
            continue
        if line.snapshot is None and line.outcome is not Outcome.EMPTY:
            reason = Phrase("nothing of it was saved: {outcome}", outcome=line.reason or line.outcome.value)
            left_behind.append(SkippedRepository(path, reason, line.outcome is not Outcome.EXCLUDED))
        else:
            candidates.append(Candidate(PathOwner(source.platform, host_of(source.url), line.id), line, path))
    return candidates, left_behind


def _move(candidate: Candidate, path: TargetPath, choice: _Choice, rules: TargetRules) -> Move:
    notes: list[Phrase] = []
    if candidate.is_project:
        notes.append(_why_project(candidate, path))
    elif candidate.is_wiki:
        notes.append(_why_apart(candidate, path))
    elif path.name != candidate.line.name:
        notes.append(_why_renamed(candidate, path, choice, rules))
    visibility = candidate.line.visibility
    if visibility not in rules.visibilities:
        notes.append(
            Phrase("the target knows no {visibility} repositories: it is private", visibility=visibility.value)
        )
        visibility = Visibility.PRIVATE
    return Move(candidate, path, visibility, tuple(notes))


def _why_apart(candidate: Candidate, path: TargetPath) -> Phrase:
    """A wiki is beside its repository in git only: no platform's API makes one, and what its web pages make is no more
    ours to write over than any other history."""
    return Phrase(
        "the wiki {old} is a repository of its own there, {new}, since no API makes a wiki",
        old=repr(candidate.line.name),
        new=repr(path.name),
    )


def _why_project(candidate: Candidate, path: TargetPath) -> Phrase:
    return Phrase(
        "the issues of the project {project} are in a repository of their own there, {new}, which has no code",
        project=repr(candidate.project),
        new=repr(path.name),
    )


def _why_renamed(candidate: Candidate, path: TargetPath, choice: _Choice, rules: TargetRules) -> Phrase:
    name = candidate.line.name
    if choice is _Choice.MAP:
        return Phrase("{old} is called {new}, as the map says", old=repr(name), new=repr(path.name))
    if choice is _Choice.EARLIER_MIGRATION and path.name != rules.fitted(name):
        return Phrase("{old} is called {new}, as since an earlier migration", old=repr(name), new=repr(path.name))
    fault = rules.fault_of(name)
    if fault is not None:
        return Phrase("{old} is called {new}: {fault}", old=repr(name), new=repr(path.name), fault=fault)
    return Phrase("{old} is called {new}, so that no two have one name", old=repr(name), new=repr(path.name))


@dataclass(frozen=True, slots=True)
class _Naming:
    namespace: str
    rules: TargetRules
    mapping: MigrationMap
    assigned: AssignedTargets

    def assign(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, TargetPath, _Choice]]:
        chosen: dict[Candidate, TargetPath] = {}
        free: dict[Candidate, TargetPath] = {}
        choices: dict[Candidate, _Choice] = {}
        for candidate in candidates:
            path, choices[candidate] = self._first_choice(candidate)
            (free if choices[candidate] is _Choice.RULES else chosen)[candidate] = path
        assigned_now = {(candidate.owner, path.namespace) for candidate, path in chosen.items()}
        taken = _require_different(chosen)
        taken |= {_key(path) for known, path in self.assigned.items() if known not in assigned_now}
        for is_project in (False, True):  # a repository keeps its name though a project's issues would be called so
            some = {candidate: path for candidate, path in free.items() if candidate.is_project is is_project}
            chosen.update(self._places_of(some, taken))
        return ((candidate, chosen[candidate], choices[candidate]) for candidate in sorted(chosen, key=_path_of))

    def _places_of(
        self, free: Mapping[Candidate, TargetPath], taken: set[tuple[str, str]]
    ) -> dict[Candidate, TargetPath]:
        """By the rules; they are added to those that are taken. Raises SameTargetPath."""
        chosen: dict[Candidate, TargetPath] = {}
        for target_of in (self._short, self._with_project, self._with_digest):
            finished = _finished({candidate: target_of(candidate, path) for candidate, path in free.items()}, taken)
            chosen.update(finished)
            taken |= {_key(path) for path in finished.values()}
            free = {candidate: path for candidate, path in free.items() if candidate not in finished}
        for candidate, path in free.items():
            raise SameTargetPath("{one} has no place at the target", one=repr(candidate.source_path), place=str(path))
        return chosen

    def _first_choice(self, candidate: Candidate) -> tuple[TargetPath, _Choice]:
        """The place, and whose choice it is; what the rules choose is not certain yet."""
        mapped = self.mapping.target_of(candidate.source_path, candidate.line.name, namespace=self.namespace)
        namespace, name = mapped or (self.namespace, None)
        if name is not None:
            self._require_usable(candidate, name)
            return TargetPath(namespace, name), _Choice.MAP
        assigned = self.assigned.get((candidate.owner, namespace))
        if assigned is not None:
            return assigned, _Choice.EARLIER_MIGRATION
        return TargetPath(namespace, self.rules.fitted(candidate.line.name)), _Choice.RULES

    def _require_usable(self, candidate: Candidate, name: str) -> None:
        fault = self.rules.fault_of(name)
        if fault is not None:
            raise UnusableName(
                "the name {name} for {path} cannot be used: {fault}",
                name=repr(name),
                path=repr(candidate.source_path),
                fault=fault,
            )

    def _short(self, _candidate: Candidate, path: TargetPath) -> TargetPath:
        return path

    def _with_project(self, candidate: Candidate, path: TargetPath) -> TargetPath:
        return replace(path, name=self.rules.fitted(f"{candidate.project}-{candidate.line.name}"))

    def _with_digest(self, candidate: Candidate, path: TargetPath) -> TargetPath:
        owner = candidate.owner
        distinguished_by = "\n".join((owner.platform, owner.host, owner.id))
        return replace(path, name=self.rules.with_digest(path.name, distinguished_by))


def _finished(
    candidates_by_path: Mapping[Candidate, TargetPath], taken: set[tuple[str, str]]
) -> dict[Candidate, TargetPath]:
    """Those names that nobody else has."""
    counts = Counter(map(_key, candidates_by_path.values()))
    return {
        candidate: path
        for candidate, path in candidates_by_path.items()
        if counts[_key(path)] == 1 and _key(path) not in taken
    }


def _require_different(chosen: Mapping[Candidate, TargetPath]) -> set[tuple[str, str]]:
    seen: dict[tuple[str, str], Candidate] = {}
    for candidate, path in chosen.items():
        other = seen.setdefault(_key(path), candidate)
        if other is not candidate:
            raise SameTargetPath(
                "{one} and {other} are both told to go to {place}",
                one=repr(other.source_path),
                other=repr(candidate.source_path),
                place=repr(str(path)),
                advice="give one of them another place with --map FILE",
            )
    return set(seen)


def _path_of(candidate: Candidate) -> str:
    return candidate.source_path


def _key(path: TargetPath) -> tuple[str, str]:
    return folded(path.namespace), folded(path.name)
