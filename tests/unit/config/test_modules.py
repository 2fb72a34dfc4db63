"""Modules: directories with variables, resources and outputs of their own."""

from collections.abc import Mapping

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Loaded, Project, load
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.targets import scope, with_names
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError, Rejected
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Sensitive
from envdplan.language.configuration.modules import Read, Texts
from envdplan.language.functions import FUNCTIONS

IMAGE = """
variable "name" { type = string }
variable "tag" {
  default = "1"
  validation {
    condition     = var.tag != "latest"
    error_message = "Not ${var.tag}."
  }
}
variable "count" {
  type    = number
  default = 1
}
variable "secret" {
  default   = ""
  sensitive = true
}
locals { ref = "${var.name}:${var.tag}" }
build "this" {
  tags = [local.ref]
  args = { COUNT = var.count }
  push = true
}
output "ref" { value = local.ref }
output "digest" { value = build.this.digest }
output "secret" {
  value     = var.secret
  sensitive = true
}
"""


def reading(files: Mapping[str, str]) -> Read:
    def read(source: str, directory: str) -> Texts:
        place = f"{directory}/{source.removeprefix('./')}"
        if place not in files:
            raise EnvdplanError("No module there", f"{place} is not there.")
        return Texts(place, (SourceFile(f"{place}/envdplan.hcl", files[place], place),))

    return read


def loaded(text: str, **modules: str) -> Loaded:
    read = reading({f"/p/{name.replace('__', '/')}": one for name, one in modules.items()})
    project = Project((SourceFile("envdplan.hcl", text, "/p"),), "/p", modules=read)
    return load(project, CATALOG, FUNCTIONS, "0.1.0")


def desired(text: str, **modules: str) -> DesiredState:
    return loaded(text, **modules).desired


def complaints(text: str, **modules: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        desired(text, **modules)
    return [f"{one.summary}: {one.detail}" for one in caught.value.diagnostics]


def test_a_module_gets_its_variables_and_gives_its_outputs() -> None:
    found = desired(
        """
        module "web" {
          source = "./image"
          name   = "web"
          count  = "2"
        }
        build "top" { tags = ["top-of-${replace(module.web.ref, ":", "-")}:1"] }
        output "web" { value = module.web.ref }
        """,
        image=IMAGE,
    )
    inner = found.resources[Address.parse("module.web.build.this")]
    assert inner.attributes["tags"] == ("web:1",)
    assert inner.attributes["args"] == {"COUNT": "2"}
    assert inner.attributes["path"] == "/p/image"
    assert found.outputs["web"].value == "web:1"
    top = found.resources[Address.parse("build.top")]
    assert top.attributes["tags"] == ("top-of-web-1:1",)
    assert top.depends_on == ()


def test_one_module_can_be_called_twice_and_modules_call_modules() -> None:
    pair = """
    module "a" {
      source = "./image"
      name   = "a"
    }
    module "b" {
      source = "./image"
      name   = "b"
      tag    = module.a.digest == "" ? "none" : "some"
    }
    output "both" { value = [module.a.ref, module.b.ref] }
    """
    found = desired(
        'module "pair" { source = "./pair" }\noutput "both" { value = module.pair.both }',
        pair=pair,
        pair__image=IMAGE,
    )
    a, b = (Address.parse(f"module.pair.module.{one}.build.this") for one in "ab")
    assert sorted(found.resources) == [a, b]
    assert found.resources[b].depends_on == (a,)
    assert found.outputs["both"].value == ("a:1", UNKNOWN)
    again = found.resources[b].resolve
    assert again is not None
    known = again({a: {"digest": "sha256:1"}})
    assert known["tags"] == ("b:some",)


def test_a_module_sees_nothing_of_its_caller() -> None:
    found = complaints(
        'locals { x = 1 }\nmodule "m" { source = "./m" }', m='output "o" { value = local.x }'
    )
    assert found == ['Unknown name: There is nothing called "local.x" here.']


def test_marks_go_in_and_out() -> None:
    found = desired(
        """
        module "m" {
          source = "./image"
          name   = "m"
          secret = "hush"
        }
        output "o" {
          value     = module.m.secret
          sensitive = true
        }
        """,
        image=IMAGE,
    )
    assert found.outputs["o"].value == Sensitive("hush")


def test_depends_on_of_a_call_is_that_of_all_its_resources() -> None:
    found = desired(
        """
        build "base" { tags = ["base:1"] }
        module "m" {
          source     = "./image"
          name       = "m"
          depends_on = [build.base]
        }
        """,
        image=IMAGE,
    )
    inner = found.resources[Address.parse("module.m.build.this")]
    assert inner.depends_on == (Address.parse("build.base"),)


def test_groups_targets_and_moves_name_what_is_in_modules() -> None:
    found = desired(
        """
        module "m" {
          source = "./image"
          name   = "m"
        }
        build "other" { tags = ["o:1"] }
        group "all" { members = [module.m] }
        group "one" { members = [module.m.build.this] }
        moved {
          from = build.this
          to   = module.m.build.this
        }
        """,
        image=IMAGE,
    )
    inner = Address.parse("module.m.build.this")
    assert found.groups == {"all": (inner,), "one": (inner,)}
    assert found.moves == ((Address.parse("build.this"), inner),)
    state = State.new()
    options = with_names(PlanOptions(names=("module.m",)), found, state)
    assert list(scope(found, state, options) or ()) == [inner]
    with pytest.raises(EnvdplanError, match=r"There is no module\.n"):
        with_names(PlanOptions(names=("module.n",)), found, state)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('module "m" {}', "needs a source"),
        ('locals { s = "./m" }\nmodule "m" { source = local.s }', "plain string"),
        ('module "m" { source = "./gone" }', "/p/gone is not there"),
        ('module "m" { source = "./image" }', 'Module "m" needs name'),
        ('module "m" {\nsource = "./image"\nnmae = "x"\nname = "x"\n}', 'Did you mean "name"?'),
        ('module "m" {\nsource = "./image"\nname = "x"\nfor_each = {}\n}', "called once"),
        (
            'module "m" {\nsource = "./image"\nname = "x"\ncount = "many"\n}',
            "is not a valid number",
        ),
        ('module "m" {\nsource = "./image"\nname = "x"\ntag = "latest"\n}', "Not latest."),
        ('module "m" {\nsource = "./loop"\n}', "calls itself"),
        ('module "m" {\nsource = "./wide"\n}', "configures a whole project"),
        (
            'module "m" {\nsource = "./image"\nname = module.m.ref\n}',
            "module.m.var.name -> module.m.output.ref -> module.m.local.ref -> module.m.var.name",
        ),
        ('output "o" { value = module.x.y }', 'There is nothing called "module.x"'),
    ],
)
def test_what_is_wrong_with_a_call(text: str, words: str) -> None:
    found = (
        complaints(
            text,
            image=IMAGE,
            loop='module "again" { source = "./.." }',
            wide="import { to = build.x }",
        )
        if "loop" not in text
        else complaints_of_loop(text)
    )
    assert any(words in one for one in found), found


def complaints_of_loop(text: str) -> list[str]:
    def read(source: str, directory: str) -> Texts:
        del source, directory
        inner = 'module "again" { source = "./loop" }'
        return Texts("/p/loop", (SourceFile("/p/loop/envdplan.hcl", inner, "/p/loop"),))

    project = Project((SourceFile("envdplan.hcl", text, "/p"),), "/p", modules=read)
    with pytest.raises(Rejected) as caught:
        load(project, CATALOG, FUNCTIONS, "0.1.0")
    return [one.detail for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("build.x", ((), "x", None)),
        ('module.a.build.x["k"]', (("a",), "x", "k")),
        ("module.a.module.b.context.module", (("a", "b"), "module", None)),
    ],
)
def test_addresses_say_their_module(
    text: str, parts: tuple[tuple[str, ...], str, str | None]
) -> None:
    address = Address.parse(text)
    assert (address.module, address.name, address.key) == parts
    assert str(address) == text


def test_paths_can_be_said_from_the_project_and_from_the_module() -> None:
    found = desired(
        """
        module "m" { source = "./m" }
        output "o" { value = [path.root, path.module, module.m.o] }
        """,
        m='output "o" { value = [path.root, path.module] }',
    )
    assert found.outputs["o"].value == ("/p", "/p", ("/p", "/p/m"))


CHECKED = """
variable "d" {
  validation {
    condition     = !startswith(var.d, "sha256:")
    error_message = "Not ${var.d}."
  }
}
build "x" { args = { D = var.d } }
output "secret" { value = "x-${var.d}" }
"""


def test_what_is_known_late_is_validated_late() -> None:
    found = desired(
        """
        build "base" { tags = ["b:1"] }
        module "m" {
          source = "./m"
          d      = build.base.digest
        }
        """,
        m=CHECKED,
    )
    resolve = found.resources[Address.parse("module.m.build.x")].resolve
    assert resolve is not None
    base = Address.parse("build.base")
    assert resolve({base: {"digest": "other"}})["args"] == {"D": "other"}
    with pytest.raises(Rejected, match=r"Not sha256:1\."):
        resolve({base: {"digest": "sha256:1"}})


def test_a_module_need_not_know_that_it_is_given_secrets() -> None:
    text = """
    variable "pw" {
      default   = "hush"
      sensitive = true
    }
    module "m" {
      source = "./m"
      d      = var.pw
    }
    output "o" {
      value     = module.m.secret
      sensitive = true
    }
    """
    assert desired(text, m=CHECKED).outputs["o"].value == Sensitive("x-hush")
    open_text = text.replace("module.m.secret\n      sensitive = true", "module.m.secret")
    assert any("add sensitive = true" in one for one in complaints(open_text, m=CHECKED))


def test_one_mistake_makes_one_complaint() -> None:
    found = complaints(
        'module "m" { source = "./gone" }\noutput "o" { value = module.m.anything.at[0] }'
    )
    assert found == ["No module there: /p/gone is not there."]


def test_unused_names_of_a_module_are_told_once() -> None:
    text = 'module "a" { source = "./m" }\nmodule "b" { source = "./m" }'
    found = loaded(text, m="locals { nobody = 1 }").warnings
    assert [(one.summary, one.range.file.name) for one in found if one.range] == [
        ("Unused local", "/p/m/envdplan.hcl")
    ]


def test_unused_names_of_what_was_fetched_are_somebody_elses() -> None:
    inner = {"/m/far": 'module "in" { source = "./near" }\nlocals { nobody = 1 }'}

    def read(source: str, directory: str) -> Texts:
        del directory
        text = inner.get(f"/m/{source}", "locals { nobody = 1 }")
        place = f"/m/{source}"
        return Texts(place, (SourceFile(f"{place}/a.hcl", text, place),), source == "far")

    file = SourceFile("envdplan.hcl", 'module "far" { source = "far" }', "/p")
    project = Project((file,), "/p", modules=read)
    assert list(load(project, CATALOG, FUNCTIONS, "0.1.0").warnings) == []
