"""Refusals as the API server words them: Status objects with reason, causes and code."""

from typing import Any

from envdplan.testing.kubernetes.kinds import Kind

Object = dict[str, Any]


class ApiError(Exception):
    """An answer of 400 and above; the body is a Status."""

    def __init__(
        self, code: int, reason: str | None, message: str, details: Object | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details

    def body(self) -> Object:
        """The Status."""
        found: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }
        return {name: value for name, value in found.items() if value is not None}


def success(kind: Kind, name: str, uid: str) -> Object:
    """What a deletion of a thing that is gone at once is answered with."""
    details = _details(kind, name) | {"uid": uid}
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}}
    return {**head, "status": "Success", "details": details}


def _details(kind: Kind, name: str) -> Object:
    found = {"name": name, "kind": kind.plural}
    return {**found, "group": kind.group} if kind.group else found


def not_found(kind: Kind, name: str) -> ApiError:
    """There is no such object."""
    message = f'{kind.resource} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(kind, name))


def exists(kind: Kind, name: str) -> ApiError:
    """There is one already."""
    message = f'{kind.resource} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(kind, name))


def stale(kind: Kind, name: str) -> ApiError:
    """Somebody changed it meanwhile."""
    message = (
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, _details(kind, name))


def wrong_uid(kind: Kind, name: str, wanted: str, found: str) -> ApiError:
    """It is another one of that name."""
    message = (
        f'Operation cannot be fulfilled on {kind.singular} "{name}": the UID in the precondition '
        f"({wanted}) does not match the UID in record ({found}). The object might have been "
        "deleted and then recreated"
    )
    details = _details(kind, name) | {"kind": kind.name}
    return ApiError(409, "Conflict", message, details)


def invalid(singular: str, name: str, causes: list[tuple[str, str, str]]) -> ApiError:
    """The object makes no sense; causes are (field, reason, message)."""
    told = [f"{field}: {message}" for field, _, message in causes]
    inside = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    kind, _, group = singular.partition(".")
    details: Object = {"name": name, "group": group, "kind": kind} if name else {}
    details |= {"group": group, "kind": kind}
    details["causes"] = [
        {"reason": reason, "message": message, "field": field} for field, reason, message in causes
    ]
    if not group:
        del details["group"]
    return ApiError(422, "Invalid", f'{singular} "{name}" is invalid: {inside}', details)


def bad(message: str) -> ApiError:
    """The request makes no sense."""
    return ApiError(400, "BadRequest", message)


def forbidden(kind: Kind, name: str, message: str) -> ApiError:
    """The account, or a policy, does not allow it."""
    named = f' "{name}"' if name else ""
    details = _details(kind, name) if name else {"kind": kind.plural}
    return ApiError(403, "Forbidden", f"{kind.resource}{named} is forbidden: {message}", details)


def field_conflict(causes: list[tuple[str, str]]) -> ApiError:
    """Fields that other managers own; causes are (manager as shown, path)."""
    count = len(causes)
    noun = "conflict" if count == 1 else "conflicts"
    listed = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path}
        for who, path in causes
    ]
    if count == 1:
        told = f"conflict with {causes[0][0]}: {causes[0][1]}"
    else:
        told = "conflicts " + "\n".join(f"with {who}:\n- {path}" for who, path in causes)
    message = f"Apply failed with {count} {noun}: {told}"
    return ApiError(409, "Conflict", message, {"causes": listed})
