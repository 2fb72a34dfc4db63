"""The files of `docker buildx bake`, read into a Document of our own.

bake's whole language lives in this package; nothing behind the Document knows of it. `read` is the
way in; `resolve` is the step before, with the targets as bake itself would print them.
"""

from envdplan.dialects.bake.reading import read, resolve
from envdplan.dialects.bake.request import Request

__all__ = ["Request", "read", "resolve"]
