"""Texts to trees: YAML, the variables in its strings, and the tags !reset and !override."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from envdplan.dialects.compose.interpolate import Interpolation, Uninterpolated
from envdplan.dialects.compose.scalars import plain
from envdplan.dialects.compose.tree import Branch, ComposeDocument, Plain, Row, Scalar, Tree
from envdplan.ground.source import SourceFile
from envdplan.ground.values import AttributePath
from envdplan.language.syntax.yml import Reader, TooMuch, children, is_list, is_map, is_plain

if TYPE_CHECKING:
    from yaml.nodes import Node

_RESET: Final = "!reset"
_OVERRIDE: Final = "!override"
_STRING: Final = "tag:yaml.org,2002:str"
_BINARY: Final = "tag:yaml.org,2002:binary"
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Parsed:
    """The YAML of one file, with its variables still in it."""

    reader: Reader
    roots: "tuple[Node, ...]"

    def name(self, interpolation: Interpolation) -> str:
        """The name of the project, if this file says one; the last of its documents counts."""
        found = ""
        for root in filter(is_map, self.roots):
            for key, value in root.value:
                if key.value == "name" and _is_text(value):
                    found = _quietly(interpolation, value.value) or found
        return found


def parsed(file: SourceFile) -> Parsed:
    """The documents of a file; mistakes in its YAML are in `reader.diagnostics`."""
    reader = Reader(file)
    return Parsed(reader, tuple(reader.documents()))


def load(parsed: Parsed, interpolation: Interpolation) -> list[ComposeDocument]:
    """The documents with all variables replaced; mistakes go to `reader.diagnostics`."""
    loader = _Loader(parsed.reader, interpolation)
    try:
        found = [loader.document(root) for root in parsed.roots]
    except TooMuch:
        return []
    return [document for document in found if document is not None]


def _is_text(node: "Node") -> bool:
    return isinstance(node.value, str) and not (is_plain(node) and plain(node.value) is None)


def _quietly(interpolation: Interpolation, text: str) -> str:
    """A text with its variables; "" when it has none. `load` tells why, with its place."""
    try:
        return interpolation.text(text)
    except Uninterpolated:
        return ""


@dataclass(slots=True)
class _Loader:
    reader: Reader
    interpolation: Interpolation
    resets: list[AttributePath] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def document(self, root: "Node") -> ComposeDocument | None:
        """One document; None when it is empty or no mapping."""
        self.resets = []
        tree = self.tree(root, ())
        if isinstance(tree, Branch):
            return ComposeDocument(tree, tuple(self.resets))
        if not isinstance(tree, Scalar) or tree.value is not None:
            detail = "A compose file is a mapping: services, and what they need."
            self.reader.error("Wrong type", detail, tree.place)
        return None

    def tree(self, node: "Node", path: AttributePath) -> Tree:
        """The value of a node."""
        self.reader.count(node)
        if len(path) > _DEEPEST:
            detail = f"YAML may be nested {_DEEPEST} levels deep."
            self.reader.stop("Nested too deeply", detail, node)
        if node.tag == _OVERRIDE:
            self.resets.append(path)
        place = self.reader.place(node)
        if is_map(node):
            return self._branch(node, path)
        if is_list(node):
            kept = [child for child in children(node) if child.tag != _RESET]
            return Row(tuple(self.tree(c, (*path, i)) for i, c in enumerate(kept)), place)
        return Scalar(self._scalar(node), place)

    def _branch(self, node: "Node", path: AttributePath) -> Branch:
        branch = Branch({}, self.reader.place(node), {})
        for name, key, value in self.reader.pairs(node, "This"):
            self._check_key(name, key)
            if value.tag == _RESET:
                self.resets.append((*path, name))
                continue
            branch.items[name] = self.tree(value, (*path, name))
            branch.keys[name] = self.reader.place(key)
        return branch

    def _check_key(self, name: str, key: "Node") -> None:
        if is_plain(key) and not self._has_tag(key) and not isinstance(plain(name), str):
            detail = f'Compose takes {name} for no string here. Write it in quotes: "{name}".'
            self.reader.error("Invalid key", detail, self.reader.place(key))

    def _scalar(self, node: "Node") -> Plain:
        text = str(node.value)
        if node.tag == _BINARY:
            detail = "Binary values cannot be read here. Write the text itself."
            self.reader.error("Unsupported tag", detail, self.reader.place(node))
        if "$" in text:
            return self._interpolated(node, text)
        is_string = not is_plain(node) or self._is_tagged_string(node)
        return text if is_string else plain(text)

    def _is_tagged_string(self, node: "Node") -> bool:
        """Tags of compose itself, and of anybody else, make strings of scalars."""
        return node.tag.startswith("!") or (node.tag == _STRING and self._has_tag(node))

    def _has_tag(self, node: "Node") -> bool:
        """Whether a tag is written before the scalar: its mark begins there."""
        start = node.start_mark
        return self.reader.file.line(start.line + 1)[start.column :].startswith("!")

    def _interpolated(self, node: "Node", text: str) -> str:
        self.interpolation.unset.clear()
        try:
            value = self.interpolation.text(text)
        except Uninterpolated as problem:
            place = self.reader.places(node)(problem.start, problem.end)
            self.reader.error(problem.summary, problem.detail, place)
            return ""
        self._warn(node)
        return value

    def _warn(self, node: "Node") -> None:
        for name in self.interpolation.unset:
            if name not in self.told:
                self.told.add(name)
                detail = (
                    f"The variable {name} has no value, so it becomes an empty text. Set it, or "
                    f"write ${{{name}:-}} if that is intended."
                )
                self.reader.diagnostics.warn("Unset variable", detail, self.reader.place(node))
