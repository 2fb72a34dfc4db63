"""Bake files as text to what becomes of them."""

from collections.abc import Sequence
from dataclasses import replace

from envdplan.bake import Request, read
from envdplan.cli.catalog import CATALOG
from envdplan.config.context import Context, Names
from envdplan.config.declarations import declare
from envdplan.config.evaluate import evaluate_all
from envdplan.config.functions import FUNCTIONS
from envdplan.config.groups import groups
from envdplan.config.tree import Module, Tree
from envdplan.config.validate import validate
from envdplan.diagnostics import Diagnostic, Severity
from envdplan.plans.targets import by_itself, refuse_rivals
from envdplan.source import SourceFile
from envdplan.syntax import hcl
from envdplan.syntax.document import Document
from envdplan.values import Attributes, Value

Desired = tuple[dict[str, Attributes], dict[str, list[str]], list[str]]


def request(text: str, **more: Value) -> Request:
    """One HCL file in /src."""
    file = SourceFile("docker-bake.hcl", text, "/src")
    return Request((file,), "/src", local_platform="linux/amd64", **more)


def document(text: str, **more: Value) -> Document:
    made, problems = read(request(text, **more))
    assert [one for one in problems if one.severity is Severity.ERROR] == []
    return made


def complaints(text: str, **more: Value) -> list[Diagnostic]:
    """All problems, as they stand in the files."""
    return read(request(text, **more))[1].sorted()


def desired(documents: Sequence[Document]) -> Desired:
    """Builds, groups, and what is wrong: all that the flow makes of documents."""
    declared, problems = declare(documents)
    tree = Tree({(): Module(declared)})
    config, evaluation, found = evaluate_all(tree, CATALOG, {}, Context(Names(), FUNCTIONS))
    problems.extend(found)
    assert evaluation is not None
    state, found = validate(config, evaluation)
    problems.extend(found)
    state = replace(state, groups=groups(tree, config.resources, problems))
    problems.extend(refuse_rivals(state, by_itself(state)))
    made = {str(address): one.attributes for address, one in state.resources.items()}
    named = {name: list(map(str, all)) for name, all in state.groups.items()}
    return made, named, sorted(one.summary for one in problems)


def attributes(text: str, name: str = "default", **more: Value) -> Attributes:
    """The attributes of one build, which is without mistakes."""
    made, _, wrong = desired([document(text, **more)])
    assert wrong == []
    return made[f"build.{name}"]


def hcl_document(text: str, directory: str) -> Document:
    """A file of our own."""
    made, problems = hcl.decode(SourceFile("converted.hcl", text, directory))
    assert list(problems) == []
    return made
