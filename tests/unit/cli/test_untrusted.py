"""What docs/security.md says of configurations of others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import children
from tests.silent import silent
from tests.unit.cli.running import environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    process: subprocess.Popen[str] = children.start(
        [sys.executable, "-m", "envdplan", *arguments],
        cwd=folder,
        env=environment(folder / "home", **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = process.communicate(timeout=120)
    assert "Traceback" not in said
    return process.returncode, said


def test_validate_reads_files_and_variables_and_asks_nobody(folder: Path) -> None:
    (folder / "secret").write_text("from a file")
    with silent() as host:
        (folder / "envdplan.hcl").write_text(
            f'output "d" {{ value = digest("{host.address}/a:1") }}\n'
            f'output "f" {{ value = file("{folder}/secret") }}\n'
            'check "shows" {\n  assert {\n    condition     = env("TOKEN") == ""\n'
            '    error_message = "the token is ${env("TOKEN")}"\n  }\n}\n'
        )
        code, said = run(folder, "validate", TOKEN="of the environment")
        assert host.connections == 0
    assert code == 0, said


def test_a_plan_can_be_made_to_run_a_command(folder: Path) -> None:
    """By the exec of a kubeconfig that the configuration names, as kubectl runs it."""
    (folder / "login").write_text(f"#!/bin/sh\ntouch {folder}/was-run\nexit 1\n")
    (folder / "login").chmod(0o755)
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(folder / "login"),
            "interactiveMode": "Never",
        }
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    (folder / "envdplan.hcl").write_text(
        'builder "bb" {\n  type       = "kube-pod"\n  kubeconfig = "kubeconfig"\n}\n'
    )
    assert run(folder, "validate")[0] == 0
    assert not (folder / "was-run").exists()
    run(folder, "plan")
    assert (folder / "was-run").exists()
