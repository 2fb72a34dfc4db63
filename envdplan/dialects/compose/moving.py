"""Services out of files in other folders: their paths start there."""

from envdplan.dialects.compose.paths import beside
from envdplan.dialects.compose.tree import Branch, Row, Scalar, Tree


def moved_all(root: Branch, folder: str) -> Branch:
    """A document whose services were written in another folder."""
    services = root.branch("services")
    if services is None or not folder:
        return root
    found: dict[str, Tree] = {
        name: moved(service, folder)
        for name in services.items
        if (service := services.branch(name)) is not None
    }
    return root.having({**root.items, "services": services.having(found)})


def moved(service: Branch, folder: str) -> Branch:
    """A service whose paths start in another folder."""
    items = dict(service.items)
    build = service.branch("build")
    if build is not None:
        items["build"] = _moved_build(build, folder)
    if "env_file" in items:
        files = tuple(
            f.having({**f.items, "path": _beside(f.items["path"], folder)})
            for f in service.row("env_file")
            if isinstance(f, Branch)
        )
        items["env_file"] = Row(files, items["env_file"].place)
    return service.having(items)


def _moved_build(build: Branch, folder: str) -> Branch:
    items = dict(build.items)
    if "context" in items:
        items["context"] = _beside(items["context"], folder)
    for name in ("additional_contexts", "ssh"):
        branch = build.branch(name)
        if branch is not None:
            items[name] = branch.having({k: _beside(v, folder) for k, v in branch.items.items()})
    return build.having(items)


def _beside(tree: Tree, folder: str) -> Tree:
    if isinstance(tree, Scalar) and isinstance(tree.value, str) and tree.value:
        return Scalar(beside(tree.value, folder), tree.place)
    return tree
