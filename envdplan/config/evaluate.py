"""Declarations in, values out: locals and resources in the order in which they need each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from envdplan.addresses import Address, Kind
from envdplan.config import links, metaarguments
from envdplan.config.bodies import BodyReader
from envdplan.config.check import check, check_together
from envdplan.config.coercion import coerce
from envdplan.config.config import Config, Declarations, Declared, ResourceConfig
from envdplan.config.context import Context
from envdplan.config.expressions import EvaluationError, evaluate
from envdplan.config.graph import Dependencies, dependencies
from envdplan.config.inheritance import Inheritance
from envdplan.config.instances import FOR_EACH, Instance, expand
from envdplan.config.outputs import outputs
from envdplan.config.problems import suggestion
from envdplan.config.scope import roots
from envdplan.config.userfunctions import functions
from envdplan.diagnostics import Diagnostics, Rejected
from envdplan.schema import Catalog, ResourceType, with_defaults
from envdplan.states.desired import Known
from envdplan.syntax.document import Attribute, Expression, Literal
from envdplan.values import UNKNOWN, Attributes, Reference, Sensitive, Unknown, Value, walk

_SKIP = frozenset(metaarguments.NAMES | metaarguments.LATER)


@dataclass(slots=True)
class Evaluation:
    """One evaluation of a configuration; `known` tells what only apply can know."""

    declared: Declarations
    catalog: Catalog
    variables: Mapping[str, Value]
    base: Context
    needs: Dependencies
    first: "Evaluation | None" = None
    """The evaluation without `known`, which this one takes up again."""
    known: Known = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    resources: dict[Address, ResourceConfig] = field(default_factory=dict)
    _locals: dict[str, Value] = field(default_factory=dict)
    _contexts: dict[str, Context] = field(default_factory=dict)
    _visible: dict[Address, Attributes] = field(default_factory=dict)
    _instances: dict[Address, tuple[Instance, ...]] = field(default_factory=dict)
    """The resources of each block that has been expanded."""
    _used: set[Address] = field(default_factory=set)
    """Instances of for_each that were looked at since the last block or local began."""
    _behind: dict[str, frozenset[Address]] = field(default_factory=dict)
    """Those that each local needs."""

    def __post_init__(self) -> None:
        scope = roots(
            self.variables,
            self.declared.locals,
            self._local,
            self.declared.resources,
            self._whole,
        )
        own = functions(
            self.declared.functions, self.base.functions, lambda: self.base, self.diagnostics
        )
        self.base = replace(
            self.base, scope=scope, resource=self._resource_attributes, functions=own
        )

    def run(self) -> None:
        """Evaluate all; problems are in `diagnostics`."""
        for node in self.needs.order:
            if isinstance(node, Address):
                for instance in self.expanded(node):
                    self._evaluate(instance)
            else:
                self._local(node)
        self._link_builds()

    def value(self, expression: Expression) -> Value:
        """The value of `expression`. Raises EvaluationError."""
        if type(expression) is Literal:
            return expression.value
        directory = expression.range.file.directory
        context = self._contexts.get(directory)
        if context is None:
            context = replace(self.base, directory=directory)
            self._contexts[directory] = context
        return evaluate(expression, context)

    def again(self, known: Known) -> "Evaluation":
        """The same configuration, with what is `known` by now."""
        return Evaluation(
            self.declared,
            self.catalog,
            self.variables,
            self.base,
            self.needs,
            first=self.first or self,
            known=known,
        )

    def resolve(self, address: Address) -> Attributes:
        """The attributes of one resource with what is known by now. Raises Rejected."""
        block = replace(address, key=None)
        for instance in self.expanded(block):
            if instance.address == address:
                self._evaluate(instance)
        if address.kind is Kind.BUILD and address in self.resources:
            self._link_build(address, self._context_attributes())
        if self.diagnostics.has_errors or address not in self.resources:
            raise Rejected(self.diagnostics)
        return self.resources[address].attributes

    # -- locals and what expressions see of resources

    def _whole(self, block: Address) -> Value:
        """A resource; all of them by their keys, where the block has for_each."""
        instances = self.expanded(block)
        if len(instances) == 1 and instances[0].each is None:
            return Reference(block)
        return {str(one.address.key): Reference(one.address) for one in instances}

    def expanded(self, block: Address) -> tuple[Instance, ...]:
        """The instances of a block. Its for_each is evaluated once, and once more where values
        in it become known later.
        """
        if block not in self._instances:
            former = self.first.expanded(block) if self.first is not None else ()
            if former and all(one.is_settled for one in former):
                self._instances[block] = former
                return former
            try:
                self._instances[block] = expand(self.declared.resources[block], block, self.value)
            except EvaluationError as error:
                self.diagnostics.extend([error.diagnostic], str(block))
                self._instances[block] = ()
        return self._instances[block]

    def _local(self, name: str) -> Value:
        if name not in self._locals:
            before, self._used = self._used, set()
            self._locals[name] = self._value_of_local(name)
            self._behind[name] = frozenset(self._used)
            self._used = before
        self._used |= self._behind[name]
        return self._locals[name]

    def _value_of_local(self, name: str) -> Value:
        try:
            return self.value(self.declared.locals[name].expression)
        except EvaluationError as error:
            self.diagnostics.extend([error.diagnostic])
            return UNKNOWN

    def _resource_attributes(self, reference: Reference) -> Mapping[str, Value]:
        address = reference.address
        if address.key is not None:
            self._used.add(address)
        if address not in self._visible:
            self._visible[address] = self._attributes_of(address)
        return self._visible[address]

    def _attributes_of(self, address: Address) -> Attributes:
        source = self.first or self
        config = source.resources.get(address)
        if config is None:
            return _Anything()  # its own mistake is told already
        declared = config.attributes
        names = config.type.schema["properties"]
        mine = {**{name: declared.get(name) for name in names}, **computed(config.type, declared)}
        known = self.known.get(address, {})
        return {name: _better(value, known.get(name)) for name, value in mine.items()}

    # -- one resource

    def _evaluate(self, instance: Instance) -> None:
        address = instance.address
        block = self.declared.resources[replace(address, key=None)]
        reader = BodyReader(self._inside(instance, block))
        metaarguments.refuse_later(block, reader.diagnostics)
        type = self._type(address, block, reader)
        if type is None:
            self.diagnostics.extend(reader.diagnostics, str(address))
            return
        self._used = set()
        skip = _SKIP | {"type"} if address.kind is Kind.BUILDER else _SKIP
        inheritance = Inheritance(self.declared, reader.diagnostics)
        given = inheritance.resolved(
            block, address.kind, lambda one: reader.read(one.body, type.schema, skip=skip)
        )
        if "name" in type.schema["properties"] and given.get("name") is None:
            given["name"] = instance.default_name
        config = ResourceConfig(
            address=address,
            type=type,
            attributes=given,
            places=reader.places,
            range=block.range,
            depends_on=self._edges(address, block, given, reader.diagnostics),
            lifecycle=metaarguments.lifecycle(block, self.base, reader.diagnostics),
        )
        if not reader.diagnostics.has_errors:
            self._finish(config, reader.diagnostics)
        self.diagnostics.extend(reader.diagnostics, str(address))

    def _inside(self, instance: Instance, block: Declared) -> Callable[[Expression], Value]:
        """What evaluates the expressions of one instance."""
        contexts: dict[str, Context] = {}

        def value(expression: Expression) -> Value:
            if type(expression) is Literal:
                return expression.value
            directory = expression.range.file.directory
            if directory not in contexts:
                base = replace(self.base, directory=directory)
                contexts[directory] = instance.context(base, block.body, value)
            return evaluate(expression, contexts[directory])

        return value

    def _edges(
        self, address: Address, block: Declared, given: Attributes, diagnostics: Diagnostics
    ) -> tuple[Address, ...]:
        """What it refers to, and what `depends_on` names. Of other for_each blocks only those
        instances that it looks at, so that the edges do not multiply.
        """
        mine = replace(address, key=None)
        named = metaarguments.depends_on(block, self.declared, diagnostics)
        edges = {one.address for each in named for one in self.expanded(each)}
        for each in self.needs.resources.get(mine, ()):
            if FOR_EACH not in self.declared.resources[each].body.attributes:
                edges.add(each)
        edges |= self._used
        edges |= {part.address for _, part in walk(given) if isinstance(part, Reference)}
        return tuple(sorted(edges - {address}))

    def _finish(self, config: ResourceConfig, diagnostics: Diagnostics) -> None:
        """Whole resources become values, defaults and derived values come in."""
        attributes, connection = config.attributes, None
        try:
            if config.address.kind is Kind.BUILD:
                attributes = links.link_named_contexts(attributes, self._lookup, config.place)
            links.refuse_whole(attributes, config.place)
            if config.address.kind is Kind.CONTEXT:
                place = config.place("builder")
                attributes, connection = links.link_context(attributes, self._lookup, place)
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])
            return
        diagnostics.extend(check(config, attributes))
        if diagnostics.has_errors:
            return
        schema, directory = config.type.schema, config.range.file.directory
        complete = coerce(with_defaults(attributes, schema), schema, directory)  # paths too
        if config.address.kind is Kind.CONTEXT:
            complete = {**complete, "connection": connection}
        attributes = config.type.derive(complete)
        diagnostics.extend(check_together(replace(config, attributes=attributes)))
        self.resources[config.address] = replace(config, attributes=attributes)

    def _type(self, address: Address, block: Declared, reader: BodyReader) -> ResourceType | None:
        names = self.catalog.names(address.kind)
        ancestors = Inheritance(self.declared, Diagnostics()).ancestors(block, address.kind)
        stated: dict[str, Attribute] = {}
        for one in (*ancestors, block):
            stated.update(one.body.attributes)
        if address.kind is not Kind.BUILDER:
            return self.catalog.selected(address.kind, stated)
        attribute = stated.get("type")
        if attribute is None:
            detail = f"A builder needs a type: one of {', '.join(names)}."
            reader.diagnostics.error("Missing attribute", detail, block.range)
            return None
        try:
            name = reader.value(attribute.expression)
        except EvaluationError as error:
            reader.diagnostics.extend([error.diagnostic])
            return None
        found = self.catalog.get(Kind.BUILDER, name) if isinstance(name, str) else None
        if found is None:
            _wrong_type(name, names, attribute.expression, self.catalog, reader.diagnostics)
        return found

    def _lookup(self, address: Address) -> tuple[ResourceType, Attributes]:
        source = self.first or self
        config = source.resources.get(address)
        if config is None:
            empty = ResourceType(address.kind, "", {"properties": {}})
            return empty, _Anything()
        return config.type, self._resource_attributes(Reference(address))

    # -- builds reach their builder through a context

    def _link_builds(self) -> None:
        contexts = self._context_attributes()
        for address in list(self.resources):
            if address.kind is Kind.BUILD:
                self._link_build(address, contexts)

    def _link_build(self, address: Address, contexts: Mapping[Address, Attributes]) -> None:
        config = self.resources[address]
        try:
            attributes, context = links.link_build(
                config.attributes, contexts, config.place("context")
            )
        except EvaluationError as error:
            self.diagnostics.extend([error.diagnostic], str(address))
            return
        own = () if context is None else (context,)
        ordered = tuple(sorted({*config.depends_on, *own}))
        self.resources[address] = replace(config, attributes=attributes, depends_on=ordered)

    def _context_attributes(self) -> Mapping[Address, Attributes]:
        source = self.first or self
        return {
            address: self._with_known(address, config.attributes)
            for address, config in source.resources.items()
            if address.kind is Kind.CONTEXT
        }

    def _with_known(self, address: Address, declared: Attributes) -> Attributes:
        known = self.known.get(address)
        if not known:
            return declared
        return {name: _better(value, known.get(name)) for name, value in declared.items()}


def computed(type: ResourceType, declared: Attributes) -> Attributes:
    """UNKNOWN for what only apply can tell; not for what follows from the declaration."""
    names = type.with_annotation("readOnly")
    return {name: UNKNOWN for name in names if declared.get(name) is None}


class _Anything(dict[str, Value]):
    """Attributes of a resource that could not be evaluated: whatever is asked is unknown."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Value:
        return UNKNOWN

    def get(self, name: str, default: Value = None) -> Value:
        del name, default
        return UNKNOWN


def _better(declared: Value, known: Value) -> Value:
    """What is declared, unless only apply could tell and has told."""
    if not isinstance(declared, Unknown) or known is None:
        return declared
    if isinstance(known, Sensitive) and known.value is None:
        return UNKNOWN  # what the state leaves out
    return known


def _wrong_type(
    name: Value,
    names: list[str],
    expression: Expression,
    catalog: Catalog,
    diagnostics: Diagnostics,
) -> None:
    if isinstance(name, str) and name in catalog.later:
        detail = f'Builders of type "{name}" are planned, but not supported yet. There are: '
        diagnostics.error("Not supported yet", f"{detail}{', '.join(names)}.", expression.range)
        return
    if not isinstance(name, str):
        detail = f"The type of a builder must be a known string: one of {', '.join(names)}."
        diagnostics.error("Wrong type", detail, expression.range)
        return
    hint = suggestion(name, names) or f" There are: {', '.join(names)}."
    detail = f'There is no builder type "{name}".{hint}'
    diagnostics.error("Unknown builder type", detail, expression.range)


Resolve = Callable[[Known], Attributes]


def evaluate_all(
    declared: Declarations, catalog: Catalog, variables: Mapping[str, Value], base: Context
) -> tuple[Config, Evaluation | None, Diagnostics]:
    """Evaluate a whole configuration; the Evaluation can be taken up again with `again`."""
    diagnostics = Diagnostics()
    needs = dependencies(declared, diagnostics)
    if needs is None:
        return Config(), None, diagnostics
    evaluation = Evaluation(declared, catalog, variables, base, needs)
    evaluation.run()
    found = outputs(declared, evaluation.value, evaluation.again, evaluation.diagnostics)
    return Config(evaluation.resources, found), evaluation, evaluation.diagnostics
