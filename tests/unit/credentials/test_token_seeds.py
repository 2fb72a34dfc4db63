"""Seeds of token keys, shared with buildx by a file."""

import json
import stat
from base64 import b64encode
from pathlib import Path

from envdplan.clients.registry.credentials import TokenSeeds


def test_a_seed_stays_the_same_for_a_host_and_differs_between_hosts(tmp_path: Path) -> None:
    seeds = TokenSeeds(tmp_path)
    assert seeds.seed("r.io") == seeds.seed("r.io") == TokenSeeds(tmp_path).seed("r.io")
    assert seeds.seed("r.io") != seeds.seed("s.io")


def test_a_seed_of_buildx_is_used_and_kept(tmp_path: Path) -> None:
    stored = {"r.io": {"Seed": b64encode(b"0123456789abcdef").decode()}}
    (tmp_path / ".token_seed").write_text(json.dumps(stored))
    assert TokenSeeds(tmp_path).seed("r.io") == b"0123456789abcdef"
    TokenSeeds(tmp_path).seed("s.io")
    kept = json.loads((tmp_path / ".token_seed").read_text())
    assert kept["r.io"] == stored["r.io"]
    assert set(kept) == {"r.io", "s.io"}


def test_only_the_user_can_read_the_file(tmp_path: Path) -> None:
    TokenSeeds(tmp_path).seed("r.io")
    assert stat.S_IMODE((tmp_path / ".token_seed").stat().st_mode) == 0o600


def test_a_directory_that_cannot_be_made_gives_a_seed_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seeds = TokenSeeds(tmp_path / "file" / "docker")
    assert seeds.seed("r.io") == seeds.seed("r.io")
    assert len(seeds.seed("r.io")) == 16


def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"r.io": 3}', '{"r.io": {"Seed": "!"}}', '{"r.io": {"Seed": ""}}'):
        (tmp_path / ".token_seed").write_text(text)
        seed = TokenSeeds(tmp_path).seed("r.io")
        assert TokenSeeds(tmp_path).seed("r.io") == seed
        assert len(seed) == 16
