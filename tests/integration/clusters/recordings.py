"""Recorded requests to real clusters, sent again: what a server answers, in comparable form.

The records (tests/data/kubernetes) were made on Kubernetes 1.36.2 and 1.20.2; values that vary
(uids, versions, times) were replaced by signs.
"""

import http.client
import json
import re
import struct
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Record = Mapping[str, Any]
_DATA = Path(__file__).parents[2] / "data" / "kubernetes"


def records(version: str) -> list[Record]:
    """All of one cluster, in the order in which they were made."""
    found: list[Record] = json.loads((_DATA / f"probes-{version}.json").read_text())
    return found


def send(url: str, record: Record, token: str | None = "admin", **more: str) -> tuple[int, Any]:
    """The request of `record`: status and body of the answer."""
    request = record["request"]
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    headers = {**request["headers"], **more}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = None if request["body"] is None else json.dumps(request["body"])
    try:
        connection.request(request["method"], request["path"], body, headers)
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(data)
    except ValueError:
        return answer.status, data.decode()


def told(status: int, body: Any) -> tuple[Any, ...]:
    """What counts of an answer: status, reason, and the fields of its causes."""
    if not isinstance(body, dict) or body.get("kind") != "Status":
        return (status,)
    causes = (body.get("details") or {}).get("causes") or ()
    return status, body.get("reason"), sorted(str(one.get("field")) for one in causes)


# -- watches


def state(event: Record) -> tuple[Any, ...]:
    """A pod as a watcher sees it."""
    pod = event["object"]
    status = pod.get("status", {})
    statuses = status.get("containerStatuses") or [{}]
    current = statuses[0].get("state", {})
    name = next(iter(current), None)
    reason = current[name].get("reason") if name else None
    conditions = status.get("conditions") or ()
    ready = next((one["status"] for one in conditions if one["type"] == "Ready"), None)
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    node = bool(pod.get("spec", {}).get("nodeName"))
    return event["type"], status.get("phase"), node, name, reason, ready, leaving


def sequence(events: Iterator[Record] | list[Record]) -> list[tuple[Any, ...]]:
    """The states in order, each once."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        if event["type"] != "BOOKMARK" and (not found or found[-1] != state(event)):
            found.append(state(event))
    return found


def watch(url: str, path: str, since: str, seconds: int) -> Iterator[Record]:
    """The events after the version `since`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=seconds + 10)
    query = f"watch=true&resourceVersion={since}&timeoutSeconds={seconds}"
    connection.request("GET", f"{path}?{query}", headers={"Authorization": "Bearer admin"})
    for line in connection.getresponse():
        if line.strip():
            yield json.loads(line)
    connection.close()


# -- commands


def run(url: str, record: Record) -> tuple[str, str, list[list[Any]]]:
    """The command of `record`: status line, chosen protocol, and the server's frames."""
    import socket

    request, host = record["request"], urlsplit(url)
    sent = [bytes.fromhex(one[2]) for one in record["response"]["frames"] if one[0] == "C>S"]
    connection = socket.create_connection((str(host.hostname), int(host.port or 0)), 5)
    protocol = request["subprotocol"]
    lines = [
        f"GET {request['path']} HTTP/1.1",
        f"Host: {host.netloc}",
        "Authorization: Bearer admin",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []),
    ]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    with connection, connection.makefile("rb") as stream:
        status = stream.readline().decode().strip()
        headers = _headers(stream)
        frames: list[list[Any]] = []
        if " 101 " in status:
            for one in sent:
                connection.sendall(_frame(one))
            connection.settimeout(1.5)
            frames = list(_frames(stream))
        return status, headers.get("sec-websocket-protocol", ""), frames


def _headers(stream: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    while (line := stream.readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        found[name.lower()] = value.strip()
    return found


def _frame(payload: bytes) -> bytes:
    mask = bytes([1, 2, 3, 4])
    coded = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([0x82, 0x80 | len(payload)]) + mask + coded


def _frames(stream: Any) -> Iterator[list[Any]]:
    try:
        while head := stream.read(2):
            size = head[1] & 127
            if size == 126:
                size = struct.unpack(">H", stream.read(2))[0]
            payload = stream.read(size)
            yield [head[0] & 15, payload]
            if head[0] & 15 == 8:
                return
    except TimeoutError:
        yield ["end", b""]


def channels(frames: list[list[Any]]) -> dict[Any, Any]:
    """What came on each channel, the status as data; None stands for an end that never came."""
    found: dict[Any, Any] = {"first": frames[0][1].hex() if frames else None}
    for opcode, payload in frames:
        if opcode == "end":
            found["end"] = None
        elif opcode == 8:
            found["close"] = payload.hex()
        elif payload[:1] == b"\x03":
            found["status"] = _status(json.loads(payload[1:]))
        else:
            found[payload[:1]] = found.get(payload[:1], b"") + payload[1:]
    return found


def recorded_channels(record: Record) -> dict[Any, Any]:
    """The same of a record."""
    frames: list[list[Any]] = []
    for one in record["response"]["frames"]:
        if one[0] == "S>C":
            frames.append([one[1], bytes.fromhex(one[2])])
        elif one[0] == "end":
            frames.append(["end", b""])
    return channels(frames)


def _status(status: Record) -> Record:
    """Without the id of the container and the words that differ between versions."""
    causes = [one.get("reason") for one in (status.get("details") or {}).get("causes", ())]
    message = re.sub(r'"[0-9a-f]{64}"', "ID", str(status.get("message", "")))
    return {
        "status": status["status"],
        "reason": status.get("reason"),
        "code": status.get("code"),
        "causes": causes,
        "missing": "executable file not found" in message,
    }


def settle(seconds: float) -> None:
    """Controllers work on their own clock; a record was made after such a pause."""
    time.sleep(seconds)
