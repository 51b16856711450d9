"""Labels and milestones of a source, as the target names them; what it does not have yet is made."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from matou.errors import Conflict, MatouError, Phrase, TryLater
from matou.http.tokens import BadCredential
from matou.model.metadata import Item, LabelDefinition, Milestone
from matou.model.metadata.kinds import LABEL, MILESTONE
from matou.model.metadata_targets import MetadataRules, NewLabel, NewMilestone
from matou.model.names import folded
from matou.platforms.base.errors import NotOffered
from matou.platforms.base.metadata_target import MetadataTarget
from matou.transfer.export.source import ExportSource
from matou.transfer.migrate.conversation.markdown_text import quiet
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.writer import OnceWriter

_GRAY: Final = "ededed"
FAR_AWAY: Final = "2099-12-31"
"""Where a milestone has no day and the target wants one."""


@dataclass
class TargetVocabulary:
    """Knows what the target has; for one thread."""

    target: MetadataTarget
    writer: OnceWriter
    report: ConversationReport
    _labels: dict[str, str] = field(default_factory=dict)
    _milestones: dict[str, str] = field(default_factory=dict)

    def bring(self, source: ExportSource, used_labels: Iterable[str]) -> None:
        """Make all that is not there: labels that are defined or used, then milestones."""
        self._labels = {folded(name): name for name in self.target.labels()}
        defined: dict[str, LabelDefinition] = source.table(LABEL)
        for name in dict.fromkeys([*(one.name for one in defined.values() if one.gone_in is None), *used_labels]):
            self._bring_label(name, defined.get(name))
        if self.target.rules.has_milestones:
            self._milestones = {one.title: one.id for one in self.target.milestones()}
        milestones: dict[str, Milestone] = source.table(MILESTONE)
        for one in milestones.values():
            if one.gone_in is None:
                self._bring_milestone(one)

    def labels_of(self, item: Item, source: ExportSource) -> tuple[str, ...]:
        names = list(item.labels)
        if not self.target.rules.has_milestones and (milestone := self._title_of(item, source)):
            names.append(f"milestone/{milestone}")
        found = (self._labels.get(folded(fitted_label(name, self.target.rules))) for name in names)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def milestone_of(self, item: Item, source: ExportSource) -> str | None:
        title = self._title_of(item, source)
        return self._milestones.get(fitted_title(title, self.target.rules)) if title else None

    def _title_of(self, item: Item, source: ExportSource) -> str:
        return source.milestone(item) or source.iteration(item)

    def _bring_label(self, true_name: str, defined: LabelDefinition | None) -> None:
        self.report.expected["label"] += 1
        name = fitted_label(true_name, self.target.rules)
        if folded(name) in self._labels:
            self.report.unchanged["label"] += 1
            return
        new = NewLabel(
            name=name,
            color=defined.color if defined else _GRAY,
            description=(defined.description if defined else None) or "",
        )
        if not self._add_label(new):
            return
        self._labels[folded(name)] = name
        if name != true_name:
            self.report.notes.append(
                Phrase("the label {name} is called {new} now", name=repr(true_name), new=repr(name))
            )

    def _bring_milestone(self, milestone: Milestone) -> None:
        self.report.expected["milestone"] += 1
        rules, title = self.target.rules, milestone.title or milestone.number
        if not rules.has_milestones:
            self._bring_label(f"milestone/{title}", None)
            return
        fitted = fitted_title(title, rules)
        if fitted in self._milestones:
            self.report.unchanged["milestone"] += 1
            return
        new = NewMilestone(
            title=fitted,
            text="" if milestone.text is None else quiet(milestone.text.body),
            due=(milestone.due or "")[:10] or (FAR_AWAY if rules.needs_due else None),
            is_closed=milestone.state == "closed",
        )
        self._milestones[fitted] = self.writer.make(
            lambda: self.target.add_milestone(new).id, lambda: self._milestone_there(fitted)
        )
        self.report.written["milestone"] += 1
        if new.is_closed and not rules.closes_milestones:
            self.report.lose(Phrase("a milestone that was closed is open: the platform makes none that is closed"))

    def _milestone_there(self, title: str) -> str | None:
        return next((one.id for one in self.target.milestones() if one.title == title), None)

    def _add_label(self, label: NewLabel) -> bool:
        """Whether it is there: one from before is as good, and one that is refused keeps nothing else away."""

        def add() -> bool:
            self.target.add_label(label)
            return True

        try:
            self.writer.make(add, lambda: self._has_label(label.name))
        except Conflict:
            self.report.unchanged["label"] += 1
        except (TryLater, BadCredential, NotOffered):
            raise
        except MatouError as refusal:
            label_name, reason = repr(label.name), refusal.fact
            self.report.problems.append(
                MatouError("the label {name} is not there: {reason}", name=label_name, reason=reason)
            )
            return False
        else:
            self.report.written["label"] += 1
        return True

    def _has_label(self, name: str) -> bool | None:
        return True if folded(name) in map(folded, self.target.labels()) else None


def fitted_label(name: str, rules: MetadataRules) -> str:
    """The name itself where the target takes it; else one made of it, the same for the same name."""
    text = "".join("_" if character in rules.not_in_labels else character for character in " ".join(name.split()))
    text = text.ljust(rules.shortest_label, "_")
    if len(text) <= rules.longest_label:
        return text
    end = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:4]
    return f"{text[: rules.longest_label - 5]}{rules.cut_label_sign}{end}"


def fitted_title(title: str, rules: MetadataRules) -> str:
    return " ".join(title.split())[: rules.longest_title]
