# For type checkers: `__init__.py` loads these when they are asked for.
from matou.platforms.coding.client import Coding as Coding
from matou.platforms.gitcode.client import GitCode as GitCode
from matou.platforms.gitee.client import Gitee as Gitee

__version__: str
