"""What needs no daemon: start-up, plans of contexts, validation, digests."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Bench, Row, Timing, program


def start(bench: Bench) -> Iterator[Row]:
    """How fast the command is there."""
    runs = bench.runs * 3
    bare = bench.time([sys.executable, "-c", "pass"], bench.folder, runs=runs)
    for flag in ("--version", "--help"):
        timing = bench.time([*bench.ours, flag], bench.folder, runs=runs)
        yield Row(flag, timing, bare, "python -c pass")
    version = bench.time([*bench.ours, "--version"], bench.folder, runs=runs)
    if terraform := program("terraform"):
        timing = bench.time([terraform, "-version"], bench.folder, runs=runs)
        yield Row("--version", version, timing, "terraform -version")


def plans(bench: Bench) -> Iterator[Row]:
    """A plan that finds nothing to do."""
    sizes = (100, 1000) if bench.quick else (100, 1000, 5000)
    for shape in ("independent", "chained"):
        for size in sizes:
            yield _plan(bench, shape, size)


MANY = 1000


def _plan(bench: Bench, shape: str, size: int) -> Row:
    folder = bench.folder / f"plan-{shape}-{size}"
    folder.mkdir()
    config = folder / "envdplan.hcl"
    # a chain is applied one by one, each in its turn: so without its references first
    for text in (_contexts(size, chained=shape, written=True), _contexts(size, chained=shape)):
        config.write_text(text)
        bench.time([*bench.ours, "apply", "--auto-approve"], folder, runs=1)
    runs = 3 if size > MANY else bench.runs
    ours = bench.time([*bench.ours, "plan", "--detailed-exitcode"], folder, runs=runs)
    what = f"no-op plan, {size:,} {shape}"
    terraform = program("terraform")
    if terraform is None or size > MANY:  # its apply of 5,000 takes many minutes
        return Row(what, ours)
    peer = bench.folder / f"terraform-{shape}-{size}"
    peer.mkdir()
    (peer / "main.tf").write_text(_terraform(size, chained=shape == "chained"))
    bench.time([terraform, "init", "-input=false"], peer, runs=1)
    bench.time([terraform, "apply", "-auto-approve", "-input=false"], peer, runs=1)
    command = [terraform, "plan", "-detailed-exitcode", "-input=false"]
    return Row(what, ours, bench.time(command, peer, runs=runs), "terraform")


def _contexts(size: int, *, chained: str = "", written: bool = False) -> str:
    """Contexts that refer to the one before, or have the same values written out."""
    blocks = ['envdplan {\n  context_store = "contexts"\n}\n']
    for number in range(size):
        linked = chained == "chained" and number
        name = f'"c{number - 1}"' if written else f"context.c{number - 1}.name"
        runner = name if linked else '"none"'
        blocks.append(
            f'context "c{number}" {{\n'
            '  builder         = "tcp"\n'
            f'  builder_address = "10.0.0.1:{number + 1}"\n'
            f'  runner_address  = "http://${{{runner}}}"\n'
            "}\n"
        )
    return "\n".join(blocks)


def _terraform(size: int, *, chained: bool) -> str:
    blocks = []
    for number in range(size):
        needed = f"terraform_data.c{number - 1}.output.n" if chained and number else '"none"'
        blocks.append(
            f'resource "terraform_data" "c{number}" {{\n'
            "  input = {\n"
            f'    n       = "{number}"\n'
            f'    address = "10.0.0.1:{number}"\n'
            f"    runner  = {needed}\n"
            "  }\n}\n"
        )
    return "\n".join(blocks)


def validate(bench: Bench) -> Iterator[Row]:
    """A large configuration."""
    folder = bench.folder / "validate"
    folder.mkdir()
    (folder / "envdplan.hcl").write_text(_builds(1700))
    lines = (folder / "envdplan.hcl").read_text().count("\n")
    ours = bench.time([*bench.ours, "validate"], folder)
    what = f"validate, {lines:,} lines of HCL"
    terraform = program("terraform")
    if terraform is None:
        yield Row(what, ours)
        return
    peer = bench.folder / "terraform-validate"
    peer.mkdir()
    (peer / "main.tf").write_text(_terraform(lines // 8, chained=False))
    bench.time([terraform, "init", "-input=false"], peer, runs=1)
    yield Row(what, ours, bench.time([terraform, "validate"], peer), "terraform")


def lines(bench: Bench) -> Iterator[Row]:
    """A first plan of many lines, and of as many resources made by one for_each."""
    size = 300 if bench.quick else 2834
    folder = bench.folder / "lines"
    folder.mkdir()
    text = _contexts(size)
    (folder / "envdplan.hcl").write_text(text)
    ours = bench.time([*bench.ours, "plan"], folder)
    what = f"first plan, {text.count(chr(10)):,} lines, {size:,} resources"
    if terraform := program("terraform"):
        peer = bench.folder / "terraform-lines"
        peer.mkdir()
        (peer / "main.tf").write_text(_terraform(size, chained=False))
        bench.time([terraform, "init", "-input=false"], peer, runs=1)
        command = [terraform, "plan", "-input=false"]
        yield Row(what, ours, bench.time(command, peer), "terraform")
    else:
        yield Row(what, ours)
    yield _for_each(bench, 100 if bench.quick else 1000)


def _for_each(bench: Bench, size: int) -> Row:
    texts = {"for-each": _one_for_each(size), "blocks": _contexts(size)}
    timings = {}
    for name, text in texts.items():
        folder = bench.folder / f"instances-{name}"
        folder.mkdir()
        (folder / "envdplan.hcl").write_text(text)
        timings[name] = bench.time([*bench.ours, "plan"], folder)
    what = f"first plan, {size:,} of one for_each"
    return Row(what, timings["for-each"], timings["blocks"], "as blocks")


def _one_for_each(size: int) -> str:
    """As many contexts as _contexts makes, from a set that is computed."""
    return (
        'envdplan {\n  context_store = "contexts"\n}\n'
        f'locals {{\n  numbers = {{ for n in range({size}) : "c${{n}}" => n }}\n}}\n'
        'context "c" {\n'
        "  for_each        = local.numbers\n"
        '  builder         = "tcp"\n'
        '  builder_address = "10.0.0.1:${each.value + 1}"\n'
        '  runner_address  = "http://none"\n'
        "}\n"
    )


def _builds(count: int) -> str:
    head = 'variable "registry" {\n  default = "localhost:5000"\n}\n\n'
    head += "locals {\n  version = 1\n}\n\n"
    return head + "\n".join(
        f'build "b{number}" {{\n'
        '  path = "./app"\n'
        "  args = {\n"
        '    BASE = "${var.registry}/base:1"\n'
        f'    N    = "{number}"\n'
        "  }\n"
        f'  tags = ["${{var.registry}}/app/b{number}:${{local.version}}"]\n'
        "  push = true\n"
        "}\n"
        for number in range(count)
    )


def contexts(bench: Bench) -> Iterator[Row]:
    """Many new contexts in one apply."""
    size = 200 if bench.quick else 1000
    folder = bench.folder / "contexts"
    folder.mkdir()
    (folder / "envdplan.hcl").write_text(_contexts(size))

    def clean() -> None:
        import shutil

        shutil.rmtree(folder / ".envdplan", ignore_errors=True)
        (folder / "contexts").unlink(missing_ok=True)

    command = [*bench.ours, "apply", "--auto-approve"]
    yield Row(f"apply of {size:,} contexts", bench.time(command, folder, runs=3, before=clean))


def digests(bench: Bench) -> Iterator[Row]:
    """The inputs of a source with many files, read and from the cache."""
    from envdplan.clients.buildkit.tree.digest import entries
    from envdplan.clients.buildkit.tree.patterns import compiled
    from envdplan.clients.buildkit.tree.statcache import StatCache

    count = 20_000 if bench.quick else 100_000
    root = many_files(bench.folder / "files", count)
    time.sleep(2.1)  # younger files are read again: see StatCache
    excluded = compiled(())

    def read(cache: StatCache | None) -> float:
        begun = time.perf_counter()
        assert sum(1 for _ in entries(str(root), excluded, cache)) == count
        if cache is not None:
            cache.save()
        return time.perf_counter() - begun

    cold = Timing(tuple(read(None) for _ in range(3)))
    yield Row(f"digest of {count:,} files, read", cold)
    read(StatCache(bench.folder / "cache", str(root)))
    warm = Timing(tuple(read(StatCache(bench.folder / "cache", str(root))) for _ in range(5)))
    yield Row(f"digest of {count:,} files, from the cache", warm, cold, "reading")


def many_files(root: Path, count: int, size: int = 100) -> Path:
    """`count` files of `size` bytes in folders of 500."""
    if root.exists():
        return root
    for number in range(count):
        folder = root / f"d{number // 500}"
        if number % 500 == 0:
            folder.mkdir(parents=True)
        (folder / f"f{number}").write_bytes(f"{number:0{size}}".encode())
    return root
