"""Documents as bytes and back. Nothing but the classes of a Document can come out of them."""

import io
import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final, Never

from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.language.syntax import document as classes
from envdplan.language.syntax.document import Body, Document

_PROTOCOL: Final = 5
_CLASSES: Final = {
    (one.__module__, one.__qualname__): one
    for one in (*vars(classes).values(), Position, SourceRange, Decimal)
    if isinstance(one, type) and (is_dataclass(one) or one in (Position, SourceRange, Decimal))
}
_NAMES: Final[Mapping[type, tuple[str, ...]]] = {
    one: tuple(part.name for part in fields(one)) for one in _CLASSES.values() if is_dataclass(one)
}


def pack(document: Document) -> bytes:
    """The body of a document. Its file is left out: who restores it has it."""
    out = io.BytesIO()
    _Packer(out, _PROTOCOL).dump(document.body)
    return out.getvalue()


def restore(data: bytes, file: SourceFile) -> Body | None:
    """The body whose places are in `file`; None when `data` is none of ours."""
    try:
        found = _Restorer(io.BytesIO(data), file).load()
    except Exception:  # noqa: BLE001  broken bytes fail in as many ways as pickle has
        return None
    return found if isinstance(found, Body) else None


class _Packer(pickle.Pickler):
    """Every node by its class and its fields: twice as fast to restore as pickle's own way."""

    def persistent_id(self, obj: object) -> int | None:
        """The file is named, not packed."""
        return 0 if isinstance(obj, SourceFile) else None

    def reducer_override(self, obj: object) -> Any:
        """How a node is made again."""
        kind = type(obj)
        if kind in (SourceRange, Position):
            return kind, tuple(obj)  # type: ignore[arg-type]  # both are tuples
        names = _NAMES.get(kind)
        return NotImplemented if names is None else (kind, tuple(getattr(obj, n) for n in names))


class _Restorer(pickle.Unpickler):
    def __init__(self, data: io.BytesIO, file: SourceFile) -> None:
        super().__init__(data)
        self._file = file

    def persistent_load(self, pid: object) -> SourceFile:
        """The file that the document stands in."""
        del pid
        return self._file

    def find_class(self, module_name: str, global_name: str) -> type:
        """A class of documents. Raises UnpicklingError for everything else."""
        found = _CLASSES.get((module_name, global_name))
        return _refuse(global_name) if found is None else found


def _refuse(name: str) -> Never:
    raise pickle.UnpicklingError(f"{name} is not part of a document")
