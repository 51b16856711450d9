"""What GitLab's import keeps of a project export: read in its lib/gitlab/import_export, tried with no GitLab yet."""

from typing import Final

from matou.errors import Phrase
from matou.model.fidelity import CODE_ALONE, WHOLE, CarriedForm, Fidelity, FidelityTable, KeptTrait, MigratedKind

_ITEM: Final = Fidelity(form=CarriedForm.ITSELF, keeps=frozenset({KeptTrait.NUMBER, KeptTrait.TIME}), header=True)
_SPOKEN: Final = Fidelity(
    form=CarriedForm.ITSELF,
    keeps=frozenset({KeptTrait.TIME}),
    header=True,
    note=Phrase("GitLab writes below whose it was, unless it knows the account"),
)
_NOTED: Final = Phrase("as notes of the system's, with who did it")

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
