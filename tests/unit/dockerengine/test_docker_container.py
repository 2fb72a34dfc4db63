from envdplan.clients.docker.container import (
    ContainerSpec,
    Mount,
    PublishedPort,
    Resources,
    container_info,
    container_summary,
    creation,
)
from envdplan.clients.docker.info import engine_info
from envdplan.clients.docker.reply import Reply

SPEC = ContainerSpec(
    image="moby/buildkit:v0.19.0",
    entrypoint=("buildkitd",),
    command=("--config", "/etc/buildkit/buildkitd.toml"),
    environment={"HTTP_PROXY": "http://u:hunter2@p"},
    labels={"dev.envdplan.address": "builder.ci"},
    mounts=(Mount("volume", "ci_state", "/var/lib/buildkit"), Mount("bind", "/c", "/d", True)),
    ports=(PublishedPort(8888, 18888),),
    network="host",
    extra_hosts=("registry:127.0.0.1",),
    privileged=True,
    init=True,
    restart_policy="unless-stopped",
    cgroup_parent="/docker/envdplan",
    security_options=("seccomp=unconfined",),
    all_gpus=True,
    resources=Resources(memory=64 << 20, cpu_quota=50_000, cpuset_cpus="0"),
)


def inspected(spec: ContainerSpec) -> Reply:
    """What the engine answers for `spec`: it adds nothing but states mounts in its own way."""
    body = creation(spec)
    mounts = [
        {
            "Type": one.type,
            "Name": one.source if one.type == "volume" else "",
            "Source": one.source if one.type == "bind" else "/var/lib/docker/x",
            "Destination": one.target,
            "RW": not one.read_only,
        }
        for one in spec.mounts
    ]
    state = {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "StartedAt": "2026"}
    networks = {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}, "none": {"IPAddress": ""}}}
    return Reply(
        {
            "Id": "abc",
            "Name": "/ci",
            "Image": "sha256:1",
            "State": state,
            "RestartCount": 2,
            "NetworkSettings": networks,
            "Mounts": mounts,
            "Config": body,
            "HostConfig": body["HostConfig"],
        }
    )


def test_a_container_reads_back_as_it_was_made() -> None:
    assert container_info(inspected(SPEC)).spec == SPEC


def test_the_state_of_a_container() -> None:
    info = container_info(inspected(SPEC))
    assert (info.id, info.name, info.state) == ("abc", "ci", "exited")
    assert (info.exit_code, info.oom_killed, info.restart_count) == (137, True, 2)
    assert info.addresses == {"bridge": "172.17.0.2"}


def test_what_is_not_said_is_left_to_the_image() -> None:
    body = creation(ContainerSpec("x"))
    assert body["Entrypoint"] is None
    assert body["Cmd"] is None


def test_the_environment_is_not_in_the_representation() -> None:
    assert "hunter2" not in repr(SPEC)


def test_an_odd_answer_reads_as_empty() -> None:
    reply = Reply.of({"State": None, "Config": [1], "HostConfig": {"Memory": "x"}, "Mounts": {}})
    info = container_info(reply)
    assert info.state == ""
    assert info.spec.resources == Resources()


def test_a_listed_container() -> None:
    one = container_summary(Reply({"Id": "1", "Names": ["/ci"], "State": "running"}))
    assert (one.name, one.state, dict(one.labels)) == ("ci", "running", {})


def test_containerd_s_store_is_known_by_its_driver_type() -> None:
    status = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert engine_info(Reply({"DriverStatus": status}), Reply({})).containerd_store
    assert not engine_info(
        Reply({"DriverStatus": [["Backing", "xfs"]]}), Reply({})
    ).containerd_store
    assert not engine_info(Reply({"DriverStatus": None}), Reply({})).containerd_store


def test_rootless_and_user_namespaces_are_security_options() -> None:
    options = ["name=seccomp,profile=builtin", "name=rootless", "name=userns"]
    info = engine_info(Reply({"SecurityOptions": options}), Reply({}))
    assert (info.rootless, info.userns) == (True, True)
