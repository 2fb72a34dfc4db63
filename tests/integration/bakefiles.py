"""Bake files made at random: every attribute, inheritance, matrices, groups, overrides."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Make = Callable[[], str]

_HEAD = """\
variable "V" { default = "v" }
variable "W" { default = null }
variable "N" { default = 3 }
variable "L" {
  type    = list(string)
  default = ["l", "m"]
}
cond = N > 2 ? "yes" : "no"
x    = "${V}x"
"""
_TEXTS = (
    '"a"', '"c:1"', '""', "V", "upper(V)", '"${V}-x"', "W", "N", "null", "true", "1.5", "L[0]",
    'join("-", L)', 'format("%s", V)', "cond", "x", "target.t0.context", "target.t1.name",
)  # fmt: skip
_STRINGS = ('"a"', '"b"', '""', "V", '"${N}"', "1", "true")
_ENTRIES: Mapping[str, tuple[str, ...]] = {
    "cache-from": ('"a"', '"a,b"', '""', '"type=gha"', '{ type = "registry", ref = "a" }'),
    "cache-to": ('"a"', '"type=local,dest=x"', '{ dest = "x", type = "local" }'),
    "output": ('"type=image,push=true"', '"type=docker"', '"./out"', '"type=registry"', '""'),
    "secret": ('"id=a,env=HOME"', '{ id = "a", env = "PATH" }', '"type=env,id=b,src=HOME"'),
    "attest": ('"type=sbom"', '"type=provenance,mode=max"', '"type=sbom,disabled=true"'),
    "platforms": ('"linux/amd64"', '"linux/arm64"', '""'),
    "entitlements": ('"network.host"', '"security.insecure"', '""'),
    "annotations": ('"a=b"', '"c=d"', '""'),
    "ulimits": ('"nofile=1"', '"nproc=2"'),
}
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "network": ('"host"', '"none"', "null", '""'),
    "pull": ("true", "false", "null", '"1"'),
    "no-cache": ("true", "cond == W"),
    "shm-size": ('"1g"', "64", "null"),
    "description": _STRINGS,
}
_SETS = (
    "tags=s", "tags+=s", "args.A=s", "args.HOME", "cache-from=s", "cache-from+=type=local,src=s",
    "output=type=docker", "output=", "push=true", "push=false", "load=true", "platform=linux/s390x",
    "contexts.a=", "entitlements=network.host", "annotations=z=z", "attest=type=sbom", "labels.q=s",
    "context=c", "dockerfile=d", "pull=false", "target=z", "secrets=id=z,env=HOME", "cache-to=",
)  # fmt: skip
_ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "V": ("env", ""),
    "N": ("1", "2.50", "none"),
    "L": ("z", 'y,"q,r"', ""),
    "L_JSON": ('["j"]', "[]", "[1"),
}


@dataclass
class BakeFile:
    """One file, and how bake is called with it."""

    text: str
    environment: dict[str, str] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


def random_file(seed: int) -> BakeFile:
    """A file that is the same for the same seed."""
    return _Maker(random.Random(seed)).file()


@dataclass
class _Maker:
    chance: random.Random
    count: int = 0

    def file(self) -> BakeFile:
        self.count = self.chance.randint(1, 5)
        blocks = [self.target(f"t{number}") for number in range(self.count)]
        if self.count > 2 and self.chance.random() < 0.3:
            blocks.append(self.target("t2"))
        blocks.append(self.target("m", '  name = "m-${v}"\n  matrix = { v = ["p", "q"] }\n'))
        blocks.append(f'group "g" {{ targets = {self.listed(self.name)} }}\n')
        self.chance.shuffle(blocks)
        some = self.chance.sample(_SETS, self.chance.choice((0, 0, 1, 2)))
        return BakeFile(
            _HEAD + "".join(blocks),
            {name: self.one(all) for name, all in _ENVIRONMENT.items() if self.likely(0.2)},
            [f"{self.one(('*', 't0', 't*', 't?'))}.{one}" for one in some],
            list(self.one((("t*",), ("*",), ("t0",), ("g",)))),
        )

    def one(self, choices: tuple[Make | str | tuple[str, ...], ...]) -> str:
        return self.chance.choice(choices)  # type: ignore[return-value]  # strings, as it is used

    def likely(self, probability: float) -> bool:
        return self.chance.random() < probability

    def name(self) -> str:
        return self.one((f'"t{self.chance.randrange(self.count)}"', '"m"', '"g"'))

    def parent(self) -> str:
        return f'"t{self.chance.randrange(self.count)}"'

    def listed(self, item: Make, most: int = 3) -> str:
        return f"[{', '.join(item() for _ in range(self.chance.randint(0, most)))}]"

    def mapped(self) -> str:
        keys = self.chance.sample(("A", "B", '"d.e"'), self.chance.randint(0, 3))
        return f"{{ {', '.join(f'{key} = {self.one(_TEXTS)}' for key in keys)} }}"

    def target(self, name: str, first: str = "") -> str:
        lines = [f"  {key} = {value}\n" for key, value in self.attributes().items()]
        return f'target "{name}" {{\n{first}{"".join(lines)}}}\n'

    def attributes(self) -> dict[str, str]:
        made: dict[str, str] = {}
        for key in ("context", "dockerfile", "target", "dockerfile-inline"):
            made |= {key: self.one(_TEXTS)} if self.likely(0.15) else {}
        for key in ("args", "labels", "extra-hosts"):
            made |= {key: self.mapped()} if self.likely(0.2) else {}
        for key in ("tags", "no-cache-filter"):
            made |= {key: self.listed(lambda: self.one(_STRINGS))} if self.likely(0.3) else {}
        for key, entries in _ENTRIES.items():
            made |= {key: self.listed(lambda: self.one(entries))} if self.likely(0.2) else {}  # noqa: B023  used at once
        for key, values in _PLAIN.items():
            made |= {key: self.one(values)} if self.likely(0.1) else {}
        link = f'{{ a = "target:t{self.chance.randrange(self.count)}" }}'
        made |= (
            {"contexts": self.one((link, '{ a = "./x" }', '{ a = "" }'))}
            if self.likely(0.15)
            else {}
        )
        return made | ({"inherits": self.listed(self.parent)} if self.likely(0.4) else {})
