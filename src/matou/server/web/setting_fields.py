"""The settings of a repository as fields of forms: one table, from which each form is shown and read.

What a field holds is said by its type in `model/repository_settings.py`: a switch, a number, a text, one of a few
words, or people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, get_type_hints

from matou.db.users import User
from matou.errors import Phrase
from matou.model.repository_settings import (
    LARGEST_FILE_LIMIT_MEGABYTES,
    MOST_APPROVALS,
    ChangeRequestSettings,
    Features,
    MergedCommitAuthor,
    MergeMethod,
    Modules,
    PushRules,
    RepositoryRules,
    RepositorySettings,
    UnusableSetting,
)
from matou.server.web.forms import Form

LARGEST_DIGITS: Final = 9
CHOICES: Final[Mapping[StrEnum, Phrase]] = {
    MergeMethod.MERGE: Phrase("with a merge commit"),
    MergeMethod.REBASE_MERGE: Phrase("with a merge commit, after a rebase"),
    MergeMethod.FAST_FORWARD: Phrase("fast-forward only"),
    MergedCommitAuthor.MERGED_BY: Phrase("whoever merges"),
    MergedCommitAuthor.CREATED_BY: Phrase("whoever proposed it"),
}


_NONE: Final = Phrase("")


class Widget(StrEnum):
    """How a field is shown."""

    CHECK = "check"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One field of one kind of settings. `most` bounds a number."""

    name: str
    label: Phrase
    hint: Phrase = _NONE
    most: int = MOST_APPROVALS


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """One form: the fields of one kind."""

    kind: type[RepositorySettings]
    title: Phrase
    fields: tuple[SettingField, ...]
    note: Phrase = _NONE


_PATTERN: Final = Phrase("a pattern in RE2's syntax; empty for none")
_NAMES: Final = Phrase("user names with commas between; empty for nobody")

GROUPS: Final[tuple[SettingGroup, ...]] = (
    SettingGroup(
        PushRules,
        Phrase("Pushes"),
        (
            SettingField("deny_force_push", Phrase("Nobody may force-push"), Phrase("not even administrators")),
            SettingField(
                "reject_not_signed_by_gpg", Phrase("Commits must be signed"), Phrase("by a key of an account")
            ),
            SettingField("commit_message_regex", Phrase("Messages of commits must match"), _PATTERN),
            SettingField(
                "max_file_size",
                Phrase("Largest file, in MiB"),
                Phrase("0 for no limit"),
                most=LARGEST_FILE_LIMIT_MEGABYTES,
            ),
            SettingField(
                "skip_rule_for_owner",
                Phrase("Administrators of the repository need not keep to these"),
                Phrase("a force-push stays forbidden"),
            ),
        ),
        Phrase("What everything that comes in has to keep to, by push or by an API."),
    ),
    SettingGroup(
        RepositoryRules,
        Phrase("Branches, tags and forks"),
        (
            SettingField("branch_name_regex", Phrase("Names of branches must match"), _PATTERN),
            SettingField("tag_name_regex", Phrase("Names of tags must match"), _PATTERN),
            SettingField("forbidden_developer_create_branch", Phrase("Developers may not make branches")),
            SettingField("forbidden_developer_create_branch_user_ids", Phrase("Except these developers"), _NAMES),
            SettingField("forbidden_developer_create_tag", Phrase("Developers may not make tags")),
            SettingField("forbidden_committer_create_branch", Phrase("Committers may not make branches")),
            SettingField("disable_fork", Phrase("Nobody may fork it")),
            SettingField("open_gpg_verified", Phrase("Show whether commits are verified")),
            SettingField("include_lfs_objects", Phrase("Archives hold LFS files themselves")),
            SettingField("generate_pre_merge_ref", Phrase("Make a ref of each change request as it would be merged")),
            SettingField("rebase_disable_trigger_webhook", Phrase("A rebase calls no webhook")),
        ),
    ),
    SettingGroup(
        Modules,
        Phrase("Parts that are switched on"),
        (
            SettingField("has_issue", Phrase("Issues")),
            SettingField("has_merge_request", Phrase("Change requests")),
            SettingField("has_wiki", Phrase("Wiki")),
            SettingField("has_discussion", Phrase("Discussions")),
            SettingField("can_comment", Phrase("Comments")),
            SettingField("has_fork", Phrase("Forks")),
            SettingField("has_analysis", Phrase("Statistics")),
            SettingField("has_security", Phrase("Security")),
        ),
        Phrase(
            "Forks and statistics are refused to everybody while they are off; what does not exist here is kept only."
        ),
    ),
    SettingGroup(Features, Phrase("Large files"), (SettingField("lfs_enabled", Phrase("Git LFS")),)),
    SettingGroup(
        ChangeRequestSettings,
        Phrase("Change requests"),
        (
            SettingField("merge_method", Phrase("Merge")),
            SettingField("merged_commit_author", Phrase("Author of the merged commit")),
            SettingField("approval_required_reviewers_enable", Phrase("Reviews are needed")),
            SettingField("approval_required_reviewers", Phrase("How many reviewers")),
            SettingField("approval_required_approvers", Phrase("How many approvers")),
            SettingField("approval_approver_ids", Phrase("Approvers"), _NAMES),
            SettingField("approval_required_testers", Phrase("How many testers")),
            SettingField("approval_tester_ids", Phrase("Testers"), _NAMES),
            SettingField(
                "only_allow_merge_if_all_discussions_are_resolved", Phrase("Only once all discussions are resolved")
            ),
            SettingField("only_allow_merge_if_pipeline_succeeds", Phrase("Only once the pipeline succeeded")),
            SettingField("disable_merge_by_self", Phrase("Nobody merges what they proposed themselves")),
            SettingField("can_force_merge", Phrase("Administrators may merge all the same")),
            SettingField("can_reopen", Phrase("What is closed may be reopened")),
            SettingField("delete_source_branch_when_merged", Phrase("Delete the branch once it is merged")),
            SettingField("close_issue_when_mr_merged", Phrase("Close the issues that it names once it is merged")),
            SettingField("add_notes_after_merged", Phrase("Comments stay possible once it is merged")),
            SettingField("mark_auto_merged_mr_as_closed", Phrase("What was merged by a push counts as closed")),
            SettingField("disable_squash_merge", Phrase("Nobody may squash")),
            SettingField("auto_squash_merge", Phrase("Squash unless something else is chosen")),
            SettingField("squash_merge_with_no_merge_commit", Phrase("Squash without a merge commit")),
            SettingField("is_check_cla", Phrase("A contributor licence agreement is needed")),
            SettingField("is_allow_lite_merge_request", Phrase("Small change requests need no review")),
            SettingField("lite_merge_request_prefix_title", Phrase("How the title of a small one begins")),
        ),
        Phrase("They are kept and told to whoever asks by an API; nothing here goes by them yet."),
    ),
)
NOT_SHOWN: Final = frozenset({(RepositoryRules, "forbidden_gitlab_access")})
"""What cannot be set: there is no such access here."""


def group_of(kind: str) -> SettingGroup | None:
    return next((group for group in GROUPS if group.kind.kind == kind), None)


def widget_of(kind: type[RepositorySettings], name: str) -> Widget:
    held = _type_of(kind, name)
    if held is bool:
        return Widget.CHECK
    if held is int:
        return Widget.NUMBER
    if held is str:
        return Widget.TEXT
    return Widget.CHOICE if isinstance(held, type) and issubclass(held, StrEnum) else Widget.PEOPLE


def choices_of(kind: type[RepositorySettings], name: str) -> list[tuple[str, Phrase]]:
    held = _type_of(kind, name)
    return (
        [(word.value, CHOICES[word]) for word in held] if isinstance(held, type) and issubclass(held, StrEnum) else []
    )


def read_value(
    kind: type[RepositorySettings], field: SettingField, form: Form, find_person: Callable[[str], User]
) -> object:
    """What a form says of a field.

    Raises:
        UnusableSetting: it cannot be so.
        NotFound: as `find_person`, of a name that is nobody's.
    """
    text = form.text(field.name).strip()
    match widget_of(kind, field.name):
        case Widget.CHECK:
            return field.name in form
        case Widget.NUMBER:
            return _number(text, field.most)
        case Widget.CHOICE:
            return _choice(kind, field.name, text)
        case Widget.PEOPLE:
            names = dict.fromkeys(name.strip() for name in text.replace("，", ",").split(","))
            return tuple(find_person(name).id for name in names if name)
    return text


def every_field() -> set[tuple[type[RepositorySettings], str]]:
    """All that there are to set, in the forms or not."""
    return {(group.kind, each.name) for group in GROUPS for each in fields(group.kind)}


def _number(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > LARGEST_DIGITS or int(text) > most:
        raise UnusableSetting("it can be 0 to {most}", most=most)
    return int(text)


def _choice(kind: type[RepositorySettings], name: str, text: str) -> str:
    if text not in {value for value, _ in choices_of(kind, name)}:
        raise UnusableSetting("choose one of these")
    return text


def _type_of(kind: type[RepositorySettings], name: str) -> object:
    return get_type_hints(kind)[name]
