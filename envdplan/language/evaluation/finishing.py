"""The last steps of a resource: references become values, defaults and derived values come in."""

from collections.abc import Mapping
from dataclasses import replace

from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.schema import with_defaults
from envdplan.ground.values import Attributes
from envdplan.language.configuration import links
from envdplan.language.configuration.check import check, check_together
from envdplan.language.configuration.config import ResourceConfig
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.types.coercion import coerce


def finished(
    config: ResourceConfig, lookup: links.Lookup, diagnostics: Diagnostics
) -> ResourceConfig | None:
    """The resource as it is checked and planned; None, and diagnostics, when it is wrong."""
    try:
        attributes, connection = _without_references(config, lookup)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return None
    diagnostics.extend(check(config, attributes))
    if diagnostics.has_errors:
        return None
    made = replace(config, attributes=_complete(config, attributes, connection))
    diagnostics.extend(check_together(made))
    return made


def _without_references(
    config: ResourceConfig, lookup: links.Lookup
) -> tuple[Attributes, Attributes | None]:
    """The attributes, and what reaches the builder of a context. Raises EvaluationError."""
    attributes, kind = config.attributes, config.address.kind
    if kind is Kind.BUILD:
        attributes = links.link_named_contexts(attributes, lookup, config.place)
    links.refuse_whole(attributes, config.place)
    if kind is Kind.CONTEXT:
        return links.link_context(attributes, lookup, config.place("builder"))
    return attributes, None


def _complete(
    config: ResourceConfig, attributes: Attributes, connection: Attributes | None
) -> Attributes:
    schema, directory = config.type.schema, config.range.file.directory
    complete = coerce(with_defaults(attributes, schema), schema, directory)  # paths too
    if config.address.kind is Kind.CONTEXT:
        complete = {**complete, "connection": connection}
    return config.type.derive(complete)


def linked(
    config: ResourceConfig, contexts: Mapping[Address, Attributes], diagnostics: Diagnostics
) -> ResourceConfig:
    """A build with what reaches its builder, which a context leads to."""
    try:
        attributes, context = links.link_build(config.attributes, contexts, config.place("context"))
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic], str(config.address))
        return config
    own = () if context is None else (context,)
    ordered = tuple(sorted({*config.depends_on, *own}))
    return replace(config, attributes=attributes, depends_on=ordered)
