"""Type expressions: `list(object({ name = string, size = optional(number, 1) }))`."""

from collections.abc import Callable, Mapping
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.problems import (
    ConversionError,
    EvaluationError,
    failure,
    suggestion,
)
from envdplan.language.syntax.document import Call, Expression, ListOf, Literal, ObjectOf, Variable
from envdplan.language.types.conversion import convert
from envdplan.language.types.types import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    AttributeType,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)

_PRIMITIVES: Final[Mapping[str, Type]] = {
    "string": STRING,
    "number": NUMBER,
    "bool": BOOL,
    "any": ANY,
}
_COLLECTIONS: Final[Mapping[str, Callable[[Type], Type]]] = {
    "list": ListType,
    "set": SetType,
    "map": MapType,
}
_WORDS: Final = (*_PRIMITIVES, *_COLLECTIONS, "tuple", "object", "optional")
_EXAMPLES: Final = {
    "list": "list(string)",
    "set": "set(string)",
    "map": "map(string)",
    "tuple": "tuple([string, number])",
    "object": "object({ name = string })",
}


def parse_type(expression: Expression) -> Type:
    """The type that `expression` names. Raises EvaluationError."""
    match expression:
        case Variable(name=name) if name in _PRIMITIVES:
            return _PRIMITIVES[name]
        case Variable(name=name):
            raise _unknown(name, expression)
        case Call(name=name, arguments=(inner,)) if name in _COLLECTIONS:
            return _COLLECTIONS[name](parse_type(inner))
        case Call(name="tuple", arguments=(ListOf(items=items),)):
            return TupleType(tuple(map(parse_type, items)))
        case Call(name="object", arguments=(ObjectOf(items=pairs),)):
            return ObjectType({_attribute_name(key): _attribute(kind) for key, kind in pairs})
        case Call(name="optional"):
            raise _invalid("optional() marks an attribute of an object({...}) only", expression)
        case Call(name=name) if name in _EXAMPLES:
            raise _invalid(f"{name} is written {_EXAMPLES[name]}", expression)
        case Call(name=name):
            raise _unknown(name, expression)
        case Literal(value=str(text)):
            raise _invalid(f"a type is written without quotes: {text}", expression)
    raise _invalid("a type is a word such as string, or a call such as list(string)", expression)


def _attribute_name(expression: Expression) -> str:
    match expression:
        case Literal(value=str(name)) | Variable(name=name):
            return name
    raise _invalid("the name of an attribute is a plain word", expression)


def _attribute(expression: Expression) -> AttributeType:
    match expression:
        case Call(name="optional", arguments=(inner,)):
            return AttributeType(parse_type(inner), optional=True)
        case Call(name="optional", arguments=(inner, default)):
            type = parse_type(inner)
            return AttributeType(type, optional=True, default=_default(default, type))
        case Call(name="optional"):
            raise _invalid("optional() is written optional(string) or with a default", expression)
    return AttributeType(parse_type(expression))


def _default(expression: Expression, type: Type) -> Value:
    from envdplan.language.evaluation.expressions import evaluate  # it imports this module

    try:
        return convert(evaluate(expression, Context(Names(), {})), type)
    except ConversionError as error:
        raise _invalid(f"the default does not fit {type}: {error.message}", expression) from None


def _unknown(name: str, expression: Expression) -> EvaluationError:
    if name in _EXAMPLES:
        return _invalid(f"{name} needs the type of its elements: {_EXAMPLES[name]}", expression)
    hint = suggestion(name, _WORDS).strip()
    words = "the types are string, number, bool, any, list(), set(), map(), tuple([]), object({})"
    return _invalid(f'there is no type "{name}"; {words}. {hint}'.rstrip(". "), expression)


def _invalid(message: str, expression: Expression) -> EvaluationError:
    detail = f"{message[0].upper()}{message[1:]}{'' if message.endswith('?') else '.'}"
    return failure("Invalid type", detail, expression.range)
