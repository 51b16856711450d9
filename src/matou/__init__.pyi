# For type checkers: `__init__.py` loads these when they are asked for.
from matou.platforms.gitcode.client import GitCode as GitCode

__version__: str
