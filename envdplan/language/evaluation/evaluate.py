"""Declarations in, values out: names and resources in the order in which they need each other."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from envdplan.core.state.desired import Known, Verdict
from envdplan.ground.addresses import Address, Kind, ModulePath
from envdplan.ground.diagnostics import Diagnostics, Rejected
from envdplan.ground.schema import Catalog, ResourceType
from envdplan.ground.values import UNKNOWN, Attributes, Reference, Value, walk
from envdplan.language.configuration import metaarguments
from envdplan.language.configuration.builder_types import type_of_block
from envdplan.language.configuration.config import (
    Condition,
    Config,
    Declarations,
    Declared,
    ResourceConfig,
)
from envdplan.language.configuration.inheritance import Inheritance, check_templates
from envdplan.language.configuration.lifecycle import lifecycle
from envdplan.language.configuration.outputs import outputs
from envdplan.language.configuration.tree import Tree
from envdplan.language.evaluation.bodies import BodyReader
from envdplan.language.evaluation.conditions import conditions, judge
from envdplan.language.evaluation.context import Context, nobody_asked
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.evaluation.finishing import finished, linked
from envdplan.language.evaluation.graph import Dependencies, dependencies
from envdplan.language.evaluation.instances import FOR_EACH, Instance, Own, expand
from envdplan.language.evaluation.named import NamedValues
from envdplan.language.evaluation.names import Name
from envdplan.language.evaluation.scope import roots
from envdplan.language.evaluation.tracker import Tracker
from envdplan.language.evaluation.userfunctions import functions
from envdplan.language.syntax.document import Expression, Literal
from envdplan.language.types.knowledge import Anything, better, computed


@dataclass(slots=True)
class Evaluation:
    """One evaluation of a configuration; `known` tells what only apply can know."""

    tree: Tree
    catalog: Catalog
    variables: Mapping[str, Value]
    outside: Context
    """What expressions see of the world; names and functions of modules come on top."""
    needs: Dependencies
    first: "Evaluation | None" = None
    """The evaluation without `known`, which this one takes up again."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Who asks from several threads holds it while asking."""
    known: Known = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    resources: dict[Address, ResourceConfig] = field(default_factory=dict)
    _named: NamedValues = field(init=False)
    _values: dict[Name, Value] = field(default_factory=dict)
    _bases: dict[ModulePath, Context] = field(default_factory=dict)
    _contexts: dict[tuple[ModulePath, str], Context] = field(default_factory=dict)
    _visible: dict[Address, Attributes] = field(default_factory=dict)
    _instances: dict[Address, tuple[Instance, ...]] = field(default_factory=dict)
    """The resources of each block that has been expanded."""
    _index: dict[Address, Instance] = field(default_factory=dict)
    _failed: set[Address] = field(default_factory=set)
    """Blocks whose instances could not be told."""
    _tracker: Tracker = field(default_factory=Tracker)
    _latest: "Evaluation | None" = None

    def __post_init__(self) -> None:
        self._named = NamedValues(self.tree, self.value, self.base, self.diagnostics)

    def run(self) -> None:
        """Evaluate all; problems are in `diagnostics`."""
        for path in self.tree.modules:
            self.base(path)  # mistakes of functions are told though nobody calls them
            check_templates(self.tree.declared(path), self.diagnostics)
        for node in self.needs.order:
            if isinstance(node, Name):
                self.named(node)
            else:
                for instance in self.expanded(node):
                    self._evaluate(instance)
        for path in self.tree.modules:
            if path:
                self._named.check_inputs(path, self.named)
        self._link_builds()

    def value(self, expression: Expression, module: ModulePath = ()) -> Value:
        """The value of `expression` as a module sees it. Raises EvaluationError."""
        if type(expression) is Literal:
            return expression.value
        directory = expression.range.file.directory
        context = self._contexts.get((module, directory))
        if context is None:
            context = replace(self.base(module), directory=directory)
            self._contexts[module, directory] = context
        return evaluate(expression, context)

    def base(self, path: ModulePath = ()) -> Context:
        """What the expressions of a module see."""
        if path not in self._bases:
            module = self.tree.modules[path]
            self._bases[path] = replace(
                self.outside,
                scope=roots(self.tree, module, self.variables, self),
                resource=self._resource_attributes,
                functions=functions(
                    module.declared.functions,
                    self.outside.functions,
                    lambda: self.base(path),
                    self.diagnostics,
                ),
            )
        return self._bases[path]

    def again(self, known: Known) -> "Evaluation":
        """The same configuration, with what is `known` by now.

        Who asks again with the same mapping, which may have grown meanwhile, gets the same answer:
        nothing is asked for before all that it needs is known.
        """
        latest = self._latest
        if latest is None or latest.known is not known or latest.diagnostics.has_errors:
            latest = self._latest = self._anew(known)
        return latest

    def _anew(self, known: Known) -> "Evaluation":
        return Evaluation(
            self.tree,
            self.catalog,
            self.variables,
            self.outside,
            self.needs,
            first=self.first or self,
            known=known,
        )

    def resolve(self, address: Address) -> Attributes:
        """The attributes of one resource with what is known by now. Raises Rejected."""
        for length in range(len(address.module)):
            self._named.check_inputs(address.module[: length + 1], self.named)
        instance = self._instance(address)
        if instance is not None:
            self._evaluate(instance)
        if address.kind is Kind.BUILD and address in self.resources:
            self._link_build(address, self._context_attributes())
        if self.diagnostics.has_errors or address not in self.resources:
            raise Rejected(self.diagnostics)
        return self.resources[address].attributes

    def verdict(self, address: Address, condition: Condition, result: Attributes | None) -> Verdict:
        """Whether a condition of a resource holds. `self` is its `result` when there is one, else
        what is configured. Raises EvaluationError and Rejected.
        """
        instance = self._instance(address)
        if instance is None:
            return Verdict(None)
        mine = self.wanted(address) if result is None else result
        return judge(condition, self._inside(instance, self.tree.block(address.block), mine))

    def wanted(self, address: Address) -> Attributes:
        """What is configured for a resource, without what only apply can tell. Raises Rejected."""
        attributes = self.resolve(address) if address not in self.resources else {}
        config = self.resources[address]
        computed_ones = {*config.type.computed, *config.type.internal}
        names = {
            **dict.fromkeys(config.type.attributes),
            **config.attributes,
            **attributes,
        }
        return {name: one for name, one in names.items() if name not in computed_ones}

    def result(self, address: Address) -> Attributes:
        """All that there is to say of a resource once it is as wanted, as far as it is known."""
        return self._attributes_of(address)

    def _instance(self, address: Address) -> Instance | None:
        self.expanded(address.block)
        return self._index.get(address)

    # -- names and what expressions see of resources

    def named(self, name: Name) -> Value:
        """See scope.Values."""
        if name not in self._values:
            with self._tracker.recording(name):
                self._values[name] = self._named.value(name)
        self._tracker.recall(name)
        return self._values[name]

    def whole(self, block: Address) -> Value:
        """A resource; all of them by their keys, where the block has for_each."""
        instances = self.expanded(block)
        if block in self._failed:
            return UNKNOWN
        if len(instances) == 1 and instances[0].each is None:
            return Reference(block)
        return {str(one.address.key): Reference(one.address) for one in instances}

    def expanded(self, block: Address) -> tuple[Instance, ...]:
        """The instances of a block. Its for_each is evaluated once, and once more where values
        in it become known later.
        """
        if block not in self._instances:
            former = self.first.expanded(block) if self.first is not None else ()
            settled = former and all(one.is_settled for one in former)
            self._instances[block] = former if settled else self._expand(block)
            self._index.update({one.address: one for one in self._instances[block]})
        return self._instances[block]

    def _expand(self, block: Address) -> tuple[Instance, ...]:
        try:
            with self._tracker.recording(block):
                return expand(
                    self.tree.block(block), block, lambda one: self.value(one, block.module)
                )
        except EvaluationError as error:
            self._failed.add(block)
            if not self._is_blind:
                self.diagnostics.extend([error.diagnostic], str(block))
            return ()

    @property
    def _is_blind(self) -> bool:
        """Whether something is unknown that a plan will know, or whose mistake is told already."""
        unasked = self.outside.image is nobody_asked
        looks = any(module.declared.data for module in self.tree.modules.values())
        return (unasked and looks) or any(one is UNKNOWN for one in self.variables.values())

    def _resource_attributes(self, reference: Reference) -> Mapping[str, Value]:
        address = reference.address
        self._tracker.saw(address)
        if address not in self._visible:
            self._visible[address] = self._attributes_of(address)
        return self._visible[address]

    def _attributes_of(self, address: Address) -> Attributes:
        config = self._source.get(address)
        if config is None:
            return Anything()  # its own mistake is told already
        declared = config.attributes
        names = config.type.attributes
        mine = {**{name: declared.get(name) for name in names}, **computed(config.type, declared)}
        known = self.known.get(address, {})
        for path in config.lifecycle.ignored:  # what it is, the world says
            kept = mine if path == () else path[:1]
            mine |= {str(name): UNKNOWN for name in kept if not self._is_fixed(str(name), known)}
        return {name: better(value, known.get(name)) for name, value in mine.items()}

    @staticmethod
    def _is_fixed(name: str, known: Attributes) -> bool:
        """Whether the world has nothing to say about it, after all."""
        return bool(known) and known.get(name) is None

    @property
    def _source(self) -> Mapping[Address, ResourceConfig]:
        return (self.first or self).resources

    # -- one resource

    def _evaluate(self, instance: Instance) -> None:
        address = instance.address
        block, declared = self.tree.block(address.block), self.tree.declared(address.module)
        reader = BodyReader(self._inside(instance, block))
        problems = reader.diagnostics
        type = type_of_block(address, block, declared, self.catalog, reader.value, problems)
        if type is not None:
            with self._tracker.recording(address):
                attributes = self._attributes(instance, block, declared, type, reader)
            config = self._config(instance, block, declared, type, attributes, reader)
            if not problems.has_errors and (done := finished(config, self._lookup, problems)):
                self.resources[address] = done
        self.diagnostics.extend(problems, str(address))

    def _attributes(
        self,
        instance: Instance,
        block: Declared,
        declared: Declarations,
        type: ResourceType,
        reader: BodyReader,
    ) -> dict[str, Value]:
        """What the block says and inherits."""
        kind = instance.address.kind
        skip = metaarguments.NAMES | ({"type"} if kind is Kind.BUILDER else set())
        given = Inheritance(declared, reader.diagnostics).resolved(
            block, kind, lambda one: reader.read(one.body, type.schema, skip=skip), self.catalog
        )
        if "name" in type.attributes and given.get("name") is None:
            given["name"] = instance.default_name
        return given

    def _config(
        self,
        instance: Instance,
        block: Declared,
        declared: Declarations,
        type: ResourceType,
        attributes: dict[str, Value],
        reader: BodyReader,
    ) -> ResourceConfig:
        problems = reader.diagnostics
        return ResourceConfig(
            address=instance.address,
            type=type,
            attributes=attributes,
            places=reader.places,
            range=block.range,
            depends_on=self._edges(instance.address, block, declared, attributes, problems),
            lifecycle=lifecycle(block, type, reader.value, declared, self, problems),
            preconditions=conditions(block.body, "precondition", problems),
            postconditions=conditions(block.body, "postcondition", problems),
        )

    def _inside(
        self, instance: Instance, block: Declared, result: Attributes | None = None
    ) -> Callable[[Expression], Value]:
        """What evaluates the expressions of one instance."""
        contexts: dict[str, Context] = {}

        def value(expression: Expression) -> Value:
            if type(expression) is Literal:
                return expression.value
            directory = expression.range.file.directory
            if directory not in contexts:
                base = replace(self.base(instance.address.module), directory=directory)
                own: Value = Own(block.body, value) if result is None else result
                contexts[directory] = instance.context(base, own)
            return evaluate(expression, contexts[directory])

        return value

    def _edges(
        self,
        address: Address,
        block: Declared,
        declared: Declarations,
        given: Attributes,
        diagnostics: Diagnostics,
    ) -> tuple[Address, ...]:
        """What it refers to, and what `depends_on` names, the module's too. Of other for_each
        blocks only those instances that it looks at, so that the edges do not multiply.
        """
        named = [*metaarguments.depends_on(block, declared, diagnostics)]
        for call, caller in self.tree.callers(address.module):
            named += metaarguments.depends_on(call, caller, diagnostics)
        edges = {one.address for each in named for one in self.expanded(each)}
        for each in self.needs.resources.get(address.block, ()):
            if FOR_EACH not in self.tree.block(each).body.attributes:
                edges.add(each)
        edges |= self._tracker.behind(address) | self._tracker.behind(address.block)
        edges |= {part.address for _, part in walk(given) if isinstance(part, Reference)}
        return tuple(sorted(edges - {address}))

    def _lookup(self, address: Address) -> tuple[ResourceType, Attributes]:
        config = self._source.get(address)
        if config is None:
            empty = ResourceType(address.kind, "", {})
            return empty, Anything()
        return config.type, self._resource_attributes(Reference(address))

    # -- builds reach their builder through a context

    def _link_builds(self) -> None:
        contexts = self._context_attributes()
        for address in list(self.resources):
            if address.kind is Kind.BUILD:
                self._link_build(address, contexts)

    def _link_build(self, address: Address, contexts: Mapping[Address, Attributes]) -> None:
        config = self.resources[address]
        self.resources[address] = linked(config, contexts, self.diagnostics)

    def _context_attributes(self) -> Mapping[Address, Attributes]:
        return {
            address: self._with_known(address, config.attributes)
            for address, config in self._source.items()
            if address.kind is Kind.CONTEXT
        }

    def _with_known(self, address: Address, declared: Attributes) -> Attributes:
        known = self.known.get(address)
        if not known:
            return declared
        return {name: better(value, known.get(name)) for name, value in declared.items()}


def evaluate_all(
    tree: Tree, catalog: Catalog, variables: Mapping[str, Value], base: Context
) -> tuple[Config, Evaluation | None, Diagnostics]:
    """Evaluate a whole configuration; the Evaluation can be taken up again with `again`."""
    diagnostics = Diagnostics()
    needs = dependencies(tree, diagnostics)
    if needs is None:
        return Config(), None, diagnostics
    evaluation = Evaluation(tree, catalog, variables, base, needs)
    evaluation.run()
    found = outputs(tree.root, evaluation.value, evaluation.again, evaluation.diagnostics)
    return Config(evaluation.resources, found), evaluation, evaluation.diagnostics
