"""SSH agents in build steps, attestations of images, and frontends that are images."""

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import ACCEPT, Project, Registry
from tests.e2e.test_builds import HEAD, name

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]


@pytest.fixture
def on_unix(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    (project.folder / ".dockerignore").write_text("*\n")
    return project


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class FakeAgent:
    """Has one key, knows one request, and remembers all of them."""

    KEYS = b"\x0c\0\0\0\1" + _text(_text(b"ssh-ed25519") + _text(b"k" * 32)) + _text(b"test-key")

    def __init__(self, path: Path) -> None:
        self.asked: list[int] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with closing(connection), connection.makefile("rb") as requests:
            while size := int.from_bytes(requests.read(4), "big"):
                kind = requests.read(size)[0]
                self.asked.append(kind)
                connection.sendall(_text(self.KEYS if kind == 11 else b"\6"))


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    fake = FakeAgent(tmp_path / "agent.sock")
    yield fake
    fake.listener.close()


@pytest.fixture
def ssh_add(tmp_path: Path) -> str:
    """The real client with what it needs, as a folder; the command for a step that has it."""
    folder = tmp_path / "ssh"
    folder.mkdir()
    program = shutil.which("ssh-add")
    assert program, "install openssh-client"
    libraries = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for path in (program, *re.findall(r"(/\S+) \(0x", libraries)):
        shutil.copy(path, folder)
    loader = next(one.name for one in folder.iterdir() if one.name.startswith("ld-linux"))
    return f"/ssh/{loader} --library-path /ssh /ssh/ssh-add"


STEP = """
build "x" {
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1
    COPY --from=ssh / /ssh/
    RUN --mount=type=ssh,id=git STEP
  EOT
  contexts = { ssh = "../ssh" }
  no_cache = true
  SSH
}
"""


@pytest.mark.parametrize(
    "given", ['ssh = ["git=../agent.sock"]', 'ssh {\n id = "git"\n paths = ["../agent.sock"]\n }']
)
def test_a_step_asks_the_agent_for_its_keys(
    on_unix: Project, agent: FakeAgent, ssh_add: str, given: str
) -> None:
    step = f"{ssh_add} -l | grep -q test-key"
    on_unix.write(HEAD + STEP.replace("STEP", step).replace("SSH", given))
    on_unix.apply()
    assert agent.asked == [11]
    on_unix.assert_settled()
    on_unix.write(HEAD + STEP.replace("STEP", step).replace("SSH", given.replace("git", "other")))
    plan = on_unix.plan()
    assert "+ ssh other" in plan.out
    assert "- ssh git" in plan.out


def test_a_step_cannot_make_the_agent_forget_its_keys(
    on_unix: Project, agent: FakeAgent, ssh_add: str
) -> None:
    step = f"! {ssh_add} -D"
    on_unix.environment["SSH_AUTH_SOCK"] = str(on_unix.folder.parent / "agent.sock")
    on_unix.write(HEAD + STEP.replace("STEP", step).replace("SSH", 'ssh = ["git"]'))
    done = on_unix.apply()
    assert agent.asked == []
    assert "refused what the builder asked for: request 19 to the SSH agent" in done.out


def test_without_an_agent_no_build_is_begun(on_unix: Project, ssh_add: str) -> None:
    on_unix.write(HEAD + STEP.replace("STEP", "true").replace("SSH", 'ssh = ["git"]'))
    done = on_unix.run("apply", "--auto-approve")
    assert done.code == 1
    assert "SSH_AUTH_SOCK is not set" in " ".join(done.text.split())


def index(registry: Registry, repository: str, tag: str) -> list[dict[str, Any]]:
    """The entries of an image that is an index."""
    url = f"http://{registry.address}/v2/{repository}/manifests/{tag}"
    with urlopen(Request(url, headers={"Accept": ACCEPT})) as answer:
        entries: list[dict[str, Any]] = json.load(answer)["manifests"]
    return entries


def kinds(registry: Registry, repository: str, tag: str) -> list[str]:
    """The predicates that an image is attested with."""
    found: list[str] = []
    for entry in index(registry, repository, tag):
        if entry["platform"]["os"] == "unknown":
            url = f"http://{registry.address}/v2/{repository}/manifests/{entry['digest']}"
            with urlopen(Request(url, headers={"Accept": ACCEPT})) as answer:
                layers = json.load(answer)["layers"]
            found += [one["annotations"]["in-toto.io/predicate-type"] for one in layers]
    return found


ATTESTED = """
build "x" {
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN echo 1 > /one\\n"
  attest            = [ATTEST]
  tags              = ["${local.image}/x:TAG"]
  push              = true
}
"""
MAX = '{ type = "provenance", mode = "max" }'


def attested(attest: str, tag: str = "1") -> str:
    return HEAD + ATTESTED.replace("ATTEST", attest).replace("TAG", tag)


def test_an_image_is_pushed_with_its_provenance(on_unix: Project, registry: Registry) -> None:
    on_unix.write(attested(MAX))
    on_unix.apply()
    repository = name(on_unix, "x")
    (kind,) = kinds(registry, repository, "1")
    assert kind.startswith("https://slsa.dev/provenance/")
    digest = registry.digest(repository, "1")
    on_unix.assert_settled()
    on_unix.write(attested(MAX, "2"))
    assert on_unix.changes()["build.x"]["work"] == ["retag"]
    on_unix.apply()
    assert registry.digest(repository, "2") == digest
    on_unix.assert_settled()
    on_unix.write(attested('"type=provenance,mode=min"', "2"))
    assert "~ attestation provenance" in on_unix.plan().out
    on_unix.write(attested("", "2"))
    assert "- attestation provenance" in on_unix.plan().out


def test_another_machine_finds_an_attested_image(on_unix: Project, registry: Registry) -> None:
    on_unix.write(attested(MAX))
    on_unix.apply()
    digest = registry.digest(name(on_unix, "x"), "1")
    shutil.rmtree(on_unix.folder / ".envdplan")
    on_unix.assert_settled()
    on_unix.apply()
    assert registry.digest(name(on_unix, "x"), "1") == digest


def test_a_scanner_that_is_not_there_fails_the_build_by_its_name(on_unix: Project) -> None:
    on_unix.write(attested('"type=sbom,generator=${var.registry}/no/scanner:1"'))
    done = on_unix.run("apply", "--auto-approve")
    assert done.code == 1
    assert "no/scanner:1" in done.text
    assert "not found" in done.text


def test_an_attested_image_cannot_be_loaded_from_an_archive(on_unix: Project) -> None:
    on_unix.write(attested(MAX).replace("push              = true", "load = true"))
    done = on_unix.plan()
    assert done.code == 1
    assert "An archive for docker load holds no attestations" in " ".join(done.err.split())


ENGINE = """
variable "registry" {}
variable "project" {}
envdplan { context_store = "../contexts" }
builder "b" { type = "moby-worker" }
context "c" {
  builder = builder.b
  use     = true
}
locals { image = "${var.registry}/${var.project}" }
"""


def test_an_engine_with_the_containerd_store_attests_what_it_pushes_and_loads(
    project: Project, registry: Registry, docker: Callable[..., str]
) -> None:
    (project.folder / ".dockerignore").write_text("*\n")
    (project.folder.parent / "shared").mkdir()
    (project.folder.parent / "shared" / "a").write_text("a")
    text = ENGINE + ATTESTED.replace("ATTEST", MAX).replace("TAG", "1")
    copy = 'COPY --from=shared a /a\\n"\n  contexts = { shared = "../shared" }'
    project.write(text.replace('RUN echo 1 > /one\\n"', copy))
    project.apply()
    assert kinds(registry, name(project, "x"), "1")
    project.assert_settled()
    project.write(text.replace("push              = true", "load = true"))
    project.apply()
    project.assert_settled()
    docker("rmi", "-f", f"{registry.address}/{name(project, 'x')}:1")


def test_an_engine_with_the_old_store_attests_nothing(
    project: Project, services: Mapping[str, Any]
) -> None:
    project.environment["DOCKER_HOST"] = services["engines"]["graphdriver"]["host"]
    project.write(ENGINE + ATTESTED.replace("ATTEST", MAX).replace("TAG", "1"))
    done = project.plan()
    assert done.code == 1
    assert "This builder makes no attestations" in " ".join(done.err.split())


FRONTEND = """
build "frontend" {
  path              = "../frontend"
  dockerfile_inline = <<-EOT
    FROM scratch
    COPY dockerfile-frontend /bin/
    ENTRYPOINT ["/bin/dockerfile-frontend"]
    LABEL moby.buildkit.frontend.caps=moby.buildkit.frontend.contexts
  EOT
  tags = ["${local.image}/frontend:1"]
  push = true
}
build "x" {
  dockerfile = "Spec"
  ATTRIBUTE  = build.frontend.image
  contexts   = { shared = "../shared" }
  output {
    type = "local"
    dest = "out"
  }
}
"""


@pytest.mark.parametrize("attribute", ["frontend", "syntax"])
def test_a_frontend_is_an_image_that_reads_the_source(
    on_unix: Project, services: Mapping[str, Any], attribute: str
) -> None:
    frontend, shared = (on_unix.folder.parent / name for name in ("frontend", "shared"))
    frontend.mkdir()
    program = services["programs"].get("dockerfile_frontend")
    assert program, "these services are of an older checkout: stop them and start them anew"
    shutil.copy(program, frontend)
    shared.mkdir()
    (shared / "a").write_text("a")
    # Whatever this line says, the configuration decides.
    spec = f"# syntax={services['registries']['plain']['address']}/no/such:1\n"
    (on_unix.folder / "Spec").write_text(f"{spec}FROM scratch\nCOPY --from=shared a /b\n")
    on_unix.write(HEAD + FRONTEND.replace("ATTRIBUTE", attribute))
    assert f"{attribute} is known after apply" in on_unix.plan().out
    on_unix.apply()
    assert (on_unix.folder / "out" / "b").read_text() == "a"
    on_unix.assert_settled()


@pytest.mark.parametrize("attribute", ["frontend", "syntax"])
def test_a_frontend_that_is_not_there_fails_the_build_by_its_name(
    on_unix: Project, attribute: str
) -> None:
    on_unix.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "FROM scratch\\n"
  ATTRIBUTE         = "${var.registry}/no/frontend:1"
}
""".replace("ATTRIBUTE", attribute)
    )
    done = on_unix.run("apply", "--auto-approve")
    assert done.code == 1
    assert "no/frontend:1" in done.text
    assert "not found" in done.text
