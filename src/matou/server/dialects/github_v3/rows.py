"""What was said around a repository, as GitHub words what all items share: people, texts, labels, milestones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Final

from matou.model.metadata import (
    ChangeRequest,
    Issue,
    Item,
    LabelDefinition,
    MarkupText,
    Milestone,
    Participant,
    PersonKey,
    Reaction,
)
from matou.model.metadata.kinds import LABEL, MILESTONE
from matou.model.metadata.shared_numbers import SharedNumbers, is_shared_number
from matou.platforms.registry import title_of
from matou.server.api.context import ProjectContext
from matou.server.api.links import quoted
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.rows import RepositoryConversation, body_of
from matou.server.dialects.github_v3.identifiers import id_or_made, made_id
from matou.server.dialects.github_v3.objects import UNKNOWN_TIME, person_row, project_url, repository_url, written
from matou.transfer.export.facts import further_facts_of
from matou.transfer.migrate.conversation.headers import fact_line

PLATFORM: Final = "github"
_GHOST_ID: Final = 10137
"""GitHub's own, of whoever is nobody any more."""

_GRAY: Final = "ededed"
_REACTIONS: Final = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@dataclass(frozen=True)
class GitHubRows(RepositoryConversation):
    """For one request."""

    platform: ClassVar[str] = PLATFORM

    @cached_property
    def numbers(self) -> SharedNumbers:
        return self.conversation.shared_numbers()

    @cached_property
    def own_url(self) -> str:
        context = self.context
        if isinstance(context, ProjectContext):
            return project_url(context.links, context.project.path)
        return repository_url(context.links, context.repository.path)

    def url(self, *segments: str) -> str:
        """Below the API's address of the repository."""
        return "/".join((self.own_url, *map(quoted, segments)))

    def number_of(self, item: Item) -> int:
        table = self.numbers.changes if isinstance(item, ChangeRequest) else self.numbers.issues
        return table[item.number]

    def item_page(self, item: Item) -> str:
        """Here: `html_url` of an issue or a change request."""
        place = "changes" if isinstance(item, ChangeRequest) else "issues"
        return self.context.links.page(self.context.repository.path, "-", place, item.number)

    def person_row(self, known: Participant) -> JsonRow:
        number = (
            int(known.id) if self.is_own and known.id and known.id.isdigit() else made_id(self.about_key, known.key)
        )
        row = person_row(self.context.links, known.login, number, known.url or self.context.links.user(known.login))
        return {**row, "email": known.email} if known.email and self.shows_personal_data else row

    def author(self, key: PersonKey | None) -> JsonRow:
        """Where nobody is named it is a ghost, as where GitHub's account is gone: an importer would take itself."""
        return self.person(key) or person_row(self.context.links, "ghost", _GHOST_ID, self.context.links.user("ghost"))

    @cached_property
    def about_key(self) -> str:
        """Of the platform that told of people: the same person is the same in all that it told."""
        about = self.conversation.about()
        return "" if about is None else f"{about.platform} {about.host}"

    def text(self, text: MarkupText | None) -> str | None:
        """With references to items by the numbers that these have here."""
        return None if text is None else self.numbers.with_references(text.body)

    def text_of(self, item: Item) -> str | None:
        """Behind what an importer has no other place for."""
        text = self.text(item.text)
        lines = [*self._number_at_source(item), *self._further_facts(item)]
        return "\n".join([*lines, "", text or ""]) if lines else text

    def _number_at_source(self, item: Item) -> Iterator[str]:
        """Where it is another one here."""
        if self.number_of(item) == _digits(item.number):
            return
        sign, about = "!" if isinstance(item, ChangeRequest) else "#", self.conversation.about()
        name = f"{sign}{item.number}"
        stated = f"[{name}]({item.url})" if item.url else f"`{name}`"
        yield f"> {title_of(about.platform) if about else ''} {stated}"

    def _further_facts(self, item: Item) -> list[str]:
        """Nobody but an importer is told them in a text: whoever else asks knows more ways to ask for them."""
        is_importer = self.context.identity.only_repositories is not None
        return fact_line(further_facts_of(self, item), item) if is_importer else []

    def people_named(self, keys: Iterable[PersonKey], /) -> str:
        known = self.conversation.people()
        return ", ".join(one.name or one.login if (one := known.get(key)) else key for key in keys)

    def iteration(self, item: Item, /) -> str:
        found = self.milestones_by_key.get(f"iteration/{item.iteration}")
        return (item.iteration or "") if found is None else found.title

    def label(self, label: LabelDefinition) -> JsonRow:
        number = id_or_made(label.id, "label", self.own_url, label.name)
        return {
            "id": number,
            "node_id": f"LA_{number}",
            "url": self.url("labels", label.name),
            "name": label.name,
            "description": label.description,
            "color": label.color or _GRAY,
            "default": False,
        }

    @cached_property
    def milestone_numbers(self) -> Mapping[str, int]:
        """By the key of the table: those of milestones stay, iterations and versions count on behind them."""
        table = self.milestones_by_key
        kept = {
            key: int(one.number)
            for key, one in table.items()
            if one.kind == "milestone" and is_shared_number(one.number)
        }
        highest = max(kept.values(), default=0)
        others = (key for key in table if key not in kept)
        return kept | {key: highest + place for place, key in enumerate(others, start=1)}

    @property
    def milestones_by_key(self) -> Mapping[str, Milestone]:
        table: Mapping[str, Milestone] = self.conversation.table(MILESTONE)
        return table

    def milestone_row(self, key: str, counts: Mapping[str, int]) -> JsonRow:
        """Args: counts: how many issues and change requests it has, by `open` and `closed`."""
        one = self.milestones_by_key[key]
        number = self.milestone_numbers[key]
        url, made = self.url("milestones", str(number)), id_or_made(one.id, "milestone", self.own_url, key)
        return {
            "id": made,
            "node_id": f"MI_{made}",
            "number": number,
            "url": url,
            "html_url": self.context.links.page(self.context.repository.path, "-", "milestones", one.number),
            "labels_url": f"{url}/labels",
            # One without a title is one with all others that have none, at who imports it.
            "title": one.title or one.number,
            "description": body_of(one.text) or None,
            "state": one.state,
            "creator": None,
            "open_issues": counts.get("open", 0),
            "closed_issues": counts.get("closed", 0),
            "created_at": written(one.at) or UNKNOWN_TIME,
            "updated_at": written(one.updated_at or one.at) or UNKNOWN_TIME,
            # Whoever is told no time takes it for 1970.
            "closed_at": written(one.closed_at or one.updated_at or one.at) if one.state == "closed" else None,
            "due_on": day(one.due),
        }

    def milestone_of_item(self, item: Item) -> JsonRow | None:
        """Its milestone, or the iteration where it has none: GitHub has one kind."""
        table = self.milestones_by_key
        wanted = (("milestone", item.milestone), ("iteration", item.iteration))
        for kind, name in wanted:
            for key, one in table.items():
                if name and name_on_items(key, one) == name and (one.kind == "iteration") is (kind == "iteration"):
                    return self.milestone_row(key, {})
        return None

    @cached_property
    def labels_by_name(self) -> Mapping[str, LabelDefinition]:
        """Also those that items have and no list names: they were deleted, or belong to the project."""
        table: Mapping[str, LabelDefinition] = self.conversation.table(LABEL)
        used = self.conversation.count_labels()
        return dict(table) | {name: LabelDefinition(name=name, color="") for name in used if name not in table}

    def reactions(self, given: tuple[Reaction, ...] | None, url: str) -> JsonRow:
        counts = {one.name: len(one.by) for one in given or ()}
        stated = {name: counts.get(name, 0) for name in _REACTIONS}
        return {"url": f"{url}/reactions", "total_count": sum(stated.values()), **stated}


def name_on_items(key: str, milestone: Milestone) -> str:
    """What items say that belong to it: a version of CODING is named by its key, for iterations have its numbers."""
    return key if milestone.kind == "version" else milestone.number


def state_of(item: Issue | ChangeRequest) -> str:
    return "open" if item.state == "open" else "closed"


def ended_at(item: Item) -> datetime | None:
    """Whoever is told no time of what is closed takes it for closed in 1970."""
    if item.state == "open":
        return None
    return item.closed_at or getattr(item, "merged_at", None) or item.updated_at or item.at


def day(text: str | None) -> str | None:
    """A day begins at midnight, in UTC; what is no time at all is left out."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return f"{at.date()}T00:00:00Z" if at.tzinfo is None else written(at)


def _digits(number: str) -> int:
    return int(number) if is_shared_number(number) else 0
