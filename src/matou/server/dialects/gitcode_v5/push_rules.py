"""17 and 18: the rules that a push has to keep to. What each of them means: docs/decisions/push-rules.md."""

from typing import Annotated

from msgspec import Meta

from matou.forge.access import MayChangeSettings, MaySeeSettings
from matou.forge.push.commit_rules import message_pattern
from matou.forge.repositories.settings import change_settings, read_settings
from matou.model.repository_settings import LARGEST_FILE_LIMIT_MEGABYTES, PushRules
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.route import repository_route

_PATH = "/repos/{owner}/{repo}/push_config"


class PushRulesParams(Parameters, frozen=True, kw_only=True):
    reject_not_signed_by_gpg: bool | None = None
    commit_message_regex: str | None = None
    max_file_size: Annotated[int, Meta(ge=0, le=LARGEST_FILE_LIMIT_MEGABYTES)] | None = None
    skip_rule_for_owner: bool | None = None
    deny_force_push: bool | None = None


def change_push_config(context: RepositoryContext[MayChangeSettings], params: PushRulesParams) -> wire.PushConfig:
    """What is not sent stays as it is; an empty pattern is none."""
    values = {name: getattr(params, name) for name in params.__struct_fields__}
    if params.commit_message_regex:
        message_pattern(params.commit_message_regex)
    changes = {name: value for name, value in values.items() if value is not None}
    return _answer(change_settings(context.forge, context.granted, PushRules, **changes))


def read_push_config(context: RepositoryContext[MaySeeSettings], _: Nothing) -> wire.PushConfig:
    return _answer(read_settings(context.forge, context.granted, PushRules))


def _answer(rules: PushRules) -> wire.PushConfig:
    return wire.PushConfig(
        reject_not_signed_by_gpg=rules.reject_not_signed_by_gpg,
        commit_message_regex=rules.commit_message_regex,
        max_file_size=rules.max_file_size,
        skip_rule_for_owner=rules.skip_rule_for_owner,
        deny_force_push=rules.deny_force_push,
    )


ROUTES = (
    repository_route(
        "PUT",
        _PATH,
        MayChangeSettings,
        PushRulesParams,
        change_push_config,
        section=17,
        answer=wire.PushConfig,
        choices=(
            "changes what is sent and answers all five; a pattern is RE2's, found on any line of the message;"
            " `deny_force_push` also refuses to delete a branch or tag with commits that no other ref holds, by push or"
            " by API, of everybody"
        ),
    ),
    repository_route(
        "GET",
        _PATH,
        MaySeeSettings,
        Nothing,
        read_push_config,
        section=18,
        answer=wire.PushConfig,
        choices="the document's two examples are swapped; all five fields are answered",
    ),
)
