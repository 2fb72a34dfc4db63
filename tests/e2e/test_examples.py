"""The examples as a user meets them: applied, settled, changed, lost, and taken away again."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]
Example = Callable[[str], Project]


def repository(project: Project, name: str) -> str:
    return f"{project.environment['ENVDPLAN_VAR_project']}/{name}"


@pytest.fixture
def seed(example: Example, services: Mapping[str, Any]) -> Project:
    project = example("seed")
    daemons = services["buildkitds"]
    project.environment["ENVDPLAN_VAR_tcp"] = daemons["tcp"]["address"].removeprefix("tcp://")
    socket = daemons["unix"]["address"].removeprefix("unix://")
    project.environment["ENVDPLAN_VAR_socket"] = socket
    return project


def test_the_seeds_last_command_runs_on_every_builder(seed: Project, registry: Registry) -> None:
    done = seed.apply()
    assert "Plan: 9 to add, 0 to change, 0 to destroy." in done.out
    for name in ("container", "engine", "remote", "local"):
        digest = registry.digest(repository(seed, name))
        assert digest is not None
        assert f'{name} = "{digest}"' in " ".join(done.out.split()), name
    seed.assert_settled()


def test_the_seed_runs_on_an_engine_with_the_old_image_store(
    seed: Project, registry: Registry, services: Mapping[str, Any]
) -> None:
    seed.environment["DOCKER_HOST"] = services["engines"]["graphdriver"]["host"]
    seed.apply()
    for name in ("container", "engine"):
        assert registry.digest(repository(seed, name)) is not None
    seed.assert_settled()
    shutil.rmtree(seed.folder / ".envdplan")
    seed.assert_settled()


def test_a_lost_state_changes_nothing(seed: Project) -> None:
    seed.apply()
    shutil.rmtree(seed.folder / ".envdplan")
    seed.assert_settled()
    done = seed.apply()
    assert "Resources: 0 added, 0 changed, 0 destroyed." in done.out
    seed.assert_settled()


def test_a_touched_file_is_named_and_built_once(seed: Project, registry: Registry) -> None:
    seed.apply()
    before = registry.digest(repository(seed, "remote"))
    (seed.folder / "app" / "greeting.txt").write_text("Another greeting.\n")
    plan = seed.plan()
    assert plan.code == 2
    assert plan.out.count("because ~ greeting.txt") == 4
    assert "Builds: 4 to build, 4 to push." in plan.out
    seed.apply()
    assert registry.digest(repository(seed, "remote")) != before
    seed.assert_settled()


def test_a_changed_tag_is_set_without_a_solve(seed: Project, registry: Registry) -> None:
    seed.apply()
    config = seed.folder / "envdplan.hcl"
    config.write_text(config.read_text().replace("/remote:latest", "/remote:v2"))
    plan = seed.plan()
    assert "Builds: 1 to retag." in plan.out
    done = seed.apply()
    assert "build.remote: Tagged" in done.out
    name = repository(seed, "remote")
    assert registry.digest(name, "v2") == registry.digest(name, "latest")
    seed.assert_settled()


def test_destroy_leaves_no_container_volume_or_context(
    seed: Project, docker: Callable[..., str]
) -> None:
    seed.apply()
    name = f"envdplan-{seed.environment['ENVDPLAN_VAR_project']}"
    assert name in docker("ps", "--format", "{{.Names}}")
    done = seed.run("destroy", "--auto-approve")
    assert done.code == 0, done.text
    assert "Destroy complete!" in done.out
    assert name not in docker("ps", "-a", "--format", "{{.Names}}")
    assert name not in docker("volume", "ls", "--format", "{{.Name}}")
    listed = seed.run("context", "ls", "--store", "contexts", "-f", "json")
    assert [one for one in listed.out.split('"') if one in ("container", "remote")] == []


def test_the_quickstart_settles(example: Example, registry: Registry) -> None:
    project = example("quickstart")
    config = project.folder / "envdplan.hcl"
    name = f"quickstart-{project.environment['ENVDPLAN_VAR_project']}"
    text = config.read_text().replace("envdplan-quickstart", name)
    config.write_text(text.replace("/quickstart/hello", f"/{name}/hello"))
    project.apply()
    assert registry.digest(f"{name}/hello") is not None
    project.assert_settled()
    shutil.rmtree(project.folder / ".envdplan")
    project.assert_settled()


@pytest.mark.parametrize("folder", [".", "yaml"])
def test_modules_a_matrix_and_conditions(example: Example, registry: Registry, folder: str) -> None:
    project = example("modules")
    done = project.run("-C", folder, "apply", "--auto-approve")
    assert done.code == 0, done.text
    for name, tag in (("hello", "1"), ("again", "1"), ("variant", "red-s"), ("variant", "green-l")):
        assert registry.digest(repository(project, name), tag) is not None, name
    settled = project.run("-C", folder, "plan", "--detailed-exitcode", "-target", "group.variants")
    assert settled.code == 0, settled.text
    settled = project.run("-C", folder, "plan", "--detailed-exitcode")
    assert settled.code == 0, settled.text
    (project.folder / "app" / "greeting.txt").write_text("Another greeting.\n")
    plan = project.run("-C", folder, "plan", "-target", "module.again")
    assert "module.hello.build.this" in plan.out
    assert "build.variant" not in plan.out
    assert project.run("-C", folder, "destroy", "--auto-approve").code == 0


OF_BAKE = ("REGISTRY", "PROJECT")


def test_a_saved_plan_of_bake_files_needs_nothing_that_it_was_made_with(
    example: Example, registry: Registry
) -> None:
    project = example("bake")
    around = {name: project.environment[f"ENVDPLAN_VAR_{name.lower()}"] for name in OF_BAKE}
    project.environment.update(around)
    given = ("-f", "docker-bake.hcl", "-f", "compose.yaml", "-set", "api.labels.team=ml")
    done = project.run("plan", "-out", "p", *given)
    assert done.code == 0, done.text
    files = [project.folder / name for name in ("docker-bake.hcl", "compose.yaml")]
    for file in files:
        file.rename(f"{file}.txt")
    for name in around:
        del project.environment[name]
    done = project.run("apply", "p")
    assert done.code == 0, done.text
    for name, tag in (("hello", "red"), ("hello", "green"), ("api", "1")):
        assert registry.digest(repository(project, name), tag) is not None, name
    for file in files:
        Path(f"{file}.txt").rename(file)
    project.environment.update(around)
    assert project.plan(*given).code == 0


def test_files_of_bake_are_applied_as_they_are(example: Example, registry: Registry) -> None:
    project = example("bake")
    project.environment["REGISTRY"] = project.environment["ENVDPLAN_VAR_registry"]
    project.environment["PROJECT"] = project.environment["ENVDPLAN_VAR_project"]
    project.apply("-set", "api.labels.team=ml")
    for name, tag in (("hello", "red"), ("hello", "green"), ("api", "1")):
        assert registry.digest(repository(project, name), tag) is not None, name
    assert project.plan("-set", "api.labels.team=ml").code == 0
    plan = project.plan()
    assert "because - labels.team" in plan.out
    assert "Builds: 1 to build, 1 to push." in plan.out
    done = project.run("convert", "-out", "envdplan.hcl")
    assert done.code == 0, done.text
    (project.folder / "docker-bake.hcl").unlink()
    assert project.plan("-target", "group.hello").code == 0
