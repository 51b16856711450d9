"""Who may do what, written out by hand: the code's own table must come to the same in every cell."""

from matou.forge.access import ALL_SCOPES, AccessLevel, Action, Decision, Scope, SubjectState
from matou.model.platform import Visibility

LETTERS = {"y": Decision.ALLOWED, "n": Decision.NOT_ALLOWED, ".": Decision.HIDDEN}

# Columns: nobody, signed in, guest, reporter, developer, maintainer, owner, administrator.
# y: may. n: may not, and is told so. A dot: looks as if it were not there.
REPOSITORY_CELLS = """
private   see                         . . y y y y y y
private   read code                   . . n y y y y y
private   read earlier states         . . n y y y y y
private   read conversations          . . n y y y y y
private   read confidential items     . . n y y y y y
private   read statistics             . . n y y y y y
private   fork                        . . n y y y y y
private   star                        . . y y y y y y
private   see members                 . . y y y y y y
private   see settings                . . n n y y y y
private   see personal data           . . n n n n y y
private   see webhooks                . . n n n n y y
private   copy metadata               . . n n n n y y
private   write code                  . . n n y y y y
private   upload                      . . n n y y y y
private   change settings             . . n n n y y y
private   manage members              . . n n n y y y
private   change the permission mode  . . n n n n y y
private   rename                      . . n n n y y y
private   transfer                    . . n n n n y y
private   delete                      . . n n n n y y
private   administer                  . . n n n n y y
internal  see                         . y y y y y y y
internal  read code                   . y y y y y y y
internal  read earlier states         . n n y y y y y
internal  read conversations          . y y y y y y y
internal  read confidential items     . n n y y y y y
internal  read statistics             . y y y y y y y
internal  fork                        . y y y y y y y
internal  star                        . y y y y y y y
internal  see members                 . n y y y y y y
internal  see settings                . n n n y y y y
internal  see personal data           . n n n n n y y
internal  see webhooks                . n n n n n y y
internal  copy metadata               . n n n n n y y
internal  write code                  . n n n y y y y
internal  upload                      . n n n y y y y
internal  change settings             . n n n n y y y
internal  manage members              . n n n n y y y
internal  change the permission mode  . n n n n n y y
internal  rename                      . n n n n y y y
internal  transfer                    . n n n n n y y
internal  delete                      . n n n n n y y
internal  administer                  . n n n n n y y
public    see                         y y y y y y y y
public    read code                   y y y y y y y y
public    read earlier states         n n n y y y y y
public    read conversations          y y y y y y y y
public    read confidential items     n n n y y y y y
public    read statistics             y y y y y y y y
public    fork                        n y y y y y y y
public    star                        n y y y y y y y
public    see members                 n n y y y y y y
public    see settings                n n n n y y y y
public    see personal data           n n n n n n y y
public    see webhooks                n n n n n n y y
public    copy metadata               n n n n n n y y
public    write code                  n n n n y y y y
public    upload                      n n n n y y y y
public    change settings             n n n n n y y y
public    manage members              n n n n n y y y
public    change the permission mode  n n n n n n y y
public    rename                      n n n n n y y y
public    transfer                    n n n n n n y y
public    delete                      n n n n n n y y
public    administer                  n n n n n n y y
"""

# "internal" is a namespace in which somebody sees a repository, "public" a backup that is open to whoever reaches it.
NAMESPACE_CELLS = """
private   see                       . . y y y y y y
private   read earlier states       . . n y y y y y
private   read conversations        . . n y y y y y
private   read confidential items   . . n y y y y y
private   see members               . . y y y y y y
private   see settings              . . n n y y y y
private   see personal data         . . n n n n y y
private   see webhooks              . . n n n n y y
private   copy metadata             . . n n n n y y
private   create repositories here  . . n n n y y y
private   create namespaces here    . . n n n y y y
private   change settings           . . n n n y y y
private   delete                    . . n n n n y y
private   administer                . . n n n n y y
internal  see                       y y y y y y y y
internal  read earlier states       n n n y y y y y
internal  read conversations        n n n y y y y y
internal  read confidential items   n n n y y y y y
internal  see members               n n y y y y y y
internal  see settings              n n n n y y y y
internal  see personal data         n n n n n n y y
internal  see webhooks              n n n n n n y y
internal  copy metadata             n n n n n n y y
internal  create repositories here  n n n n n y y y
internal  create namespaces here    n n n n n y y y
internal  change settings           n n n n n y y y
internal  delete                    n n n n n n y y
internal  administer                n n n n n n y y
public    see                       y y y y y y y y
public    read earlier states       n n n y y y y y
public    read conversations        y y y y y y y y
public    read confidential items   n n n y y y y y
public    see members               n n y y y y y y
public    see settings              n n n n y y y y
public    see personal data         n n n n n n y y
public    see webhooks              n n n n n n y y
public    copy metadata             n n n n n n y y
public    create repositories here  n n n n n y y y
public    create namespaces here    n n n n n y y y
public    change settings           n n n n n y y y
public    delete                    n n n n n n y y
public    administer                n n n n n n y y
"""

# Columns: user:read team:read project:read project:write repository:read repository:write; of an owner.
SCOPE_LETTERS = {"y": Decision.ALLOWED, "s": Decision.MISSING_SCOPE, ".": Decision.HIDDEN}
REPOSITORY_SCOPES = """
see                         . . . . y y
read code                   . . . . y y
read earlier states         . . . . y y
read conversations          . . . . y y
read confidential items     . . . . y y
read statistics             . . . . y y
fork                        . . . . y y
star                        . . . . y y
see members                 . . . . y y
see settings                . . . . y y
see personal data           . . . . y y
see webhooks                . . . . y y
copy metadata               . . . . y y
write code                  . . . . s y
upload                      . . . . s y
change settings             . . . . s y
manage members              . . . . s y
change the permission mode  . . . . s y
rename                      . . . . s y
transfer                    . . . . s y
delete                      . . . . s y
administer                  . . . . s y
"""
NAMESPACE_SCOPES = """
see                       . . y y . .
read earlier states       . . y y . .
read conversations        . . y y . .
read confidential items   . . y y . .
see members               . y y y . .
see settings              . . y y . .
see personal data         . . y y . .
see webhooks              . . y y . .
copy metadata             . . y y . .
create repositories here  . . s s . y
create namespaces here    . . s y . .
change settings           . . s y . .
delete                    . . s y . .
administer                . . s y . .
"""

# What nobody may, an administrator either.
REFUSED_IN = {
    SubjectState.ARCHIVED: {
        Action.WRITE_CODE,
        Action.UPLOAD,
        Action.CHANGE_SETTINGS,
        Action.MANAGE_MEMBERS,
        Action.CHANGE_MEMBER_MODE,
        Action.RENAME,
        Action.TRANSFER,
        Action.CREATE_IN,
        Action.CREATE_NAMESPACE_IN,
    },
    SubjectState.OWNED_BY_SOURCE: {
        Action.WRITE_CODE,
        Action.UPLOAD,
        Action.CHANGE_SETTINGS,
        Action.RENAME,
        Action.TRANSFER,
        Action.CREATE_IN,
        Action.CREATE_NAMESPACE_IN,
        Action.DELETE,
    },
    SubjectState.NO_FORKS: {Action.FORK},
    SubjectState.NO_ANALYSIS: {Action.READ_ANALYSIS},
}

Cell = tuple[Visibility, Action, AccessLevel]


def repository_cells() -> dict[Cell, Decision]:
    return _cells(REPOSITORY_CELLS)


def namespace_cells() -> dict[Cell, Decision]:
    return _cells(NAMESPACE_CELLS)


def repository_scopes() -> dict[tuple[Action, Scope], Decision]:
    return _scope_cells(REPOSITORY_SCOPES)


def namespace_scopes() -> dict[tuple[Action, Scope], Decision]:
    return _scope_cells(NAMESPACE_SCOPES)


def _cells(text: str) -> dict[Cell, Decision]:
    found = {}
    for line in text.strip().splitlines():
        visibility, rest = line.split(maxsplit=1)
        action, letters = _row(rest)
        for level, letter in zip(AccessLevel, letters, strict=True):
            found[Visibility(visibility), action, level] = LETTERS[letter]
    return found


def _scope_cells(text: str) -> dict[tuple[Action, Scope], Decision]:
    found = {}
    for line in text.strip().splitlines():
        action, letters = _row(line)
        for scope, letter in zip((one for one in Scope if one in ALL_SCOPES), letters, strict=True):
            found[action, scope] = SCOPE_LETTERS[letter]
    return found


def _row(text: str) -> tuple[Action, list[str]]:
    """`write code        . n y` as an action and its letters: two blanks at least stand between them."""
    name, letters = text.split("  ", maxsplit=1)
    return Action(name), letters.split()
