"""Builders in Kubernetes: made, used, changed by others, broken, removed."""

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from envdplan.testing.kubernetes import Cluster
from tests.e2e.conftest import Project, Registry, cluster_on

pytestmark = [
    pytest.mark.docker,
    pytest.mark.buildkit,
    pytest.mark.registry,
    pytest.mark.envd,
]

CONFIG = """
variable "registry" {}
variable "project" {}
variable "token" {
  default   = "s3cr3t-of-the-pod"
  sensitive = true
}

envdplan { context_store = "../contexts" }

builder "b" {
  type  = "kube-pod"
  name  = "bk"
  image = "registry.test/buildkit:1"
  env   = { GREETING = "hello", TOKEN = var.token }
  config {
    registry = { (var.registry) = { http = true } }
  }
  timeout = 20
}

context "c" {
  builder = builder.b
  use     = true
}

build "x" {
  path              = "app"
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1
    RUN date +%s%N > /when
  EOT
  tags = ["${var.registry}/${var.project}/x:1"]
  push = true
}
"""


@pytest.fixture
def cluster(services: Mapping[str, Any]) -> Iterator[Cluster]:
    with cluster_on(services, tls=True) as running:
        yield running


@pytest.fixture
def here(project: Project, cluster: Cluster) -> Project:
    path = cluster.write_kubeconfig(project.folder.parent / "kubeconfig")
    project.environment["KUBECONFIG"] = str(path)
    project.write(CONFIG)
    (project.folder / "app").mkdir()
    return project


@pytest.fixture
def kubectl(here: Project) -> Callable[..., str]:
    """The real kubectl, on the project's cluster."""
    program = str(Path(sys.executable).parent / "kubectl")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], env=here.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


ALL = """
variable "mtls" {}
variable "unix" {}
variable "keys" {}
variable "buildkit_image" {}

builder "box" {
  type    = "docker-container"
  name    = "${var.project}-box"
  image   = var.buildkit_image
  network = "host"
  config {
    registry = { (var.registry) = { http = true } }
  }
}
builder "far" {
  type    = "tcp"
  address = var.mtls
  tls {
    ca   = "${var.keys}/ca.pem"
    cert = "${var.keys}/client.pem"
    key  = "${var.keys}/client.key"
  }
}
builder "near" {
  type    = "unix"
  address = var.unix
}
context "box" { builder = builder.box }
context "far" {
  builder         = builder.far
  envd_compatible = false
}
context "near" { builder = builder.near }
"""
ONE = """
build "NAME" {
  context           = context.NAME
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN true\\n"
  tags              = ["${var.registry}/${var.project}/all-NAME:1"]
  push              = true
}
"""


def test_one_configuration_with_four_kinds_of_builders(
    here: Project,
    cluster: Cluster,
    registry: Registry,
    services: Mapping[str, Any],
    docker: Callable[..., str],
) -> None:
    daemons = services["buildkitds"]
    here.environment |= {
        "ENVDPLAN_VAR_mtls": daemons["mtls"]["address"],
        "ENVDPLAN_VAR_unix": daemons["unix"]["address"],
        "ENVDPLAN_VAR_keys": str(Path(daemons["mtls"]["ca"]).parent),
    }
    names = ("box", "far", "near", "c")
    here.write(CONFIG + ALL + "".join(ONE.replace("NAME", name) for name in names))
    done = here.apply()
    project = here.environment["ENVDPLAN_VAR_project"]
    for name in names:
        assert registry.digest(f"{project}/all-{name}", "1"), done.text
    here.assert_settled()
    assert here.run("destroy", "--auto-approve").code == 0
    assert left(cluster) == []
    assert project not in docker("ps", "-a", "--format", "{{.Names}}")
    assert project not in docker("volume", "ls", "--format", "{{.Name}}")
    listed = here.run("context", "ls", "--store", "../contexts").out
    assert not any(f" {name} " in listed for name in names)


def test_the_real_envd_builds_in_the_pod_with_the_real_kubectl(
    here: Project, services: Mapping[str, Any], envd_keys: Path
) -> None:
    registry = here.environment["ENVDPLAN_VAR_registry"]
    home = Path(here.environment["HOME"])
    (home / ".config" / "containers").mkdir(parents=True)
    (home / ".config" / "containers" / "registries.conf").write_text(
        f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n'
    )
    (home / ".config" / "envd").mkdir()
    for one in envd_keys.iterdir():
        (home / ".config" / "envd" / one.name).symlink_to(one)
    edit(here, 'context_store = "../contexts"', 'context_store = "~/.config/envd/contexts"')
    here.apply("-target", "context.c")
    (here.folder / "app" / "build.envd").write_text(
        f'# syntax=v1\ndef build():\n    base(dev=False, image="{registry}/lib/busybox:1")\n'
    )
    kubectl = Path(sys.executable).parent  # the wheel of PyPI puts it beside Python
    name = f"{registry}/{here.environment['ENVDPLAN_VAR_project']}/pod:1"
    done = subprocess.run(
        [services["programs"]["envd"], "build", "--path", str(here.folder / "app"), "--tag", name,
         "--output", f"type=image,name={name},push=true"],
        env={
            **here.environment,
            "ENVD_ANALYTICS": "false",
            "PATH": f"{kubectl}{os.pathsep}{here.environment['PATH']}",
        },
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubectl_sees_and_changes_what_envdplan_made(
    here: Project, cluster: Cluster, kubectl: Callable[..., str]
) -> None:
    here.apply("-target", "builder.b")
    assert "bk-0" in kubectl("get", "pods", "-o", "name")
    assert "linux/amd64" in kubectl("exec", "bk-0", "--", "buildctl", "debug", "workers")
    kubectl("set", "image", "statefulset/bk", "buildkitd=registry.test/other:9")
    plan = here.plan("-target", "builder.b")
    assert "kubectl-set" in plan.out, plan.text
    here.apply("-target", "builder.b")
    assert image(cluster) == "registry.test/buildkit:1"


def edit(project: Project, before: str, after: str) -> None:
    path = project.folder / "envdplan.hcl"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def left(cluster: Cluster) -> list[str]:
    kinds = ("statefulsets", "pods", "configmaps", "secrets", "persistentvolumeclaims")
    return [f"{kind}/{one['metadata']['name']}" for kind in kinds for one in cluster.objects(kind)]


def test_made_used_settled_and_removed(here: Project, cluster: Cluster, registry: Registry) -> None:
    done = here.apply()
    assert registry.digest(f"{here.environment['ENVDPLAN_VAR_project']}/x", "1"), done.text
    here.assert_settled()
    listed = here.run("context", "ls", "--store", "../contexts")
    assert "kube-pod://bk-0?context=&namespace=&container=buildkitd" in listed.out
    assert left(cluster) == [
        "statefulsets/bk",
        "pods/bk-0",
        "configmaps/bk-config",
        "secrets/bk-secrets",
    ]
    state = (here.folder / ".envdplan/state.json").read_text()
    assert "s3cr3t" not in state + done.text + str(cluster.objects("statefulsets"))
    assert here.run("destroy", "--auto-approve").code == 0
    assert left(cluster) == []


def test_the_image_set_by_kubectl_is_drift_with_manager_and_field(
    here: Project, cluster: Cluster
) -> None:
    here.apply("-target", "builder.b")
    patch(cluster, {"image": "registry.test/buildkit:2"})
    plan = here.plan("-target", "builder.b")
    assert plan.code == 2, plan.text
    assert '"kubectl-set"' in plan.out.replace('\\"', '"')
    assert "containers[name=" in plan.out
    assert ".image" in plan.out
    here.apply("-target", "builder.b")
    assert image(cluster) == "registry.test/buildkit:1"
    assert here.plan("-target", "builder.b").code == 0


def patch(cluster: Cluster, container: dict[str, Any]) -> None:
    """As `kubectl set` does it."""
    import json
    from urllib.request import Request, urlopen

    inner = {"containers": [{"name": "buildkitd", **container}]}
    body = {"spec": {"template": {"spec": inner}}}
    url = f"{cluster.url}/apis/apps/v1/namespaces/default/statefulsets/bk"
    request = Request(
        f"{url}?fieldManager=kubectl-set",
        json.dumps(body).encode(),
        {
            "Authorization": "Bearer admin",
            "Content-Type": "application/strategic-merge-patch+json",
        },
        method="PATCH",
    )
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # whoever it is, it is ours
    with urlopen(request, context=trust) as answer:
        assert answer.status == 200


def image(cluster: Cluster) -> str:
    (pod,) = cluster.objects("pods")
    return str(pod["spec"]["containers"][0]["image"])


def test_a_failed_update_leaves_the_old_one_working_and_the_state_true(
    here: Project, cluster: Cluster
) -> None:
    here.apply("-target", "builder.b")
    state = (here.folder / ".envdplan/state.json").read_text()
    cluster.faults.missing_images.add("registry.test/none:1")
    edit(here, "registry.test/buildkit:1", "registry.test/none:1")
    done = here.run("apply", "--auto-approve", "-target", "builder.b")
    assert done.code == 1
    assert "ErrImagePull" in done.text
    assert "Check the image's name" in " ".join(done.text.split())
    assert image(cluster) == "registry.test/buildkit:1"
    edit(here, "registry.test/none:1", "registry.test/buildkit:1")
    assert here.plan("-target", "builder.b").code == 0
    assert '"image": "registry.test/buildkit:1"' in state


NEVER_READY: dict[str, tuple[Callable[[Cluster], object], str]] = {
    "no such image": (
        lambda one: one.faults.missing_images.add("registry.test/buildkit:1"),
        "ErrImagePull",
    ),
    "image may not be pulled": (
        lambda one: one.faults.never_pull.add("registry.test/buildkit:1"),
        "ErrImageNeverPull",
    ),
    "ends at once": (
        lambda one: setattr(one.faults, "crash", "could not create rootless sandbox"),
        "could not create rootless sandbox",
    ),
    "no node": (
        lambda one: setattr(one.faults, "unschedulable", "0/1 nodes: 1 Insufficient cpu."),
        "Insufficient cpu",
    ),
    "volume": (
        lambda one: setattr(one.faults, "failed_mount", 'configmap "x" not found'),
        'configmap "x" not found',
    ),
    "sandbox": (
        lambda one: setattr(one.faults, "failed_sandbox", "no runtime for gvisor"),
        "no runtime for gvisor",
    ),
    "not healthy": (
        lambda one: setattr(one.faults, "unhealthy", 'exec: "buildctl": executable file not found'),
        "is buildctl in the image?",
    ),
    "secret": (
        lambda one: setattr(one.faults, "config_error", 'secret "y" not found'),
        'secret "y" not found',
    ),
    "quota": (
        lambda one: setattr(one.faults, "quota", "failed quota: q: must specify requests.cpu"),
        "Set requests and limits as the quota wants them.",
    ),
    "pod security": (
        lambda one: one.label_namespace(
            "default", {"pod-security.kubernetes.io/enforce": "baseline"}
        ),
        "pod-security.kubernetes.io/enforce=privileged",
    ),
    "no rights": (
        lambda one: one.faults.denied.add(("create", "pods/exec")),
        "may not create pods/exec",
    ),
}


@pytest.mark.parametrize("case", NEVER_READY)
def test_what_never_gets_ready_is_told_at_once_and_leaves_nothing(
    here: Project, cluster: Cluster, case: str
) -> None:
    arrange, expected = NEVER_READY[case]
    arrange(cluster)
    edit(here, "timeout = 20", "timeout = 100000")  # so that the clock cannot be what ends it
    done = here.run("apply", "--auto-approve", "-target", "builder.b")
    assert done.code == 1, done.text
    assert expected in " ".join(done.text.split())
    assert left(cluster) == []


def test_a_pod_of_others_is_attached_to_by_name_or_by_labels(
    here: Project, cluster: Cluster, registry: Registry
) -> None:
    here.apply("-target", "builder.b")
    name = here.environment["ENVDPLAN_VAR_project"]
    for how in ('pod = "bk-0"', 'selector = "app.kubernetes.io/instance=bk"'):
        other = Project(here.folder.parent / f"attach{len(how)}", here.environment)
        (other.folder / "app").mkdir(parents=True)
        text = (
            CONFIG.split("builder ", maxsplit=1)[0]
            + f"""
builder "theirs" {{
  type = "kube-pod"
  mode = "attach"
  {how}
}}
context "c" {{
  builder         = builder.theirs
  envd_compatible = false
  use     = true
}}
build "x" {CONFIG.split('build "x"')[1]}
""".replace("/x:1", f"/x:{len(how)}")
        )
        other.write(text)
        other.apply()
        assert registry.digest(f"{name}/x", str(len(how)))
        other.assert_settled()
        other.run("destroy", "--auto-approve")
    assert "pods/bk-0" in left(cluster)


def test_a_foreign_workload_of_that_name_is_refused(here: Project, cluster: Cluster) -> None:
    here.apply("-target", "builder.b")
    other = Project(here.folder.parent / "other", here.environment)
    (other.folder / "app").mkdir(parents=True)
    other.write(CONFIG.replace('builder "b"', 'builder "a"').replace("builder.b", "builder.a"))
    edit(other, "registry.test/buildkit:1", "registry.test/buildkit:3")
    done = other.run("plan")
    assert done.code == 1
    assert "Already exists, not managed by envdplan" in done.err
    assert image(cluster) == "registry.test/buildkit:1"


def test_a_workload_that_took_the_name_of_a_recorded_one_is_let_be(
    here: Project, cluster: Cluster, kubectl: Callable[..., str]
) -> None:
    here.apply("-target", "builder.b")
    kubectl("annotate", "statefulset", "bk", "envdplan.dev/lineage=another", "--overwrite")
    edit(here, "registry.test/buildkit:1", "registry.test/buildkit:3")
    for command in (("plan",), ("builder", "stop", "b")):
        done = here.run(*command)
        assert done.code == 1, done.text
        assert "no mark of this state" in " ".join(done.err.split()), done.text
    done = here.run("destroy", "--auto-approve")
    assert "somebody else's, and stays as it is" in done.out, done.text
    assert image(cluster) == "registry.test/buildkit:1"


def test_objects_of_others_with_the_same_labels_stay_when_it_goes(
    here: Project, cluster: Cluster, kubectl: Callable[..., str]
) -> None:
    here.apply("-target", "builder.b")
    theirs = here.folder.parent / "theirs.yaml"
    theirs.write_text(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, labels: "
        "{app.kubernetes.io/instance: bk, app.kubernetes.io/name: buildkitd}}}"
    )
    kubectl("apply", "--server-side", "--validate=false", "-f", str(theirs))
    assert here.run("destroy", "--auto-approve").code == 0
    assert left(cluster) == ["configmaps/theirs"]


def test_an_unreachable_cluster_defers_the_builder_and_its_dependents(
    here: Project, cluster: Cluster
) -> None:
    here.apply()
    kubeconfig = here.folder.parent / "kubeconfig"
    kubeconfig.write_text(kubeconfig.read_text().replace(cluster.url, "http://127.0.0.1:1"))
    plan = here.plan("-replace", "build.x")
    assert plan.code == 1, plan.text
    assert "? builder.b (kube-pod), build.x (dockerfile)" in plan.out, plan.text
    assert "Connection refused" in " ".join(plan.err.split())
    kubeconfig.write_text(kubeconfig.read_text().replace("http://127.0.0.1:1", cluster.url))
    cluster.faults.expired = True
    plan = here.plan()
    assert "Error: Cluster does not accept the login" in plan.err, plan.text


def test_storage_is_kept_or_removed_with_the_builder(here: Project, cluster: Cluster) -> None:
    edit(here, "  timeout = 20", '  storage { size = "1Gi" }\n  keep_state = true\n  timeout = 20')
    here.apply("-target", "builder.b")
    assert "persistentvolumeclaims/cache-bk-0" in left(cluster)
    assert here.plan("-target", "builder.b").code == 0
    assert here.run("destroy", "--auto-approve").code == 0
    assert left(cluster) == ["persistentvolumeclaims/cache-bk-0"]
    edit(here, "keep_state = true", "keep_state = false")
    here.apply("-target", "builder.b")
    assert here.run("destroy", "--auto-approve").code == 0
    assert left(cluster) == []


def test_a_lost_state_still_knows_its_builder(here: Project) -> None:
    import shutil

    here.apply()
    shutil.rmtree(here.folder / ".envdplan")
    here.assert_settled()


def test_a_namespace_is_made_when_it_is_asked_for(here: Project, cluster: Cluster) -> None:
    edit(here, "timeout = 20", 'timeout = 20\n  namespace = "builders"')
    done = here.run("apply", "--auto-approve", "-target", "builder.b")
    assert done.code == 1
    assert "set create_namespace = true" in " ".join(done.text.split())
    assert left(cluster) == []
    edit(here, "timeout = 20", "timeout = 20\n  create_namespace = true")
    here.apply("-target", "builder.b")
    assert "builders" in [one["metadata"]["name"] for one in cluster.objects("namespaces")]
    assert here.plan("-target", "builder.b").code == 0


def test_pods_are_stopped_and_started_by_hand(here: Project) -> None:
    here.apply("-target", "builder.b")
    done = here.run("builder", "stop", "b")
    assert done.code == 0, done.text
    assert "builder.b is stopped" in done.out
    plan = here.plan("-target", "builder.b")
    assert plan.code == 2, plan.text
    assert 'status = "running" -> "stopped"' in plan.out
    assert "1 to change" in plan.out
    done = here.run("builder", "start", "b")
    assert done.code == 0, done.text
    assert "builder.b is ready" in done.out
    assert here.plan("-target", "builder.b").code == 0
