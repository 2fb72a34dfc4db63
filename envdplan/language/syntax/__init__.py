"""Readers of HCL and YAML. Nothing behind them knows which one a Document came from."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.document import Document, Expression

Decoder: TypeAlias = Callable[[SourceFile], tuple[Document, Diagnostics]]


def _hcl(file: SourceFile) -> tuple[Document, Diagnostics]:
    from envdplan.language.syntax import hcl

    return hcl.decode(file)


def _yaml(file: SourceFile) -> tuple[Document, Diagnostics]:
    from envdplan.language.syntax import yml

    return yml.decode(file)


SYNTAXES: Final[Mapping[str, Decoder]] = {".hcl": _hcl, ".yaml": _yaml, ".yml": _yaml}
"""The reader of each suffix."""


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """The document in `file`, by the suffix of its name; what can be read of a broken one."""
    for suffix, decoder in SYNTAXES.items():
        if file.name.endswith(suffix):
            return decoder(file)
    raise ValueError(f"{file.name} has none of the suffixes {', '.join(SYNTAXES)}")


def parse_expression(text: str, file: SourceFile) -> tuple[Expression | None, Diagnostics]:
    """One expression that stands alone, in HCL's syntax; `file` says where it comes from."""
    from envdplan.language.syntax import hcl

    return hcl.parse_expression(text, file)
