"""Bake files as text to what becomes of them."""

from collections.abc import Sequence
from dataclasses import replace

from envdplan.app.catalog import CATALOG
from envdplan.core.plan.targets import by_itself, refuse_rivals
from envdplan.dialects.bake import Request, read
from envdplan.ground.diagnostics import Diagnostic, Severity
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Attributes, Value
from envdplan.language.configuration.declarations import declare
from envdplan.language.configuration.groups import groups
from envdplan.language.configuration.tree import Module, Tree
from envdplan.language.configuration.validate import validate
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.evaluate import evaluate_all
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import hcl
from envdplan.language.syntax.document import Document

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
