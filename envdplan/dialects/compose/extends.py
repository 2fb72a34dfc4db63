"""`extends`: a service that begins as another one, of the same file or of a file elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from envdplan.dialects.compose.merge import merged, without
from envdplan.dialects.compose.paths import beside, folder_of
from envdplan.dialects.compose.tree import Branch, ComposeDocument, Scalar, Tree
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import AttributePath
from envdplan.language.evaluation.problems import suggestion

Elsewhere: TypeAlias = Callable[[Scalar], ComposeDocument | None]
"""The document in another file, in canonical form; None when it cannot be had (already told)."""

_LONGEST: Final = 50
_Ancestors: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Extending:
    """Resolves the `extends` of one document."""

    document: ComposeDocument
    elsewhere: Elsewhere
    diagnostics: Diagnostics
    file: str = ""
    _done: dict[str, Branch] = field(default_factory=dict)

    def resolved(self) -> Branch:
        """The document with complete services."""
        services = self.document.root.branch("services")
        if services is None:
            return self.document.root
        complete: dict[str, Tree] = {n: self.service(n, ()) for n in services.items}
        return self.document.root.having(
            {**self.document.root.items, "services": services.having(complete)}
        )

    def service(self, name: str, ancestors: _Ancestors) -> Branch:
        """One service with what it extends under it."""
        if name not in self._done:
            self._done[name] = self._complete(name, ancestors)
        return self._done[name]

    def _complete(self, name: str, ancestors: _Ancestors) -> Branch:
        services = self.document.root.branch("services")
        own = services.branch(name) if services else None
        if own is None:
            return Branch({}, self.document.root.place)
        extends = own.branch("extends")
        kept = own.having({key: tree for key, tree in own.items.items() if key != "extends"})
        if extends is None:
            return kept
        base = self._base(extends, (*ancestors, (self.file, name)))
        if base is None:
            return kept
        return merged(self._reset(base, name), kept, self.diagnostics, f"services.{name}")

    def _reset(self, base: Branch, name: str) -> Branch:
        """What is reset in the service is reset in what it extends."""
        begin: AttributePath = ("services", name)
        return without(base, tuple(r[2:] for r in self.document.resets if r[:2] == begin and r[2:]))

    def _base(self, extends: Branch, ancestors: _Ancestors) -> Branch | None:
        service = extends.items["service"]
        file = extends.get("file")
        if isinstance(file, Scalar):
            return self._from_file(file, service, ancestors)
        if self._is_endless(extends, ancestors, (self.file, extends.text("service"))):
            return None
        return self._named(service, ancestors)

    def _named(self, service: Tree, ancestors: _Ancestors) -> Branch | None:
        name = str(getattr(service, "value", ""))
        services = self.document.root.branch("services")
        names = services.items if services else {}
        if name in names:
            return self.service(name, ancestors)
        where = f" in {self.file}" if self.file else " in this file"
        detail = (
            f'There is no service "{name}"{where}, and extends takes services of one file only.'
            f"{suggestion(name, names)}"
        )
        self.diagnostics.error("Unknown service", detail, service.place)
        return None

    def _is_endless(self, tree: Tree, ancestors: _Ancestors, next: tuple[str, str]) -> bool:
        if len(ancestors) > _LONGEST:
            detail = f"A service may extend a chain of at most {_LONGEST} others."
            self.diagnostics.error("Nested too deeply", detail, tree.place)
            return True
        if next not in ancestors:
            return False
        names = " extends ".join(name for _, name in (*ancestors, next))
        self.diagnostics.error("Circular extends", f"{names}. Remove one of them.", tree.place)
        return True

    def _from_file(self, file: Scalar, service: Tree, ancestors: _Ancestors) -> Branch | None:
        path = beside(str(file.value), folder_of(self.file))
        found = (path, str(getattr(service, "value", "")))
        if self._is_endless(file, ancestors, found):
            return None
        document = self.elsewhere(Scalar(path, file.place))
        if document is None:
            return None
        there = Extending(document, self.elsewhere, self.diagnostics, path)
        return there._named(service, ancestors)
