"""The name under which a builder keeps what it was sent."""

import socket

import pytest

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.clients.buildkit.session.sharedkey import shared_key


def test_the_shared_key_names_the_machine_and_all_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    app, model = LocalDirectory("context", "/app"), LocalDirectory("model", "/models/a")
    key = shared_key([app, model])
    assert key == shared_key([model, app])
    others = [
        shared_key([app]),
        shared_key([app, LocalDirectory("model", "/models/b")]),
        shared_key([LocalDirectory("context", "/models/a"), LocalDirectory("model", "/app")]),
    ]
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    others.append(shared_key([app, model]))
    assert len({key, *others}) == 5
    assert not any("app" in one for one in (key, *others))
