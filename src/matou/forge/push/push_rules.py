"""What a repository asks of whatever comes in: by push, by an edit through the API, by a new branch or tag.

One judgement for all of them, over the same list of ref changes and new objects. What each setting means, and what
GitCode's words leave open, is written in docs/decisions/push-rules.md.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from matou.db.repositories import Repository
from matou.errors import Phrase, Refused
from matou.forge.access import Action, Authorized, Identity, MayReadCode, MayWriteCode, may
from matou.forge.content.references import ref_listing
from matou.forge.forge import Forge
from matou.forge.push.commit_rules import CommitRules
from matou.forge.push.patterns import TooMuchToSearch, is_found, shown_pattern
from matou.forge.repositories.settings import read_settings
from matou.git.odb.pushed_objects import PushedObjects
from matou.model.names import ObjectId
from matou.model.refs import RefChange, RefListing
from matou.model.repository_settings import PushRules, RepositoryRules

MEBIBYTE = 1024 * 1024
MOST_FAULTS_OF_A_RULE = 10
MOST_MOVED_REFS = 1000
"""So many may be asked one by one whether they lose commits."""

_OBJECT_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE)

HEADS = "refs/heads/"
TAGS = "refs/tags/"


class PushRuleBroken(Refused):
    """Something that was to come in is not what the repository's rules ask for; nothing of it came in.

    Attributes:
        faults: a sentence each, without anything that a terminal would act on.
    """

    def __init__(self, repository: Repository, faults: Sequence[Phrase]) -> None:
        super().__init__(
            "the rules of {repository} refuse this: {faults}",
            repository=repr(str(repository.path)),
            faults="; ".join(faults),
        )
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one identity in one repository."""

    commits: CommitRules
    largest_file_bytes: int = 0
    denies_force: bool = False
    branch_pattern: str = ""
    tag_pattern: str = ""
    may_create_branches: bool = True
    may_create_tags: bool = True

    def concern(self, change: RefChange) -> bool:
        """Whether there is anything to judge in one change. A deletion brings nothing in, and may take commits away."""
        if change.new is None:
            return self.denies_force
        if _looks_like_object_id(change):
            return True
        if self.commits.are_set or self.largest_file_bytes or (self.denies_force and change.old is not None):
            return True
        if change.ref.startswith(HEADS):
            return bool(self.branch_pattern) or (change.old is None and not self.may_create_branches)
        is_tag = change.ref.startswith(TAGS)
        return is_tag and (bool(self.tag_pattern) or (change.old is None and not self.may_create_tags))


def rules_apply(forge: Forge, granted: Authorized[Repository, MayWriteCode], changes: Sequence[RefChange]) -> bool:
    """Whether `judge` would have anything to look at; where nothing is set this costs two look-ups in memory."""
    rules = _rules_for(forge, granted)
    return any(rules.concern(change) for change in changes)


def judge(
    forge: Forge, granted: Authorized[Repository, MayWriteCode], changes: Sequence[RefChange], objects: PushedObjects
) -> None:
    """Return if everything is as the rules ask. To be called before any ref has moved.

    Raises:
        PushRuleBroken: something is not; every rule that is broken is named.
        GitFailed: the new objects cannot be listed, as when one is missing.
    """
    rules = _rules_for(forge, granted)
    concerned = [change for change in changes if rules.concern(change)]
    if not concerned:
        return
    arriving = [change for change in concerned if change.new is not None]
    arrivals = Arrivals(arriving, objects)
    by_rule = (
        _first(_faults_of_likeness(arriving)),
        _first(_faults_of_names(rules, _default_branches(forge, granted), arriving)),
        _first(_faults_of_creation(rules, arriving)),
        _first(_faults_of_force(rules, arriving, objects)),
        _first(_faults_of_deletion(rules, ref_listing(forge, granted), changes, objects)),
        *_faults_of_commits(forge, rules, arrivals),
        _first(_faults_of_files(rules, arrivals)),
    )
    # Where there is not room for all, each rule is told of once before any is told of twice.
    faults = [fault for row in zip_longest(*by_rule) for fault in row if fault is not None]
    if faults:
        raise PushRuleBroken(granted.subject, faults)


def _first(faults: Iterator[Phrase]) -> list[Phrase]:
    return list(islice(faults, MOST_FAULTS_OF_A_RULE))


@dataclass(slots=True)
class Arrivals:
    """The new objects of some changes, and on which of their refs each would stand."""

    changes: Sequence[RefChange]
    objects: PushedObjects
    _refs: dict[ObjectId, RefChange] = field(init=False)

    def __post_init__(self) -> None:
        self._refs = {change.new: change for change in reversed(self.changes) if change.new is not None}

    @property
    def tips(self) -> tuple[ObjectId, ...]:
        return tuple(self._refs)

    def ref_of(self, commit: ObjectId | None) -> str:
        """As a person may see it; of many refs the first few are asked, and the first stands for the rest."""
        candidates = list(self._refs.items())
        first = candidates[0][1]
        if commit is None or len(candidates) == 1:
            return shown(first.ref)
        names = islice(candidates, 2 * MOST_FAULTS_OF_A_RULE)
        holding = (change for tip, change in names if self.objects.is_ancestor(commit, tip))
        return shown(next(holding, first).ref)


def shown(text: str) -> str:
    """A text of somebody else's, quoted, with everything escaped that a terminal would not simply show."""
    return repr(text)[:200]


def _rules_for(forge: Forge, granted: Authorized[Repository, MayWriteCode]) -> Rules:
    pushing, wider = (
        read_settings(forge, granted, PushRules),
        read_settings(forge, granted, RepositoryRules),
    )
    if pushing == PushRules() and not _restricts(wider):
        return Rules(CommitRules())
    manages = may(forge, granted.identity, Action.CHANGE_SETTINGS, granted.subject)
    skips = pushing.skip_rule_for_owner and manages
    return Rules(
        commits=CommitRules()
        if skips
        else CommitRules(signed=pushing.reject_not_signed_by_gpg, message=pushing.commit_message_regex),
        largest_file_bytes=0 if skips else pushing.max_file_size * MEBIBYTE,
        denies_force=pushing.deny_force_push,
        branch_pattern=wider.branch_name_regex,
        tag_pattern=wider.tag_name_regex,
        may_create_branches=manages or not _bars_branches(wider, granted.identity),
        may_create_tags=manages or not wider.forbidden_developer_create_tag,
    )


def _restricts(rules: RepositoryRules) -> bool:
    return bool(
        rules.branch_name_regex
        or rules.tag_name_regex
        or rules.forbidden_developer_create_branch
        or rules.forbidden_developer_create_tag
        or rules.forbidden_committer_create_branch
    )


def _bars_branches(rules: RepositoryRules, identity: Identity) -> bool:
    """For whoever may write and not manage: a committer is nobody else here, and only developers have a white list."""
    is_listed = identity.user is not None and identity.user.id in rules.forbidden_developer_create_branch_user_ids
    return rules.forbidden_committer_create_branch or (rules.forbidden_developer_create_branch and not is_listed)


def _default_branches(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> Collection[str | None]:
    """What HEAD names, there or not yet, and what the settings say."""
    head = ref_listing(forge, granted).head
    return (granted.subject.default_branch, None if head is None else head.removeprefix(HEADS))


def _faults_of_names(rules: Rules, defaults: Collection[str | None], changes: Sequence[RefChange]) -> Iterator[Phrase]:
    """GitLab's reading, whose settings these are: found anywhere in the name, and never asked of the default branch."""
    for change in changes:
        if change.ref.startswith(HEADS) and rules.branch_pattern:
            name, pattern = change.ref.removeprefix(HEADS), rules.branch_pattern
            if name not in defaults and (fault := _fault_of_name(pattern, name)):
                yield Phrase("the name of the branch {name} {fault}", name=shown(name), fault=fault)
        elif change.ref.startswith(TAGS) and rules.tag_pattern:
            name, pattern = change.ref.removeprefix(TAGS), rules.tag_pattern
            if fault := _fault_of_name(pattern, name):
                yield Phrase("the name of the tag {name} {fault}", name=shown(name), fault=fault)


def _fault_of_name(pattern: str, name: str) -> Phrase | None:
    try:
        if is_found(pattern, name):
            return None
    except TooMuchToSearch as error:
        return Phrase("cannot be judged: {reason}", reason=error.fact)
    return Phrase("does not match {pattern}", pattern=shown_pattern(pattern))


def _looks_like_object_id(change: RefChange) -> bool:
    """Whether a branch or tag is made that git, in other places, would take for the commit of that id."""
    name = change.ref.removeprefix(HEADS if change.ref.startswith(HEADS) else TAGS)
    return change.old is None and _OBJECT_ID.match(name) is not None


def _faults_of_likeness(changes: Sequence[RefChange]) -> Iterator[Phrase]:
    """Set or not, and for everybody: GitLab's CVE-2022-2417."""
    for change in filter(_looks_like_object_id, changes):
        yield Phrase("no branch or tag may look like an object id: {ref}", ref=shown(change.ref))


def _faults_of_creation(rules: Rules, changes: Sequence[RefChange]) -> Iterator[Phrase]:
    for change in changes:
        if change.old is not None:
            continue
        if change.ref.startswith(HEADS) and not rules.may_create_branches:
            yield Phrase("developers may not create branches here: {ref}", ref=shown(change.ref))
        elif change.ref.startswith(TAGS) and not rules.may_create_tags:
            yield Phrase("developers may not create tags here: {ref}", ref=shown(change.ref))


def _faults_of_force(rules: Rules, changes: Sequence[RefChange], objects: PushedObjects) -> Iterator[Phrase]:
    """What git itself asks `--force` for: a tag that is there already, and any other ref that would lose commits."""
    if not rules.denies_force:
        return
    moved = [change for change in changes if change.old not in (None, change.new)]
    if len(moved) > MOST_MOVED_REFS:
        yield Phrase("at most {most} refs may be moved at once where force is denied", most=MOST_MOVED_REFS)
        return
    for change in moved:
        if change.ref.startswith(TAGS):
            yield Phrase("nobody may move a tag by force here: {ref}", ref=shown(change.ref))
        elif change.old and change.new and not objects.is_ancestor(change.old, change.new):
            yield Phrase(
                "nobody may push by force here: {ref} would lose commits that it has ({old}..{new})",
                ref=shown(change.ref),
                old=change.old[:10],
                new=change.new[:10],
            )


def _faults_of_deletion(
    rules: Rules, listing: RefListing, changes: Sequence[RefChange], objects: PushedObjects
) -> Iterator[Phrase]:
    """To delete a ref and make it anew is to force it, in one push or in two: so nobody takes commits away.

    What another ref holds may go, and so may what a ref of the same push holds then: that is a new name.
    """
    deleted = [change for change in changes if change.new is None and change.old is not None]
    if not rules.denies_force or not deleted:
        return
    changed = {change.ref: change.new for change in changes}
    staying = {oid for ref, old in listing.refs.items() if (oid := changed.get(ref, old)) is not None}
    staying.update(change.new for change in changes if change.new is not None)
    going = {change.old for change in deleted if change.old is not None} - staying
    if not going or not objects.has_commits_of_its_own(going, staying):
        return
    if len(deleted) > MOST_MOVED_REFS:
        yield Phrase(
            "nobody may delete these {count} refs here, since no other refs hold all of their commits",
            count=len(deleted),
        )
        return
    for change in deleted:
        if change.old in going and objects.has_commits_of_its_own([change.old], staying):
            yield Phrase(
                "nobody may delete {ref} here, since no other ref holds all of its commits ({old})",
                ref=shown(change.ref),
                old=change.old[:10],
            )


def _faults_of_commits(forge: Forge, rules: Rules, arrivals: Arrivals) -> list[list[Phrase]]:
    faults: dict[str, list[Phrase]] = {}
    if not rules.commits.are_set or not arrivals.tips:
        return []
    judgement = rules.commits.judgement(forge)
    for commit in arrivals.objects.commits(arrivals.tips):
        for rule, fault in judgement.faults(commit):
            messages = faults.setdefault(rule, [])
            if len(messages) < MOST_FAULTS_OF_A_RULE:
                ref = arrivals.ref_of(commit.id)
                messages.append(Phrase("commit {commit} ({ref}) {what}", commit=commit.id[:10], ref=ref, what=fault))
        if faults and all(len(faults.get(rule, ())) == MOST_FAULTS_OF_A_RULE for rule in rules.commits.names):
            break
    return list(faults.values())


def _faults_of_files(rules: Rules, arrivals: Arrivals) -> Iterator[Phrase]:
    if not rules.largest_file_bytes or not arrivals.tips:
        return
    for file in arrivals.objects.files(arrivals.tips):
        if file.size_bytes > rules.largest_file_bytes:
            commit = arrivals.objects.commit_with(file, arrivals.tips)
            yield Phrase(
                "file {path} ({place}, {ref}) has {size} bytes; a file may have {limit} MB",
                path=shown(file.path),
                place=f"blob {file.id[:10]}" if commit is None else f"commit {commit[:10]}",
                ref=arrivals.ref_of(commit),
                size=file.size_bytes,
                limit=rules.largest_file_bytes // MEBIBYTE,
            )
