"""What a GitLab keeps of what is written by its API, and of a project export: tried with no GitLab yet.

Of an export as its lib/gitlab/import_export says it, of the API as its documents do.
"""

from typing import Final

from matou.errors import Phrase
from matou.model.fidelity import (
    CODE_ALONE,
    WHOLE,
    CarriedForm,
    Fidelity,
    FidelityTable,
    KeptTrait,
    MigratedKind,
    by_rest,
)

_ITEM: Final = Fidelity(form=CarriedForm.ITSELF, keeps=frozenset({KeptTrait.NUMBER, KeptTrait.TIME}), header=True)
_SPOKEN: Final = Fidelity(
    form=CarriedForm.ITSELF,
    keeps=frozenset({KeptTrait.TIME}),
    header=True,
    note=Phrase("GitLab writes below whose it was, unless it knows the account"),
)
_NOTED: Final = Phrase("as notes of the system's, with who did it")

_RELEASED: Final = Fidelity(form=CarriedForm.ITSELF, keeps=frozenset({KeptTrait.TIME}), header=True)
_OWNED: Final = Phrase(
    "numbers and times where the token is an owner's or an administrator's; an administrator's with the scope sudo"
    " writes as those owners of the project whom --people names"
)
_NOT_OWNED: Final = Phrase("the token is no owner's here: numbers and times are not kept")

BY_REST: Final[FidelityTable] = by_rest(
    issue=Fidelity(
        form=CarriedForm.ITSELF, keeps=frozenset({KeptTrait.NUMBER, KeptTrait.TIME}), header=True, note=_OWNED
    ),
    comment=Fidelity(
        form=CarriedForm.ITSELF,
        keeps=frozenset({KeptTrait.TIME}),
        header=True,
        note=Phrase("times of those on issues, as with issues"),
    ),
    closed_change=Fidelity(form=CarriedForm.ISSUE, keeps=frozenset({KeptTrait.TIME}), header=True, note=_OWNED),
    release=_RELEASED,
)
"""By an owner."""

BY_REST_OF_OTHERS: Final[FidelityTable] = by_rest(
    issue=Fidelity(form=CarriedForm.ITSELF, header=True, note=_NOT_OWNED),
    release=_RELEASED,
)

BY_ARCHIVE: Final[FidelityTable] = {
    **CODE_ALONE,
    MigratedKind.WIKI: WHOLE,
    MigratedKind.PROJECT_WIKI: WHOLE,
    MigratedKind.ISSUE: _ITEM,
    MigratedKind.PROJECT_ISSUE: Fidelity(
        form=CarriedForm.ITSELF, keeps=_ITEM.keeps, header=True, note=Phrase("in a project without code")
    ),
    MigratedKind.OPEN_CHANGE: _ITEM,
    MigratedKind.CLOSED_CHANGE: _ITEM,
    MigratedKind.COMMENT: _SPOKEN,
    MigratedKind.LINE_COMMENT: Fidelity(
        form=CarriedForm.ITSELF,
        keeps=_SPOKEN.keeps,
        header=True,
        note=Phrase("on their lines where the commits are saved"),
    ),
    MigratedKind.REVIEW: Fidelity(form=CarriedForm.ITSELF, keeps=_SPOKEN.keeps, header=True, note=_NOTED),
    MigratedKind.LABEL: WHOLE,
    MigratedKind.MILESTONE: WHOLE,
    MigratedKind.RELEASE: Fidelity(form=CarriedForm.ITSELF, keeps=_SPOKEN.keeps, header=True),
    MigratedKind.ASSET: Fidelity(form=CarriedForm.ITSELF, note=Phrase("as uploads that the release's text names")),
    MigratedKind.ATTACHMENT: WHOLE,
    MigratedKind.ASSIGNEE: Fidelity(
        form=CarriedForm.ITSELF,
        note=Phrase("those of members whom GitLab knows by their e-mail address; in the text always"),
    ),
    MigratedKind.EVENT: Fidelity(form=CarriedForm.TEXT, note=_NOTED),
    MigratedKind.REACTION: Fidelity(form=CarriedForm.TEXT),
    MigratedKind.COMMIT_COMMENT: WHOLE,
    MigratedKind.MEMBER: Fidelity(
        form=CarriedForm.ITSELF, note=Phrase("where an administrator imports, and GitLab knows their e-mail address")
    ),
    MigratedKind.PROTECTION: Fidelity(
        form=CarriedForm.ITSELF, note=Phrase("maintainers alone may push, merge and make tags")
    ),
}
