"""What an account at GitCode has, saved by the program and served by it: for other people's clients to read."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.accounts.users import create_user
from matou.model.names import NamespacePath, ObjectId
from matou.settings import Settings
from matou.wiring import open_forge
from support import gitcode_source
from support.commits import commit_in
from support.conversation_gateway import converse_before
from support.conversation_story import Story
from support.deciding import add_member, create_token
from support.fault_proxy import FaultProxy
from support.git_repositories import git
from support.gitcode_conversation import GitCodeConversation, GitCodeTalk
from support.matou_server import MatouServer, running_server
from support.program import Person, serving

OWNER, NAME = "harbour", "crane"
"""As GitCode calls it: in the archive it stands below the name of the account."""

FILES = {"README.md": "# 吊车\n".encode(), "src/吊车.c": b"int main;\n"}
CHANGED = b"int main(void);\n"
KINDS = "issues,changes,releases,settings,hooks,people,attachments,assets,events"


@dataclass(frozen=True)
class ServedBackup:
    """A server over an archive that a backup made.

    Attributes:
        token: of whoever owns all of it there.
        head: the commit that the merged pull request proposed.
    """

    url: str
    token: str
    head: ObjectId


@contextmanager
def serving_backup_of_gitcode(folder: Path) -> Iterator[ServedBackup]:
    folder.mkdir(exist_ok=True)
    person, archive = Person(folder), folder / "archive"
    with running_server(folder / "source") as source:
        head = _back_up(source, person, archive)
        account = source.owner.name
    with open_forge(archive, Settings.from_environment({})) as forge:
        reader = create_user(forge, "reader", email="reader@example.org")
        add_member(forge, find_namespace(forge, NamespacePath((account,))), reader, Role.OWNER)
        token = create_token(forge, reader, "test").reveal()
    with serving(person, archive) as url:
        yield ServedBackup(url, token, head)


def _back_up(source: MatouServer, person: Person, archive: Path) -> ObjectId:
    git_dir = source.git_dir(source.repository(f"{OWNER}/{NAME}"))
    base = commit_in(git_dir, FILES, "first", at=1_700_000_000)
    git(git_dir, "branch", "fix/crane", base)
    head = commit_in(git_dir, {"src/吊车.c": CHANGED}, "fix it", at=1_700_100_000, branch="fix/crane")
    git(git_dir, "tag", "v1.0", base)
    with closing(FaultProxy(source.url)) as proxy:
        account = GitCodeConversation()
        converse_before(proxy, account, gitcode_source.TOKEN, GitCodeTalk)
        talk = account.tell(f"{OWNER}/{NAME}", Story(f"{proxy.url}/user-images/assets/1/ab/吊车.png"))
        for row in (*talk.pulls, *talk.details.values()):
            row["head"]["sha"], row["base"]["sha"] = head, base
            row["diff_refs"] = {"base_sha": base, "start_sha": base, "head_sha": head}
        words = ("backup", "gitcode", "--url", proxy.url, "--to", archive, "--only", KINDS)
        person.matou(*words, MATOU_GITCODE_TOKEN=source.token().reveal())
    return head
