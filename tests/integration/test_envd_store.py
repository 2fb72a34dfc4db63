"""The real envd 1.3.6 as the judge of what we write to its store, and as our neighbour in it."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from envdplan.clients.envd.commands import BUILDERS, RUNNERS, create, new_context, remove, use
from envdplan.clients.envd.contextfile import decode, encode
from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet
from envdplan.clients.envd.contexttypes import DEFINITIONS
from envdplan.clients.envd.gobtypes import Basic, Field, Slice, Struct
from envdplan.clients.envd.gobwire import CorruptGob, message_bytes, string_bytes
from envdplan.clients.envd.gobwriter import (
    slice_bytes,
    slice_definition,
    struct_bytes,
    struct_definition,
)
from envdplan.clients.envd.listing import as_json, as_table
from envdplan.clients.envd.repair import repair
from envdplan.clients.envd.store import ContextStore, default_path
from tests import children

pytestmark = pytest.mark.envd

LETTERS = "abcdefghijklmnop-_./:@?&=<> 0123456789éß世界\U0001f600"


@dataclass(frozen=True)
class Envd:
    """The real command with a home of its own."""

    program: Path
    home: Path

    @property
    def store(self) -> Path:
        return default_path({"HOME": str(self.home)})

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        environ = {"HOME": str(self.home), "PATH": os.environ["PATH"], "ENVD_ANALYTICS": "false"}
        return subprocess.run(
            [str(self.program), "context", *arguments],
            env=environ,
            capture_output=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def listed(self, form: str = "json") -> str:
        done = self("ls", "-f", form)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()


@pytest.fixture
def new_envd(envd_program: Path, envd_keys: Path, tmp_path: Path) -> Callable[[], Envd]:
    """Makes envd commands with fresh homes; the key pair saves 2 s of making one."""

    def make() -> Envd:
        made = Envd(envd_program, tmp_path / f"home{len(list(tmp_path.iterdir()))}")
        made.store.parent.mkdir(parents=True)
        for key in envd_keys.iterdir():
            target = made.store.parent / key.name
            target.write_bytes(key.read_bytes())
            target.chmod(0o600)
        return made

    return make


@pytest.fixture
def envd(new_envd: Callable[[], Envd]) -> Envd:
    return new_envd()


def random_text(source: random.Random) -> str:
    length = source.choice([1, 3, 8, 20, 130, 300])
    return "".join(source.choice(LETTERS) for _ in range(length))


def random_store(source: random.Random) -> ContextSet:
    contexts = tuple(
        Context(
            f"{number}{random_text(source)}",
            source.choice([*BUILDERS, "nonsense"]),
            random_text(source),
            source.choice(RUNNERS),
            source.choice([None, random_text(source)]),
        )
        for number in range(source.choice([1, 1, 2, 3, 10, 40]))
    )
    return ContextSet(source.choice(contexts).name, contexts)


def test_envd_reads_and_rewrites_200_random_stores_as_they_are(
    new_envd: Callable[[], Envd],
) -> None:
    neighbours = [new_envd(), new_envd()]

    def check(envd: Envd, seeds: Sequence[int]) -> None:
        for seed in seeds:
            some = random_store(random.Random(seed))
            envd.store.write_bytes(encode(some))
            assert envd.listed() == as_json(some)
            if seed % 10 == 0:
                assert envd.listed("table") == as_table(some)
            envd.store.write_bytes(encode(ContextSet("nobody", some.contexts)))
            used = envd("use", "--name", some.current)
            assert used.returncode == 0, used.stderr
            assert envd.store.read_bytes() == encode(some)

    with ThreadPoolExecutor() as pool:
        halves = [range(0, 200, 2), range(1, 200, 2)]
        for _ in pool.map(check, neighbours, halves):
            pass


def test_what_envd_writes_is_what_our_rules_give(envd: Envd) -> None:
    expected = DEFAULT
    for number, builder in enumerate(BUILDERS):
        name, address = f"c{number}", f"address{number}"
        done = envd("create", "--name", name, "--builder", builder, "--builder-address", address)
        assert done.returncode == 0, done.stderr
        context = new_context(name, builder=builder, builder_address=address)
        expected = create(expected, context)
    assert envd("create", "--name", "far", "--runner", "envd-server", "--use").returncode == 0
    expected = create(expected, new_context("far", runner="envd-server"), use=True)
    assert envd("rm", "--name", "c2").returncode == 0
    assert envd("use", "--name", "c1").returncode == 0
    expected = use(remove(expected, "c2"), "c1")
    assert envd.store.read_bytes() == encode(expected)


def test_our_first_write_is_that_of_envd(envd: Envd) -> None:
    ours = ContextStore(envd.store).change(lambda some: create(some, new_context("demo")))
    written = envd.store.read_bytes()
    envd.store.unlink()
    assert envd("create", "--name", "demo").returncode == 0
    assert envd.store.read_bytes() == written
    assert decode(written) == ours


def _store(current: str | None, names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    many = struct_definition(300, Struct("Context", tuple(Field(n, Basic.STRING) for n in names)))
    top = Struct("Any", (Field("New", 2), Field("Contexts", 70_000), Field("Current", 6)))
    elements = [struct_bytes([string_bytes(t) if t else None for t in row]) for row in rows]
    value = [
        None,
        slice_bytes(elements) if elements else None,
        string_bytes(current) if current else None,
    ]
    return b"".join(
        (
            many,
            struct_definition(500, top),
            slice_definition(70_000, "[]types.Context", Slice(300)),
            message_bytes(500, struct_bytes(value)),
            b"trailing garbage",
        )
    )


ODD_STORES = [
    _store(None, ["Name"], []),
    _store("a", ["Name"], []),
    _store("a", ["Name"], [["a"]]),
    _store("a", ["Builder", "Extra", "Name"], [["tcp", "?", "a"]]),
    _store("b", ["Name", "BuilderAddress", "RunnerAddress"], [["a", "", "r"], ["b", "x", ""]]),
    _store("a", ["Runner", "Name", "Builder"], [["envd-server", "a", "tcp"], ["", "a", "unix"]]),
    DEFINITIONS + message_bytes(64, struct_bytes([None, slice_bytes([])])),
    DEFINITIONS + message_bytes(64, struct_bytes([string_bytes(""), None])),
    DEFINITIONS + message_bytes(64, struct_bytes([None, slice_bytes([bytes([3, 0, 0])])])),
    DEFINITIONS + message_bytes(64, bytes([2, 1, 1, 1, ord("x")])),
]


@pytest.mark.parametrize("number", range(len(ODD_STORES)))
def test_odd_stores_are_read_as_envd_reads_them(envd: Envd, number: int) -> None:
    envd.store.write_bytes(ODD_STORES[number])
    assert as_json(decode(ODD_STORES[number])) == envd.listed()


def test_damaged_stores_are_judged_as_envd_judges_them(envd: Envd) -> None:
    source = random.Random(7)
    whole = encode(random_store(source).put(new_context("x", builder="tcp")))
    refused = 0
    for _ in range(80):
        damaged = bytearray(whole)
        # Half of the damage to the definitions, half anywhere.
        place = source.randrange(source.choice([len(DEFINITIONS), len(whole)]))
        damaged[place] = source.randrange(256)
        envd.store.write_bytes(damaged)
        done = envd("ls", "-f", "json")
        try:
            contexts = decode(bytes(damaged))
        except CorruptGob:
            refused += 1
            assert done.returncode == 1, damaged.hex()
        else:
            assert done.stdout.decode() == as_json(contexts), damaged.hex()
    assert 10 < refused < 70


def test_envd_reads_a_repaired_store(envd: Envd) -> None:
    some = random_store(random.Random(3)).put(new_context("x")).put(new_context("y"))
    envd.store.write_bytes(encode(some)[:-3])
    assert envd("ls").returncode == 1
    repaired = repair(envd.store, patience=0)
    assert repaired.kept is not None
    assert envd.listed() == as_json(repaired.contexts)
    assert repaired.contexts == some.remove("y")


CHANGE = """
import sys
from pathlib import Path
from envdplan.clients.envd.commands import create, new_context
from envdplan.clients.envd.store import ContextStore
for name in sys.argv[2:]:
    ContextStore(Path(sys.argv[1])).change(lambda some: create(some, new_context(name)))
"""


def start_changes(store: Path, names: Sequence[str]) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return children.start([sys.executable, "-c", CHANGE, str(store), *names], env=environ)


def stored_names(envd: Envd) -> set[str]:
    items: list[dict[str, str]] = json.loads(envd.listed())
    return {item["context"] for item in items}


def test_twelve_processes_of_ours_lose_no_change(envd: Envd) -> None:
    names = [f"c{number}" for number in range(12)]
    started = [start_changes(envd.store, [name]) for name in names]
    assert [one.wait(60) for one in started] == [0] * 12
    assert stored_names(envd) == {"default", *names}


def test_changes_beside_those_of_envd_lose_none_of_either(envd: Envd) -> None:
    assert envd("ls").returncode == 0
    ours = [f"ours{number}" for number in range(20)]
    theirs = [f"theirs{number}" for number in range(20)]
    process = start_changes(envd.store, ours)
    for name in theirs:
        done = envd("create", "--name", name)
        assert done.returncode == 0, done.stderr
    assert process.wait(60) == 0
    assert stored_names(envd) == {"default", *ours, *theirs}
    assert list(leftovers(envd)) == []


def leftovers(envd: Envd) -> Iterator[Path]:
    return envd.store.parent.glob(".contexts.*")
