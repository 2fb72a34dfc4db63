"""The test server answers as Kubernetes 1.36.2 and 1.20.2 were recorded to answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from envdplan.testing.kubernetes import Cluster
from tests.integration.clusters.recordings import (
    Record,
    channels,
    recorded_channels,
    records,
    run,
    send,
    sequence,
    settle,
    told,
    watch,
)

VERSIONS = ["1.36.2", "1.20.2"]

ACCEPTED = {
    ("1.20.2", "sts gone"): "the recorded kubelet was too slow: the set was still on its way out",
    ("1.20.2", "namespace gone"): "the recorded kubelet was too slow: it was still terminating",
}
"""Records whose answer differs, and why; no others may."""

ACCEPTED_STATES = {
    ("1.20.2", "lifecycle: back to good image"): "it begins in the state that the one above left",
    ("1.20.2", "lifecycle: delete foreground"): "its kubelet reported a container anew while it "
    "went, once",
}
"""Sequences of a pod's states that differ, and why."""

_CONTROLLED = {"pod duplicate": 0.3, "namespace DELETE": 0.6, "lifecycle: DELETE foreground": 0.8}
"""Seconds after which the controllers have done what the next record shows."""


@pytest.fixture(scope="module", params=VERSIONS)
def replayed(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Every record and what the server said to it, by name; and the pods' states."""
    version = request.param
    with Cluster(version=version, pace=0.02) as cluster:
        cluster.faults.missing_images.add("registry.test/none:1")
        yield {"version": version, "answers": dict(_answers(cluster, records(version)))}


def _answers(cluster: Cluster, all_of_them: list[Record]) -> Iterator[tuple[str, Any]]:
    for record in all_of_them:
        name, response = record["name"], record["response"]
        if name == "watch pods, annotate, delete":
            yield f"{name} / states", _watched(cluster)
        if "events" in response:
            continue
        if "frames" in response:
            yield name, (record, run(cluster.url, record))
        elif name in ("anonymous", "bad token"):
            yield name, (record, _anonymous(cluster, name))
        elif name.startswith("lifecycle: ") or name == "namespace DELETE":
            yield from _life(cluster, record)
        else:
            if name == "sts gone":
                settle(0.5)
            if name == "namespace gone":
                settle(0.5)
            yield name, (record, send(cluster.url, record))
            settle(_CONTROLLED.get(name, 0.3 if name == "pod no containers" else 0.0))


def _anonymous(cluster: Cluster, name: str) -> tuple[int, Any]:
    token = None if name == "anonymous" else "bad"
    return send(cluster.url, _request("GET", "/api/v1/namespaces/g1/pods"), token)


def _watched(cluster: Cluster) -> list[tuple[Any, ...]]:
    """What the recorded watch saw: a change, and a removal."""
    pods = "/api/v1/namespaces/g1/pods"
    since = send(cluster.url, _request("GET", pods))[1]["metadata"]["resourceVersion"]
    note = {"metadata": {"annotations": {"k": "v"}}}
    send(cluster.url, _request("PATCH", f"{pods}/p", note, "application/merge-patch+json"))
    send(cluster.url, _request("DELETE", f"{pods}/p", {"gracePeriodSeconds": 0}))
    return sequence(watch(cluster.url, pods, since, 1))


def _request(method: str, path: str, body: Any = None, content: str = "application/json") -> Record:
    headers = {"Content-Type": content}
    return {"request": {"method": method, "path": path, "headers": headers, "body": body}}


def _life(cluster: Cluster, record: Record) -> Iterator[tuple[str, Any]]:
    """An action, and what it does to the pods."""
    pods = "/api/v1/namespaces/g1/pods"
    _, before = send(cluster.url, _request("GET", pods))
    yield record["name"], (record, send(cluster.url, record))
    since = before["metadata"]["resourceVersion"]
    yield f"{record['name']} / states", sequence(watch(cluster.url, pods, since, 1))


def test_every_answer_is_the_recorded_one(replayed: dict[str, Any]) -> None:
    version = replayed["version"]
    wrong = {}
    for name, found in replayed["answers"].items():
        if name.endswith("/ states") or "frames" in found[0]["response"]:
            continue
        record, (status, body) = found
        expected = told(record["response"]["status"], record["response"]["body"])
        if told(status, body) != expected:
            wrong[name] = (told(status, body), expected)
    assert {name: one for name, one in wrong.items() if (version, name) not in ACCEPTED} == {}
    assert {name for where, name in ACCEPTED if where == version} == set(wrong)


def test_every_command_gives_the_recorded_frames(replayed: dict[str, Any]) -> None:
    wrong = {}
    for name, found in replayed["answers"].items():
        if name.endswith("/ states") or "frames" not in found[0]["response"]:
            continue
        record, (status, protocol, frames) = found
        response = record["response"]
        expected = (
            response["status"].split()[1],
            response["headers"].get("sec-websocket-protocol", ""),
            recorded_channels(record),
        )
        if (status.split()[1], protocol, channels(frames)) != expected:
            wrong[name] = ((status, protocol, channels(frames)), expected)
    assert wrong == {}


ACTIONS = {
    "watch pods, annotate, delete": "watch pods, annotate, delete",
    "lifecycle: SSA replicas=1": "lifecycle: scale 0->1 to Ready",
    "lifecycle: SSA bad image": "lifecycle: bad image rollout",
    "lifecycle: SSA good image": "lifecycle: back to good image",
    "lifecycle: DELETE foreground": "lifecycle: delete foreground",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_pods_go_through_the_recorded_states(replayed: dict[str, Any], action: str) -> None:
    version, name = replayed["version"], ACTIONS[action]
    names = (name, f"{name} / pods")
    record = next(one for one in records(version) if one["name"] in names)
    expected = sequence(record["response"]["events"])
    found = replayed["answers"][f"{action} / states"]
    # Recordings end after some seconds, and waiting containers go on waiting.
    same = found[: len(expected)] == expected
    assert same is ((version, name) not in ACCEPTED_STATES), json.dumps(found)


def test_a_written_default_is_the_real_one(replayed: dict[str, Any]) -> None:
    record, (_, body) = replayed["answers"]["sts SSA create"]
    wanted = record["response"]["body"]["spec"]
    if replayed["version"] == "1.20.2":
        body["spec"].pop("persistentVolumeClaimRetentionPolicy")
        wanted["template"]["metadata"].pop("creationTimestamp")  # a null that newer ones omit
    assert body["spec"] == wanted
