"""Builders in Kubernetes as data: objects out of attributes, health out of objects."""

import json
from typing import Any

import pytest

from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import with_defaults
from envdplan.ground.values import Attributes, Sensitive
from envdplan.resources.builders.kubernetes.kube_pod import TYPE, share
from envdplan.resources.builders.kubernetes.pod_health import all_ready, problems
from envdplan.resources.builders.kubernetes.pod_live import changed_fields, made_with, told
from envdplan.resources.builders.kubernetes.pod_manifest import objects, pod_of, rendered
from envdplan.resources.builders.kubernetes.pod_patch import merged
from envdplan.resources.builders.kubernetes.pod_schema import from_address
from envdplan.resources.builders.kubernetes.pod_schema import problems as attribute_problems

OWNER = Address(Kind.BUILDER, "b")


def complete(**given: Any) -> Attributes:
    return TYPE.derive(with_defaults({"name": "bk", **given}, TYPE.schema))


def made(attributes: Attributes) -> list[dict[str, Any]]:
    return objects(attributes, OWNER, "lineage", rendered(attributes))


def pod(attributes: Attributes) -> dict[str, Any]:
    spec: dict[str, Any] = made(attributes)[-1]["spec"]["template"]["spec"]
    return spec


def test_the_address_is_the_one_that_envd_hands_to_kubectl() -> None:
    assert complete()["address"] == "bk-0?context=&namespace=&container=buildkitd"
    wanted = complete(namespace="ci", kube_context="prod")
    assert wanted["address"] == "bk-0?context=prod&namespace=ci&container=buildkitd"
    back = from_address(f"kube-pod://{wanted['address']}")
    assert back is not None
    assert (back.reach["pod"], back.reach["namespace"], back.reach["kube_context"]) == (
        "bk-0",
        "ci",
        "prod",
    )
    assert from_address("kube-pod://") is None
    assert from_address("kube-pod://UP/../x") is None


@pytest.mark.parametrize(
    ("profile", "image", "privileged"),
    [("rootless", "v0.19.0-rootless", None), ("privileged", "v0.19.0", True)],
)
def test_a_profile_chooses_image_and_rights(
    profile: str, image: str, privileged: bool | None
) -> None:
    wanted = complete(profile=profile)
    assert wanted["image"].endswith(image)
    container = pod(wanted)["containers"][0]
    assert container["securityContext"].get("privileged") is privileged
    assert ("--oci-worker-no-process-sandbox" in container.get("args", [])) is (not privileged)


def test_a_user_namespace_is_asked_for() -> None:
    assert pod(complete(profile="userns"))["hostUsers"] is False


def test_rootless_finds_its_configuration_where_it_looks() -> None:
    config = {"debug": True}
    for profile, path in (
        ("rootless", "/home/user/.config/buildkit"),
        ("privileged", "/etc/buildkit"),
    ):
        mounts = pod(complete(profile=profile, config=config))["containers"][0]["volumeMounts"]
        assert {"name": "config", "mountPath": path, "readOnly": True} in mounts


def test_secrets_are_in_the_secret_alone() -> None:
    wanted = complete(env={"OPEN": "yes", "TOKEN": Sensitive("t0p")})
    secret, stateful_set = made(wanted)
    assert secret["kind"] == "Secret"
    assert list(secret["data"]) == ["env.TOKEN"]
    assert "t0p" not in json.dumps(stateful_set)
    names = {one["name"]: one for one in pod(wanted)["containers"][0]["env"]}
    assert names["OPEN"]["value"] == "yes"
    assert names["TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "bk-secrets", "key": "env.TOKEN"}


def test_another_secret_restarts_the_pod_and_cannot_be_guessed() -> None:
    def digest(value: str, lineage: str) -> str:
        attributes = complete(env={"TOKEN": Sensitive(value)})
        found = objects(attributes, OWNER, lineage, None)[-1]
        return str(found["spec"]["template"]["metadata"]["annotations"]["envdplan.dev/files"])

    assert digest("a", "x") == digest("a", "x")
    assert digest("a", "x") != digest("b", "x")
    assert digest("a", "x") != digest("a", "y")


def test_what_it_was_made_with_reads_back() -> None:
    wanted = complete(
        env={"OPEN": "yes", "TOKEN": Sensitive("t0p")},
        config={"registry": {"r": {"http": True}}},
        tolerations=({"key": "a", "operator": "Exists"},),
        storage={"size": "1Gi"},
    )
    _, secret, stateful_set = made(wanted)
    live = made_with(stateful_set, secret, wanted)
    same = ("env", "config", "tolerations", "storage", "image", "replicas", "requests", "flags")
    assert {name: live[name] for name in same} == {name: wanted[name] for name in same}
    other = complete(env={"OPEN": "no"}, labels={"team": "ml"})
    assert made_with(stateful_set, secret, other)["labels"] is None


def test_storage_is_a_claim_of_each_pod_and_of_the_trial_pod() -> None:
    stateful_set = made(complete(storage={"size": "5Gi", "class": "fast"}))[-1]
    (claim,) = stateful_set["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"
    volumes = pod_of(stateful_set)["spec"]["volumes"]
    assert {"name": "cache", "persistentVolumeClaim": {"claimName": "cache-bk-0"}} in volumes


def test_a_patch_merges_by_name_and_removes_by_null() -> None:
    base = {
        "spec": {
            "replicas": 1,
            "containers": [{"name": "a", "image": "x", "args": ["1"]}],
            "gone": 1,
        }
    }
    patch = {
        "spec": {
            "gone": None,
            "containers": [{"name": "a", "args": ["2"]}, {"name": "b", "image": "y"}],
        }
    }
    assert merged(base, patch) == {
        "spec": {
            "replicas": 1,
            "containers": [
                {"name": "a", "image": "x", "args": ["2"]},
                {"name": "b", "image": "y"},
            ],
        }
    }


def test_a_build_always_goes_to_the_same_pod_and_builds_spread() -> None:
    places = [share(f"build.b{number}", 4) for number in range(400)]
    assert places == [share(f"build.b{number}", 4) for number in range(400)]
    assert min(places.count(one) for one in range(4)) > 60
    assert share("anything", 1) == 0


def test_differences_are_named_and_many_are_counted() -> None:
    live = {"metadata": {"labels": {"a": "1"}}, "spec": {"x": [1, 2], "y": {"z": 1}}}
    wanted = {"metadata": {"labels": {"a": "2"}}, "spec": {"x": [1, 3], "y": {"z": 1}}}
    assert list(changed_fields(live, wanted)) == ["spec.x[1]", "metadata.labels.a"]
    assert told(["a", "b", "c", "d", "e", "f"]) == "a; b; c; d; and 2 more"


def test_what_does_not_go_together_is_told() -> None:
    assert [one[1] for one in attribute_problems({"mode": "attach"})] == ["Ambiguous pod"]
    assert [one[1] for one in attribute_problems({"pod": "x"})] == ["Attribute has no effect"]
    both = {"storage": {"size": "1Gi"}, "scratch_size": "1Gi"}
    assert [one[1] for one in attribute_problems(both)] == ["Attribute has no effect"]
    hidden = {"image": Sensitive("x")}
    assert [one[1] for one in attribute_problems(hidden)] == ["Sensitive value not allowed here"]


# -- health


def pod_with(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "bk-0", "uid": "u"}, "status": status}


@pytest.mark.parametrize(
    ("status", "events", "reason"),
    [
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, [],
         "ErrImagePull"),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, [],
         None),
        ({"conditions": [{"type": "PodScheduled", "reason": "Unschedulable"}]}, [],
         "Unschedulable"),
        ({"containerStatuses": [{"state": {}, "ready": False,
                                 "lastState": {"terminated": {"reason": "OOMKilled"}}}]}, [],
         "OOMKilled"),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on disk"}, [], "Evicted"),
        ({}, [{"reason": "FailedMount", "message": "m", "involvedObject": {"name": "bk-0"}}],
         "FailedMount"),
        ({}, [{"reason": "FailedMount", "involvedObject": {"kind": "Pod", "name": "bk-0",
                                                           "uid": "a former one"}}], None),
        ({}, [{"reason": "Unhealthy", "count": 1, "message": "timeout",
               "involvedObject": {"name": "bk-0"}}], None),
        ({}, [{"reason": "Unhealthy", "count": 3, "message": "timeout",
               "involvedObject": {"name": "bk-0"}}], "Unhealthy"),
        ({}, [{"reason": "FailedCreate", "message": "forbidden",
               "involvedObject": {"kind": "StatefulSet", "name": "bk"}}], "FailedCreate"),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_from_getting_ready(
    status: dict[str, Any], events: list[dict[str, Any]], reason: str | None
) -> None:
    found = next(problems([pod_with(**status)], events), None)
    assert (found and found.reason) == reason
    if found is not None:
        assert len(found.sentence) > len(found.reason)


def test_only_pods_of_the_newest_revision_that_stay_count_as_ready() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    stateful_set = {
        "metadata": {"generation": 2},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, "updateRevision": "new"},
    }
    fresh = {"metadata": {"labels": {"controller-revision-hash": "new"}}, "status": ready}
    old = {"metadata": {"labels": {"controller-revision-hash": "old"}}, "status": ready}
    labels = {"controller-revision-hash": "new"}
    leaving = {"metadata": {"labels": labels, "deletionTimestamp": "now"}, "status": ready}
    assert all_ready(stateful_set, [fresh])
    assert not all_ready(stateful_set, [old])
    assert not all_ready(stateful_set, [leaving])
    unseen = {**stateful_set, "status": {"observedGeneration": 1}}
    assert not all_ready(unseen, [fresh])
