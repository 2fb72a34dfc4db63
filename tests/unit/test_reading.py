"""Files that users name, whatever they are; JSON, however deep."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from envdplan.clients.registry.credentials import dockerconfig
from envdplan.core.plan import planfile
from envdplan.core.state import statefile
from envdplan.core.state.recorded import State
from envdplan.ground import jsontext
from envdplan.ground.checksum import seal
from envdplan.ground.diagnostics import CorruptFile, EnvdplanError
from envdplan.ground.files_on_disk import write_atomically
from envdplan.ground.reading import exists, is_dir, is_file, read_named, read_regular

DEEP = "[" * 100_000 + "]" * 100_000
LONG = "n" * 300


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 5000)
    assert read_regular(tmp_path / "a") == read_named(tmp_path / "a") == b"x" * 5000
    with pytest.raises(OSError, match="it has more than 4999 bytes"):
        read_regular(tmp_path / "a", 4999)
    assert read_named("/dev/null") == b""


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("fifo", "it is a FIFO and no file"),
        ("/dev/zero", "it is a device and no file"),
        ("/", "it is a directory"),
        (LONG, "File name too long"),
        ("a\0b", "its name holds a NUL character"),
    ],
)
def test_what_is_no_file_says_so(tmp_path: Path, what: str, why: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match=why):
        read_regular(tmp_path / what)


def test_what_has_no_end_is_refused() -> None:
    with pytest.raises(OSError, match="it has more than 1000 bytes"):
        read_named("/dev/zero", 1000)


def test_a_fifo_is_read_when_somebody_writes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OSError, match="it is a FIFO into which nobody writes"):
        read_named(fifo)
    held = os.open(fifo, os.O_RDWR)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(read_named(fifo)))
    reader.start()
    while sum(one.resolve() == fifo for one in Path("/proc/self/fd").iterdir()) < 2:
        time.sleep(0.01)  # what is written before anybody reads would go with the writer
    os.write(held, b"late")
    os.close(held)
    reader.join()
    assert found == [b"late"]


@pytest.mark.parametrize("name", [LONG, "a\0b", "x/" * 3000])
def test_a_name_that_cannot_be_names_nothing(tmp_path: Path, name: str) -> None:
    place = f"{tmp_path}/{name}"
    assert (exists(place), is_file(place), is_dir(place)) == (False, False, False)


def test_json_that_is_too_deep_is_a_wrong_value() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        jsontext.loads(DEEP)
    with pytest.raises(CorruptFile, match=r"config\.json"):
        dockerconfig.decode(DEEP, "config.json")


@pytest.mark.parametrize("deep", [DEEP, '{"a":' * 700 + "1" + "}" * 700])
def test_a_state_or_plan_that_is_too_deep_is_told(deep: str) -> None:
    content = (
        f'{{"kind": "KIND", "format_version": 1, "checksum": "x", "content": {{"a": {deep}}}}}'
    )
    with pytest.raises(CorruptFile, match="State cannot be read"):
        statefile.decode(content.replace("KIND", "state").encode(), "s", "")
    with pytest.raises(CorruptFile, match="Plan cannot be read"):
        planfile.decode(content.replace("KIND", "plan").encode(), "p")


CONTENT = {
    "lineage": "l",
    "serial": 1,
    "resources": [
        {
            "address": "context.a",
            "type": "context",
            "attributes": {},
            "depends_on": [],
            "prevent_destroy": False,
        }
    ],
    "pending": [
        {
            "address": "context.b",
            "action": "create",
            "type": "context",
            "started": "2026",
            "attributes": {},
        }
    ],
    "outputs": {},
}


@pytest.mark.parametrize("value", [None, [], [[]], [1], {}, {"a": {}}, "x", 1, -1.5, True])
@pytest.mark.parametrize("name", CONTENT)
def test_sealed_content_of_another_type_is_told(name: str, value: object) -> None:
    """As somebody makes it who edits the file and corrects its checksum."""
    data = seal("state", 1, {**CONTENT, name: value})
    with suppress(CorruptFile):
        found = statefile.decode(data, "state.json", "mend it")
        assert isinstance(found, State)
        assert isinstance(found.outputs, dict)
    if name == "outputs" and value in ([], None, "x"):
        with pytest.raises(CorruptFile, match="mend it"):
            statefile.decode(data, "state.json", "mend it")


@pytest.mark.parametrize("value", [None, [], [[]], {}, "x", 1, True])
@pytest.mark.parametrize(
    ("list", "name"),
    [(one, name) for one in ("resources", "pending") for name in CONTENT[one][0]],  # type: ignore[index]
)
def test_sealed_records_of_another_type_are_told(list: str, name: str, value: object) -> None:
    records = [{**CONTENT[list][0], name: value}]  # type: ignore[index]
    data = seal("state", 1, {**CONTENT, list: records})
    with suppress(CorruptFile):
        assert isinstance(statefile.decode(data, "state.json", "mend it"), State)


@pytest.mark.parametrize("what", ["fifo", "folder"])
def test_no_file_is_put_in_the_place_of_what_is_none(tmp_path: Path, what: str) -> None:
    """`plan -out /dev/null`, typed by root, must not take the device away; nor through a link."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(what)
    before = (tmp_path / what).stat()
    for name in (what, "link"):
        with pytest.raises(EnvdplanError, match=f"Cannot write a file(?s:.)*{name}: it is a "):
            write_atomically(tmp_path / name, b"x")
    assert (tmp_path / what).stat() == before
