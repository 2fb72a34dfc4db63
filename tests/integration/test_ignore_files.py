"""What ignore files leave out is what a real build by buildx leaves out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envdplan.clients.buildkit.tree.ignore import parse_ignore
from envdplan.clients.buildkit.tree.walk import walk
from envdplan.ground.diagnostics import EnvdplanError
from scripts.provision.binaries import buildx_plugin
from tests.integration.ignorefiles import kept, make_tree, random_ignore_file

pytestmark = [pytest.mark.buildx, pytest.mark.docker]
STORED = Path(__file__).parents[1] / "data" / "ignore" / "answers.json"


def asked(files: list[str], services: Mapping[str, Any], folder: Path) -> list[list[str]]:
    return kept(files, buildx_plugin(), services["engines"]["containerd"]["host"], folder)


def test_the_stored_answers_are_still_that(services: Mapping[str, Any], tmp_path: Path) -> None:
    stored = json.loads(STORED.read_text())
    answers = asked([one["ignore"] for one in stored], services, tmp_path)
    assert answers == [one["kept"] for one in stored]


def is_taken(text: str) -> bool:
    try:
        parse_ignore(text)
    except EnvdplanError:
        return False
    return True


def test_ignore_files_made_at_random_leave_out_the_same(
    services: Mapping[str, Any], tmp_path: Path
) -> None:
    files = [text for seed in range(1000, 1050) if is_taken(text := random_ignore_file(seed))]
    assert len(files) > 30
    tree = tmp_path / "tree"
    make_tree(tree)
    (tmp_path / "builds").mkdir()
    for text, answer in zip(files, asked(files, services, tmp_path / "builds"), strict=True):
        assert sorted(path for path, _ in walk(str(tree), parse_ignore(text))) == answer, text
