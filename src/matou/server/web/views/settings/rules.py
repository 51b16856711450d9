"""Push rules and all other settings of a repository: forms that are made of one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from matou.db.repositories import Repository
from matou.errors import Invalid, NotFound, Phrase, Refused
from matou.forge.access import Action, Authorized, MayChangeSettings, MaySee, MaySeeSettings, authorize, may
from matou.forge.push.commit_rules import message_pattern
from matou.forge.push.patterns import compile_pattern
from matou.forge.repositories.repository_members import find_person, people_of
from matou.forge.repositories.settings import change_settings, read_settings
from matou.i18n import localize
from matou.server.web.addresses import subject_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.setting_fields import (
    GROUPS,
    SettingField,
    SettingGroup,
    Widget,
    choices_of,
    group_of,
    read_value,
    widget_of,
)
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_NOTHING: Final = Phrase("there is nothing here")


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field with what it holds now."""

    name: str
    widget: str
    label: str
    hint: str
    value: object
    options: list[tuple[str, str]]
    most: int


@dataclass(frozen=True, slots=True)
class ShownGroup:
    word: str
    title: str
    note: str
    fields: list[ShownField]
    faults: Mapping[str, str]


def show_rules(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage:
    return _page(view, granted)


def change_rules(view: WebRequest, granted: Authorized[Repository, MaySee], word: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such group of settings."""
    group = group_of(word)
    if group is None:
        raise NotFound(_NOTHING)
    changing = authorize(view.forge, view.account.identity, MayChangeSettings, granted.subject)
    changes, faults = _read(view, group)
    if not faults:
        try:
            change_settings(view.forge, changing, group.kind, **changes)
        except Invalid as error:
            faults = {"": error.fact}
    if faults:
        return _page(view, granted, group, faults, UNUSABLE)
    path = granted.subject.path
    return back_to(subject_url(path, "settings", "rules"), "saved")


def _read(view: WebRequest, group: SettingGroup) -> tuple[dict[str, object], dict[str, str]]:
    changes: dict[str, object] = {}
    faults: dict[str, str] = {}
    for field in group.fields:
        try:
            value = read_value(group.kind, field, view.form, partial(find_person, view.forge))
            _require_pattern(field, value)
        except (Invalid, NotFound, Refused) as error:
            faults[field.name] = error.fact
        else:
            changes[field.name] = value
    return changes, faults


def _require_pattern(field: SettingField, value: object) -> None:
    """Raises UnusablePattern, which would else not say of which field."""
    if field.name.endswith("_regex") and isinstance(value, str) and value:
        compile_pattern(value)
        if field.name == "commit_message_regex":
            message_pattern(value)


def _page(
    view: WebRequest,
    granted: Authorized[Repository, MaySee],
    failed: SettingGroup | None = None,
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    seen = authorize(view.forge, view.account.identity, MaySeeSettings, granted.subject)
    groups = [
        _shown(view, seen, group, faults if group is failed else NO_FAULTS, is_typed=group is failed)
        for group in GROUPS
    ]
    values = {
        "repository": granted.subject,
        "section": "rules",
        "groups": groups,
        "may_change": may(view.forge, view.identity, Action.CHANGE_SETTINGS, granted.subject),
        "done": done_of(view),
    }
    return HtmlPage("settings/rules.html", values, status)


def _shown(
    view: WebRequest,
    seen: Authorized[Repository, MaySeeSettings],
    group: SettingGroup,
    faults: Mapping[str, str],
    *,
    is_typed: bool,
) -> ShownGroup:
    held = read_settings(view.forge, seen, group.kind)
    shown = [
        ShownField(
            name=field.name,
            widget=widget_of(group.kind, field.name).value,
            label=localize(field.label),
            hint=localize(field.hint),
            value=_typed(view, group, field) if is_typed else _value(view, getattr(held, field.name)),
            options=[(value, localize(text)) for value, text in choices_of(group.kind, field.name)],
            most=field.most,
        )
        for field in group.fields
    ]
    return ShownGroup(group.kind.kind, localize(group.title), localize(group.note), shown, faults)


def _typed(view: WebRequest, group: SettingGroup, field: SettingField) -> object:
    is_check = widget_of(group.kind, field.name) is Widget.CHECK
    return field.name in view.form if is_check else view.form.text(field.name)


def _value(view: WebRequest, held: object) -> object:
    """People as their names; those who are gone are left out."""
    return ", ".join(user.name for user in people_of(view.forge, held)) if isinstance(held, tuple) else held
