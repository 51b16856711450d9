"""Makes organizations by Gitee's API v5."""

from dataclasses import dataclass

from matou.platforms.gitee.asking import V5, Asking


@dataclass(frozen=True, slots=True)
class Organizations:
    """The organizations that a personal access token may make. May be used by several threads."""

    asking: Asking

    def create(self, path: str) -> None:
        """Make one that is called like its path (swagger 5.3.85, `postV5UsersOrganization`).

        Raises:
            InTheWay: the path is taken, by an organization, an enterprise or a person.
        """
        self.asking.ask("POST", f"{V5}/users/organization", form={"name": path, "org": path}, repeatable=False)
