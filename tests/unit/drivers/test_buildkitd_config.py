"""buildkitd.toml: what is written, what is copied, and how a live one is told."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.schema import conforms
from envdplan.ground.values import Attributes, Sensitive
from envdplan.resources.builders.buildkitd_config import CONFIG, parsed, render

TEXT = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nvery secret\n-----END PRIVATE KEY-----\n"


def config(folder: Path) -> Attributes:
    (folder / "ca.pem").write_text(TEXT)
    return {
        "debug": True,
        "worker": {"oci": {"max-parallelism": 4, "gcpolicy": ({"all": True, "keepBytes": "1GB"},)}},
        "registry": {
            "reg.example:5000": {
                "mirrors": ("mirror.example",),
                "ca": (str(folder / "ca.pem"),),
                "keypair": ({"key": Sensitive(KEY), "cert": TEXT},),
            }
        },
    }


def test_certificates_are_copied_and_named_by_their_content(tmp_path: Path) -> None:
    rendered = render(config(tmp_path))
    registry = tomllib.loads(rendered.toml.decode())["registry"]["reg.example:5000"]
    names = [registry["ca"][0], registry["keypair"][0]["key"], registry["keypair"][0]["cert"]]
    contents = [rendered.files[name.removeprefix("/etc/buildkit/")] for name in names]
    assert contents == [TEXT.encode(), KEY.encode(), TEXT.encode()]
    assert registry["mirrors"] == ["mirror.example"]
    assert b"secret" not in rendered.toml


def test_what_was_written_reads_back_as_it_was_asked_for(tmp_path: Path) -> None:
    wanted = config(tmp_path)
    assert conforms(wanted, CONFIG.published())
    live = parsed(render(wanted).toml, wanted)
    # One content that was given as a file and as a text is the same certificate.
    assert live["debug"] is True
    assert live["worker"] == wanted["worker"]
    pair = live["registry"]["reg.example:5000"]["keypair"][0]
    assert pair["key"] == Sensitive(KEY)


def test_a_renewed_certificate_is_a_difference(tmp_path: Path) -> None:
    wanted: Attributes = {"registry": {"r": {"ca": (str(tmp_path / "ca.pem"),)}}}
    (tmp_path / "ca.pem").write_text(TEXT)
    before = render(wanted).toml
    assert parsed(before, wanted) == wanted
    (tmp_path / "ca.pem").write_text(TEXT.replace("abc", "def"))
    assert parsed(before, wanted) != wanted


def test_a_certificate_that_is_gone_is_told_at_once_and_hides_nothing(tmp_path: Path) -> None:
    wanted: Attributes = {"registry": {"r": {"ca": (str(tmp_path / "no.pem"),)}}}
    with pytest.raises(EnvdplanError, match=r"no\.pem, for the registry r: No such file"):
        render(wanted)
    live = parsed(b'[registry.r]\nca = ["/etc/buildkit/x.pem"]', wanted)
    assert live == {"registry": {"r": {"ca": ("/etc/buildkit/x.pem",)}}}


def test_another_file_than_any_of_ours_is_told_as_such() -> None:
    assert parsed(b"[[[", {}) == {"unreadable": True}
    assert parsed(b"a = 1.5\nb = 2.0", None) == {"a": Decimal("1.5"), "b": 2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": {}},
        {"registry": {"r": {"mirror": ("x",)}}},
        {"registry": {"r": {"keypair": ({"key": "x"},)}}},
        {"worker": {"oci": {"gcpolicy": ({"keepByte": 1},)}}},
    ],
)
def test_a_misspelt_setting_is_refused(wrong: Attributes) -> None:
    assert not conforms(wrong, CONFIG.published())
