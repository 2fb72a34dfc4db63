"""`ssh`: which agents and keys a build may sign with."""

from collections.abc import Iterator

from envdplan.clients.buildkit.request import SshAgent
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builds.frontends.listforms import Item, as_objects


def with_ssh(attributes: Attributes) -> dict[str, Value]:
    """`default` and `ID=PATH,PATH` as objects."""
    if "ssh" not in attributes:
        return dict(attributes)
    return {**attributes, "ssh": as_objects(attributes["ssh"], "id", _agent)}


def _agent(text: str) -> Item:
    id, _, paths = text.partition("=")
    return {"id": id, "paths": tuple(paths.split(","))} if paths else {"id": id}


def agents(plain: Attributes) -> Iterator[SshAgent]:
    """What the session serves."""
    for one in plain.get("ssh") or ():
        yield SshAgent(one["id"], tuple(one.get("paths") or ()))
