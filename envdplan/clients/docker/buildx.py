"""buildx's own store of builders, read as it is (docker/buildx, store/nodegroup.go)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.reading import read_regular


@dataclass(frozen=True, slots=True)
class Node:
    """One daemon of a builder."""

    name: str
    endpoint: str
    options: Mapping[str, str]
    """Driver options, such as image and env.NAME."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One builder: docker-container, kubernetes or remote."""

    name: str
    driver: str
    nodes: tuple[Node, ...]


def store_path(environment: Mapping[str, str]) -> Path:
    """Where buildx keeps its builders."""
    if given := environment.get("BUILDX_CONFIG"):
        return Path(given)
    docker = environment.get("DOCKER_CONFIG")
    return Path(docker or Path(environment.get("HOME", "/root"), ".docker")) / "buildx"


def instances(environment: Mapping[str, str]) -> tuple[Instance, ...]:
    """All builders, by name; none where buildx keeps none. Raises CorruptFile."""
    folder = store_path(environment) / "instances"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(_instance(path) for path in files if not path.name.startswith("."))


def _instance(path: Path) -> Instance:
    try:
        found = jsontext.loads(read_regular(path))
        nodes = tuple(_node(one) for one in found.get("Nodes") or ())
        return Instance(str(found["Name"]), str(found["Driver"]), nodes)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise CorruptFile(
            "Builder of buildx cannot be read",
            f"{path}: {error}. `docker buildx rm` removes it, or move the file away.",
        ) from error


def _node(one: Mapping[str, Any]) -> Node:
    options = {str(name): str(value) for name, value in (one.get("DriverOpts") or {}).items()}
    return Node(str(one["Name"]), str(one.get("Endpoint") or ""), options)
