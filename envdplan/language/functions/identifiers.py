"""UUIDs: those that follow from a name, and random ones that hold for one run."""

import hashlib
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Function, Passing
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.syntax.document import Call


def _uuid(frame: Frame, call: Call) -> Value:
    """A plan and its apply see the same one, wherever and whenever this call is evaluated."""
    import uuid

    context, place = frame.context, call.range
    where = (context.seed, context.place, place.file.name, place.start, *frame.position)
    digest = hashlib.sha256(repr(where).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _uuidv5(namespace: str, name: str) -> str:
    import uuid

    known = {
        "dns": uuid.NAMESPACE_DNS,
        "url": uuid.NAMESPACE_URL,
        "oid": uuid.NAMESPACE_OID,
        "x500": uuid.NAMESPACE_X500,
    }
    try:
        return str(uuid.uuid5(known.get(namespace) or uuid.UUID(namespace), name))
    except ValueError:
        raise FunctionError("the namespace is dns, url, oid, x500 or a UUID", 0) from None


def _random(name: str, description: str) -> Function:
    return Function(
        f"{name}() -> string",
        description,
        f"length({name}())",
        "36",
        _uuid,
        Passing.LAZY,
        pure=False,
    )


FUNCTIONS: Final = (
    _random("uuid", "A random UUID. It differs in every plan, and so does all that depends on it."),
    _random("uuidv4", "The same as uuid(), by its name in docker buildx bake."),
    Function(
        "uuidv5(namespace: string, name: string) -> string",
        "A UUID that follows from a name.",
        'uuidv5("dns", "example.com")',
        '"cfbff0d1-9375-5685-968c-48ce8b15ae17"',
        _uuidv5,
    ),
)
