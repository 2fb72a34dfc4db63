"""Who asks, and what they may: tokens, a namespace's policies, quota."""

from dataclasses import dataclass, field
from typing import Any, Final

from envdplan.testing.kubernetes.faults import Faults
from envdplan.testing.kubernetes.kinds import Kind
from envdplan.testing.kubernetes.statuses import ApiError, forbidden

Object = dict[str, Any]
ADMIN: Final = "kubernetes-admin"
ANONYMOUS: Final = "system:anonymous"
_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class User:
    """An account: its rights as verb and resource, such as ("create", "pods/exec"); None is all."""

    name: str
    rights: frozenset[tuple[str, str]] | None = None

    def may(self, verb: str, resource: str) -> bool:
        """Whether it may."""
        return self.rights is None or bool(
            self.rights & {(verb, resource), ("*", resource), (verb, "*")}
        )


@dataclass
class Access:
    """Accounts by their token."""

    faults: Faults
    users: dict[str, User] = field(default_factory=dict)

    def user(self, authorization: str | None, *, certified: bool = False) -> User:
        """Who asks. Raises ApiError 401."""
        if certified and not authorization:
            return User(ADMIN)
        if not authorization:
            return User(ANONYMOUS, frozenset({("create", "selfsubjectaccessreviews")}))
        found = self.users.get(authorization.removeprefix("Bearer "))
        if found is None or self.faults.expired:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return found

    def may(self, user: User, verb: str, resource: str) -> bool:
        """Whether `user` may do `verb` to `resource` (pods, pods/exec)."""
        return user.may(verb, resource) and (verb, resource) not in self.faults.denied

    def check(self, user: User, verb: str, kind: Kind, rest: "Scope") -> None:
        """Raises ApiError 403 in the server's words."""
        resource = f"{kind.plural}/{rest.subresource}" if rest.subresource else kind.plural
        if self.may(user, verb, resource):
            return
        where = (
            f' in the namespace "{rest.namespace}"' if rest.namespace else " at the cluster scope"
        )
        told = (
            f'User "{user.name}" cannot {verb} resource "{resource}" in API group "{kind.group}"'
            f"{where}"
        )
        raise forbidden(kind, rest.name, told)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request is about."""

    namespace: str = ""
    name: str = ""
    subresource: str = ""


def verb_of(method: str, scope: Scope, *, watch: bool) -> str:
    """The verb of a request, as roles name them."""
    if scope.subresource == "exec" and method == "GET":
        return "get"
    if method in _VERBS:
        return _VERBS[method]
    return "watch" if watch else "get" if scope.name else "list"


def admit(kind: Kind, pod: Object, namespace: Object, faults: Faults) -> None:
    """Raises ApiError 403 when the namespace's Pod Security level or a quota refuses the pod."""
    name = str(pod["metadata"].get("name", ""))
    labels = namespace["metadata"].get("labels") or {}
    level = labels.get("pod-security.kubernetes.io/enforce", "privileged")
    problems = _violations(pod["spec"], level)
    if problems:
        told = f'violates PodSecurity "{level}:latest": {", ".join(problems)}'
        raise forbidden(kind, name, told)
    if faults.quota:
        raise forbidden(kind, name, faults.quota)


def _violations(spec: Object, level: str) -> list[str]:
    if level == "privileged":
        return []
    found = []
    for one in spec.get("containers") or ():
        context = one.get("securityContext") or {}
        name = one.get("name")
        if context.get("privileged"):
            found.append(
                f'privileged (container "{name}" must not set securityContext.privileged=true)'
            )
        for kind, short in (("seccompProfile", "seccompProfile"), ("appArmorProfile", "apparmor")):
            if (context.get(kind) or {}).get("type") == "Unconfined":
                found.append(
                    f'{short} (container "{name}" must not set {kind} type to "Unconfined")'
                )
        if level == "restricted" and context.get("allowPrivilegeEscalation") is not False:
            found.append(
                f'allowPrivilegeEscalation != false (container "{name}" must set '
                "securityContext.allowPrivilegeEscalation=false)"
            )
    return found
