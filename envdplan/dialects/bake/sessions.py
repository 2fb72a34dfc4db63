"""Secrets and SSH agents of a target in our words."""

from envdplan.dialects.bake import paths
from envdplan.dialects.bake.placed import Content, Items, Placed, listed
from envdplan.dialects.bake.request import Request


def secrets(content: Content, request: Request) -> Items:
    """Each with one source, files absolute."""
    return tuple(_secret(one, request) for one in listed(content))


def _secret(one: Placed, request: Request) -> Placed:
    """Without a source it is the variable of that name, else the file of that name."""
    name, env, file = (one.value[key] for key in ("id", "env", "src"))
    if not env and not file:
        env, file = (name, "") if name in request.environment else ("", name)
    if env:
        return Placed({"id": name, "env": env}, one.range)
    return Placed({"id": name, "file": paths.absolute(file, request.directory)}, one.range)


def agents(content: Content, request: Request) -> Items:
    """Each with the absolute paths of its keys or socket."""
    return tuple(_agent(one, request) for one in listed(content))


def _agent(one: Placed, request: Request) -> Placed:
    found = [paths.absolute(path, request.directory) for path in one.value["paths"] if path]
    return Placed({"id": one.value["id"], **({"paths": found} if found else {})}, one.range)
