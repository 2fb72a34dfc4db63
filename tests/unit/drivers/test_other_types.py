"""Builders behind commands and of several nodes, as data."""

import pytest

from envdplan.clients.docker.container import ContainerSpec, Mount, Resources
from envdplan.resources.builders.container.command_engine import creation
from envdplan.resources.builders.nodes import merged
from envdplan.resources.builders.ssh import command


def test_values_of_variables_are_no_arguments() -> None:
    spec = ContainerSpec(
        image="i",
        command=("--debug",),
        environment={"TOKEN": "t0p"},
        labels={"a": "b"},
        mounts=(Mount("volume", "v", "/state"), Mount("bind", "/h", "/c", read_only=True)),
        privileged=True,
        restart_policy="always",
        resources=Resources(memory=5, cpu_quota=1, cpu_period=2),
    )
    assert list(creation("n", spec)) == [
        "--name", "n", "--label", "a=b", "--env", "TOKEN", "--volume", "v:/state", "--volume",
        "/h:/c:ro", "--privileged", "--memory", "5", "--cpu-quota", "1", "--cpu-period", "2",
        "--restart", "always", "i", "--debug",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "tail"),
    [
        ({"address": "farm"}, ["--", "farm", "buildctl", "dial-stdio"]),
        (
            {"address": "ssh://me@h:2222", "socket": "/s"},
            ["-l", "me", "-p", "2222", "--", "h", "buildctl", "--addr", "unix:///s", "dial-stdio"],
        ),
        ({"address": "h", "identity": "/k"}, ["-i", "/k", "--", "h", "buildctl", "dial-stdio"]),
    ],
)
def test_ssh_asks_no_questions(attributes: dict[str, str], tail: list[str]) -> None:
    argv = command(attributes)
    assert argv[:4] == ["ssh", "-T", "-o", "BatchMode=yes"]
    assert argv[6:] == tail


def test_a_node_takes_what_it_does_not_say_from_its_builder() -> None:
    builder = {
        "name": "b",
        "image": "i",
        "node": {"one": {"image": "j", "platforms": ("linux/amd64",)}, "two": {"image": None}},
    }
    assert merged(builder, "one") == {"name": "b-one", "image": "j"}
    assert merged(builder, "two") == {"name": "b-two", "image": "i"}
