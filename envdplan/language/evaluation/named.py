"""The values of names: locals, inputs and outputs of modules, data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from envdplan.ground.addresses import ModulePath, in_module
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import UNKNOWN, Value
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.outputs import read_output
from envdplan.language.configuration.tree import Tree
from envdplan.language.configuration.validations import check_values
from envdplan.language.configuration.variableblocks import Variable, declarations
from envdplan.language.configuration.variables import bound
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.data import read_data
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.names import Name, Sort
from envdplan.language.syntax.document import Expression
from envdplan.language.types.marks import mark

Evaluate: TypeAlias = Callable[[Expression, ModulePath], Value]
"""The value of an expression as a module sees it. Raises EvaluationError."""


@dataclass(slots=True)
class NamedValues:
    """Evaluates names; whoever asks keeps the values."""

    tree: Tree
    evaluate: Evaluate
    base: Callable[[ModulePath], Context]
    diagnostics: Diagnostics
    _variables: dict[ModulePath, Mapping[str, Variable]] = field(default_factory=dict)

    def value(self, name: Name) -> Value:
        """The value of one name; UNKNOWN, and a diagnostic, when it has none."""
        try:
            return self._value(name)
        except EvaluationError as error:
            where = str(name) if name.module else ""
            self.diagnostics.extend([error.diagnostic], where)
            return UNKNOWN

    def _value(self, name: Name) -> Value:
        declared = self.tree.declared(name.module)
        match name.sort:
            case Sort.LOCAL:
                return self.evaluate(declared.locals[name.name].expression, name.module)
            case Sort.DATA:
                block = declared.data[name.name]
                return read_data(block, self._inside(name.module), self.base(name.module).image)
            case Sort.OUTPUT:
                return self._output(declared.outputs[name.name], name.module)
            case Sort.INPUT:
                return self._input(name)
        return UNKNOWN

    def _inside(self, module: ModulePath) -> Callable[[Expression], Value]:
        return lambda expression: self.evaluate(expression, module)

    def _output(self, block: Declared, module: ModulePath) -> Value:
        output = read_output(block, self._inside(module), self.diagnostics)
        if output is None:
            return UNKNOWN
        return output.value

    def _input(self, name: Name) -> Value:
        """A module's variable: what the caller gives, else its default."""
        variable = self.variables(name.module)[name.name]
        call = self.tree.modules[name.module].call
        given = None if call is None else call.body.attributes.get(name.name)
        if given is None:
            return mark(variable.default) if variable.sensitive else variable.default
        value = self.evaluate(given.expression, name.module[:-1])
        return bound(variable, value, given.expression.range, self.diagnostics)

    def variables(self, module: ModulePath) -> Mapping[str, Variable]:
        """The variables that a module declares."""
        if module not in self._variables:
            blocks = self.tree.declared(module).variables
            base = self.base(module)
            if blocks:
                place = next(iter(blocks.values())).range.file.directory
                base = replace(base, directory=place)
            self._variables[module] = declarations(blocks, base, self.diagnostics)
        return self._variables[module]

    def check_inputs(self, module: ModulePath, named: Callable[[Name], Value]) -> None:
        """Whether the inputs of a module are as its validations demand."""
        known = self.variables(module)
        values = {name: named(Name(Sort.INPUT, name, module)) for name in known}
        found = Diagnostics()
        check_values(known, values, self.base(module), found)
        self.diagnostics.extend(found, in_module(module).rstrip("."))
