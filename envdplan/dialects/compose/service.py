"""A document in the form that merging needs: of services and secrets only what builds need."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from envdplan.dialects.compose.build import build
from envdplan.dialects.compose.check import Check
from envdplan.dialects.compose.tree import Branch, Row, Scalar, Tree

_Read: TypeAlias = Callable[[Tree, str], Tree]

_NAME: Final = re.compile(r"[a-zA-Z0-9._-]+")
_TOP: Final = (
    "version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs",
)  # fmt: skip
_OF_SERVICES: Final = (
    "annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup",
    "cgroup_parent", "command", "configs", "container_name", "cpu_count", "cpu_percent",
    "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset",
    "credential_spec", "depends_on", "deploy", "develop", "device_cgroup_rules", "devices", "dns",
    "dns_opt", "dns_search", "domainname", "entrypoint", "env_file", "environment", "expose",
    "extends", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "hostname",
    "image", "init", "ipc", "isolation", "label_file", "labels", "links", "logging", "mac_address",
    "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode",
    "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports",
    "post_start", "pre_stop", "privileged", "profiles", "provider", "pull_policy",
    "pull_refresh_after", "read_only", "restart", "runtime", "scale", "secrets", "security_opt",
    "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs",
    "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "volumes", "volumes_from",
    "working_dir",
)  # fmt: skip
_OF_SECRETS: Final = (
    "name", "environment", "file", "external", "labels", "driver", "driver_opts", "template_driver",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Canonical:
    """Reads the parts of a document; what it complains about is in `check`."""

    check: Check

    def document(self, root: Branch) -> Branch:
        """`services` and `secrets` of a document."""
        self.check.known(root, "A compose file", _TOP, serious=False)
        self._refuse_include(root)
        services = self._part(root, "services", self._service)
        secrets = self._part(root, "secrets", self._secret)
        if services is None and secrets is None:
            detail = "There is nothing to build in this file: it has no services."
            self.check.diagnostics.error("Empty compose file", detail, root.place)
        parts = {"services": services, "secrets": secrets}
        return root.having({name: part for name, part in parts.items() if part is not None})

    def _refuse_include(self, root: Branch) -> None:
        if root.get("include") is not None:
            detail = (
                "Files in include are not read here, so what they declare would be missing. "
                "Name them beside this file instead; compose files are merged in their order."
            )
            self.check.diagnostics.error("include is not supported", detail, root.key("include"))

    def _part(self, root: Branch, part: str, read: _Read) -> Branch | None:
        tree = root.get(part)
        branch = self.check.mapping(tree, part)
        if branch is None:
            return None
        found: dict[str, Tree] = {}
        for name, value in branch.items.items():
            if self._is_name(part, name, branch):
                found[name] = read(value, f"{part}.{name}")
        return branch.having(found)

    def _is_name(self, part: str, name: str, branch: Branch) -> bool:
        if _NAME.fullmatch(name):
            return True
        detail = (
            f'"{name}" cannot be a name in {part}. '
            "Names are made of letters, digits, dots, hyphens and underscores."
        )
        self.check.diagnostics.error("Invalid name", detail, branch.key(name))
        return False

    def _service(self, tree: Tree, what: str) -> Tree:
        """A service; an empty one says nothing and changes nothing."""
        if isinstance(tree, Scalar) and tree.value is None:
            return Branch({}, tree.place)
        branch = self.check.mapping(tree, what)
        if branch is None:
            return Branch({}, tree.place)
        self.check.known(branch, what, _OF_SERVICES, serious=False)
        return branch.having(dict(self._fields(branch, what)))

    def _fields(self, branch: Branch, what: str) -> "list[tuple[str, Tree]]":
        read = {
            "build": lambda tree, name: build(self.check, tree, name),
            "image": self.check.string,
            "environment": self.check.pairs,
            "env_file": self._env_files,
            "extends": self._extends,
        }
        found = [
            (name, read[name](value, f"{what}.{name}"))
            for name, value in branch.items.items()
            if name in read
        ]
        return [(name, value) for name, value in found if value is not None]

    def _env_files(self, tree: Tree, what: str) -> Row | None:
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            tree = Row((tree,), tree.place)
        if not isinstance(tree, Row):
            self.check.wrong(tree, what, "a string or a list")
            return None
        items = [self._env_file(item, f"{what}[{i}]") for i, item in enumerate(tree)]
        return Row(tuple(item for item in items if item is not None), tree.place)

    def _env_file(self, tree: Tree, what: str) -> Branch | None:
        """One file as a mapping of `path` and `required`."""
        if not isinstance(tree, Branch):
            path, required = self.check.string(tree, what), None
        else:
            self.check.known(tree, what, ("path", "format", "required"))
            self._refuse_format(tree, what)
            there, flag = tree.get("path"), tree.get("required")
            path = self.check.string(there or Scalar(None, tree.place), f"{what}.path")
            required = self.check.flag(flag, f"{what}.required") if flag is not None else None
        if path is None:
            return None
        return Branch({"path": path, "required": required or Scalar(True, tree.place)}, tree.place)

    def _refuse_format(self, tree: Branch, what: str) -> None:
        if tree.text("format"):
            detail = f"{what} asks for another format, which bake does not read. Leave format out."
            self.check.diagnostics.error("Unsupported format", detail, tree.key("format"))

    def _extends(self, tree: Tree, what: str) -> Branch | None:
        """What a service extends, as a mapping of `service` and, elsewhere, `file`."""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return Branch({"service": tree}, tree.place)
        branch = self.check.mapping(tree, what)
        if branch is None:
            return None
        self.check.known(branch, what, ("service", "file"), serious=False)
        service = branch.get("service") or Scalar(None, branch.place)
        names = {"service": self.check.string(service, f"{what}.service")}
        if (file := branch.get("file")) is not None:
            names["file"] = self.check.string(file, f"{what}.file")
        if any(name is None for name in names.values()):
            return None
        return branch.having({key: name for key, name in names.items() if name is not None})

    def _secret(self, tree: Tree, what: str) -> Tree:
        branch = self.check.mapping(tree, what)
        if branch is None:
            return Branch({}, tree.place)
        self.check.known(branch, what, _OF_SECRETS)
        kept: dict[str, Tree] = {}
        for name in ("file", "environment"):
            value = branch.get(name)
            text = self.check.string(value, f"{what}.{name}") if value is not None else None
            if text is not None:
                kept[name] = text
        external = branch.get("external")
        if external is not None:
            kept["external"] = self._external(external, f"{what}.external")
        return branch.having(kept)

    def _external(self, tree: Tree, what: str) -> Scalar:
        flag = None if isinstance(tree, Branch) else self.check.flag(tree, what)
        return flag or Scalar(True, tree.place)
