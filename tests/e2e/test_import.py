"""What exists already is written down and adopted as it is: buildx's builders, envd's contexts."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.provision.binaries import buildx_plugin
from tests.e2e.conftest import Project, prepare_envd

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.envd]
Docker = Callable[..., str]


@pytest.fixture
def buildx(project: Project, services: Mapping[str, Any]) -> Iterator[Callable[..., str]]:
    """The real buildx, with a store of its own in the project's home."""
    docker = Path(project.environment["HOME"]) / ".docker"
    (docker / "cli-plugins").mkdir(parents=True)
    shutil.copy2(buildx_plugin(), docker / "cli-plugins" / "docker-buildx")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [services["programs"]["docker"], "buildx", *arguments],
            env={**project.environment, "DOCKER_CONFIG": str(docker)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    run("rm", "--all-inactive", "--force")


@pytest.fixture
def envd(project: Project, services: Mapping[str, Any], envd_keys: Path) -> Callable[..., None]:
    prepare_envd(project, envd_keys)

    def run(*arguments: str) -> None:
        subprocess.run(
            [services["programs"]["envd"], "context", *arguments],
            env={**project.environment, "ENVD_ANALYTICS": "false"},
            check=True,
            capture_output=True,
        )

    return run


def test_three_builders_of_buildx_and_five_contexts(
    project: Project,
    buildx: Callable[..., str],
    envd: Callable[..., None],
    services: Mapping[str, Any],
    docker: Docker,
) -> None:
    name = project.environment["ENVDPLAN_VAR_project"].replace("-", "")
    mtls = services["buildkitds"]["mtls"]
    image = services["images"]["buildkit"]
    config = project.folder.parent / "buildkitd.toml"
    registry = project.environment["ENVDPLAN_VAR_registry"]
    config.write_text(f'debug = true\n[registry."{registry}"]\n  http = true\n')
    buildx(
        "create", "--name", f"{name}full", "--driver", "docker-container", "--driver-opt",
        f"image={image},network=host,env.GREETING=hello,memory=1g", "--buildkitd-config",
        str(config), "--buildkitd-flags", "--debug",
    )  # fmt: skip
    container = f"buildx_buildkit_{name}full0"
    # As buildx bootstraps it, which this engine cannot do: it has no docker-init.
    docker(
        "create", "--name", container, "--privileged", "--restart", "unless-stopped", "--network",
        "host", "--env", "GREETING=hello", "--memory", "1g", "--volume",
        f"{container}_state:/var/lib/buildkit", image, "--config", "/etc/buildkit/buildkitd.toml",
        "--debug", "--allow-insecure-entitlement=network.host",
    )  # fmt: skip
    copied = project.folder.parent / "copied" / "buildkit"
    copied.mkdir(parents=True)
    shutil.copy2(config, copied / "buildkitd.toml")
    docker("cp", str(copied), f"{container}:/etc")
    docker("start", container)
    buildx(
        "create", "--name", f"{name}plain", "--driver", "docker-container", "--driver-opt",
        f"image={image}",
    )  # fmt: skip
    docker(
        "run", "--detach", "--name", f"buildx_buildkit_{name}plain0", "--privileged", "--restart",
        "unless-stopped", "--volume", f"buildx_buildkit_{name}plain0_state:/var/lib/buildkit",
        image, "--allow-insecure-entitlement=network.host",
    )  # fmt: skip
    key = f"cacert={mtls['ca']},cert={mtls['certificate']},key={mtls['key']}"
    buildx(
        "create", "--name", f"{name}far", "--driver", "remote", "--driver-opt", key,
        mtls["address"],
    )  # fmt: skip
    unix = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    envd("create", "--name", "one", "--builder", "unix", "--builder-address", unix, "--use")
    full = f"buildx_buildkit_{name}full0"
    envd("create", "--name", "two", "--builder", "docker-container", "--builder-address", full)
    envd("create", "--name", "odd name", "--builder", "tcp", "--builder-address", "10.0.0.1:8888")
    envd("create", "--name", "nerd", "--builder", "nerdctl-container", "--builder-address", "n")
    before = docker("inspect", full)
    try:
        printed = project.run("import", "--out", "-")
        assert printed.code == 0, printed.text
        assert not (project.folder / "imported.envdplan.hcl").exists()
        done = project.run("import")
        assert done.code == 0, done.text
        assert "7 blocks written to imported.envdplan.hcl" in done.out
        assert (project.folder / "imported.envdplan.hcl").read_text() == printed.out
        assert project.run("validate").code == 0
        plan = project.plan()
        assert plan.code == 0, plan.text
        assert "No changes.\nEverything is" in plan.out
        text = printed.out
        assert 'context "default"' not in text  # envd has it by itself: nobody made it
        assert f"builder = builder.{name}full" in text
        assert 'name            = "odd name"' in text or "name " in text
        assert "envd_compatible = false" in text
        assert docker("inspect", full) == before  # nothing was touched
        again = project.run("import")
        assert "nothing to import" in again.out, again.text
        assert len(project.run("state", "list").out.split()) == 7
    finally:
        for one in ("full", "plain"):
            docker("rm", "-f", "-v", f"buildx_buildkit_{name}{one}0")
            docker("volume", "rm", "-f", f"buildx_buildkit_{name}{one}0_state")


def test_an_import_block_adopts_what_differs(project: Project, envd: Callable[..., None]) -> None:
    envd("create", "--name", "demo", "--builder", "tcp", "--builder-address", "10.0.0.1:1")
    block = """
context "demo" {
  builder         = "tcp"
  builder_address = "10.0.0.2:2"
}
"""
    project.write(block)
    plan = project.plan()
    assert plan.code == 1
    assert "Already exists, not managed by envdplan" in plan.err
    project.write(block + '\nimport {\n  to = context.demo\n  id = "demo"\n}\n')
    plan = project.plan()
    assert plan.code == 2, plan.text
    assert 'builder_address = "10.0.0.1:1" -> "10.0.0.2:2"' in plan.out
    project.apply()
    project.assert_settled()


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("import { to = context.dmo }", 'Did you mean "context.demo"?'),
        ('import {\n  to = context.demo\n  id = "other"\n}', "Import id does not match the name"),
        ("import { to = context.demo.name }", "takes a whole resource"),
        ('import { id = "demo" }', "An import block needs `to`"),
        ("import {\n  to = context.demo\n  into = 1\n}", 'has no attribute "into"'),
    ],
)
def test_a_wrong_import_block_is_told(project: Project, block: str, words: str) -> None:
    project.write('context "demo" { builder = "moby-worker" }\n' + block)
    done = project.run("validate")
    assert done.code == 1
    assert words in " ".join(done.err.split())
