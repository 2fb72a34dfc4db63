"""Finds the summary of every diagnostic and error in the code, by reading it."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1] / "envdplan"
ERRORS = frozenset(
    {
        "EnvdplanError",
        "Conflict",
        "CorruptFile",
        "Unreachable",
        "Refused",
        "Interrupted",
        "SyntaxProblem",
        "Unfit",
        "Cause",
    }
)
"""What takes a summary first; classes made from these do so too."""

FUNCTIONS = frozenset({"error", "warn", "failure", "fail", "_stop"})
OBSERVATIONS = "envdplan.core.state.observed"
"""Its Unreachable is a finding about a resource and no error."""

OURS = frozenset({"testing", "proto"})
"""Folders without messages for users."""

INNER = frozenset({"CorruptGob", "_Unstartable"})
"""Never shown by themselves: others take their words into a detail."""


@dataclass(frozen=True)
class Found:
    """A summary in the code; parts that are known only when it runs are `...`."""

    summary: str
    place: str


def found() -> list[Found]:
    """Every summary, with where it is made."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    trees = {path: tree for path, tree in trees.items() if not OURS & set(path.parts)}
    classes = (ERRORS | set(_subclasses(trees))) - INNER
    constants = dict(one for tree in trees.values() for one in _constants(tree))
    return [
        Found(text, f"{path.relative_to(ROOT.parent)}:{expression.lineno}")
        for path, tree in trees.items()
        for expression in _all(tree, classes - _observations(tree))
        for text in _texts(expression, constants)
    ]


def _all(tree: ast.Module, classes: frozenset[str]) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        yield from _summaries(node, classes)


def _subclasses(trees: dict[Path, ast.Module]) -> Iterator[str]:
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and ERRORS & {_name(one) for one in node.bases}:
                yield node.name


def _observations(tree: ast.Module) -> set[str]:
    imports = (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom))
    names = (name for one in imports if one.module == OBSERVATIONS for name in one.names)
    return {name.asname or name.name for name in names if name.name != "Cause"}


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Texts, and tables of texts, that have a name."""
    for node in tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(id=name), value=(ast.Constant(value=str()) | ast.Dict()) as value
            ):
                yield name, value


def _summaries(node: ast.AST, classes: frozenset[str]) -> Iterator[ast.expr]:
    """Expressions that are summaries: first arguments, `summary = ...`, and yielded problems."""
    match node:
        case ast.Call(func=function, args=[first, *_]) if _name(function) in classes | FUNCTIONS:
            yield first
        case ast.Assign(targets=[ast.Name(id="summary")], value=value):
            yield value
        case ast.Yield(value=ast.Tuple(elts=[_, second, _])):
            yield second
        case ast.Return(value=ast.Tuple(elts=[first, _])) if _is_text(first):
            yield first
        case ast.keyword(arg="summary", value=value):
            yield value


def _is_text(one: ast.expr) -> bool:
    """A word of a summary begins with a capital letter, and there are several."""
    text = one.value if isinstance(one, ast.Constant) else None
    return isinstance(text, str) and text[:1].isupper() and " " in text


def _texts(expression: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=yes, orelse=no):
            yield from _texts(yes, constants)
            yield from _texts(no, constants)
        case ast.Name(id=name) if isinstance(constants.get(name), ast.Constant):
            yield from _texts(constants[name], constants)
        case ast.Subscript(value=ast.Name(id=name)) if name in constants:
            table = constants[name]
            for one in table.values if isinstance(table, ast.Dict) else ():
                yield from _texts(one, constants)
        case ast.JoinedStr(values=values):
            parts = [one.value if isinstance(one, ast.Constant) else "..." for one in values]
            text = "".join(map(str, parts))
            if text.strip(". "):
                yield text


def _name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
