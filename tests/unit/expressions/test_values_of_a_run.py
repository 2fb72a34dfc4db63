"""Functions without a fixed answer: a plan and its apply get the same one, other plans another."""

import base64
from dataclasses import replace

import bcrypt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Sensitive, Value
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import parse_expression

CONFIGURATION = """
locals { id = uuid() }
context "c" {
  builder         = "tcp"
  builder_address = "h:1"
}
build "x" {
  for_each = toset(["a", "b"])
  context  = context.c
  tags     = ["r/x:${each.key}"]
  args = {
    ID   = uuid()
    SAME = local.id
    TIME = timestamp()
    HASH = bcrypt("p", 4)
  }
}
"""
PROJECT = Project((SourceFile("envdplan.hcl", CONFIGURATION, "/p"),), "/p")
A, B = Address.parse('build.x["a"]'), Address.parse('build.x["b"]')


def value(text: str, seed: str = "s", **names: Value) -> Value:
    expression, problems = parse_expression(text, SourceFile("<test>", text))
    assert expression is not None, [one.detail for one in problems]
    context = Context(Names(names), FUNCTIONS, seed=seed, started=1769860800.5)
    return evaluate(expression, context)


def args(project: Project) -> dict[Address, Value]:
    loaded = load(project, CATALOG, FUNCTIONS, "0")
    return {one: loaded.desired.resources[one].attributes["args"] for one in (A, B)}


def test_evaluating_again_gives_the_same() -> None:
    loaded = load(PROJECT, CATALOG, FUNCTIONS, "0")
    again = loaded.evaluation.again({}).resolve(A)
    assert again["args"] == loaded.desired.resources[A].attributes["args"]


def test_another_plan_gives_others() -> None:
    one, other = args(PROJECT)[A], args(replace(PROJECT, seed="other", started=0.0))[A]
    assert {name for name in one if one[name] == other[name]} == set()


def test_each_instance_has_its_own_uuid_but_a_local_is_one() -> None:
    found = args(PROJECT)
    assert found[A]["ID"] != found[B]["ID"]
    assert found[A]["SAME"] == found[B]["SAME"]


@pytest.mark.parametrize(
    "text",
    [
        "[uuid(), uuid(), uuidv4()]",
        "[for x in [1, 1] : uuid()]",
        "flatten([for x in [1, 1] : [for y in [1, 1] : uuid()]])",
        "values({ for x in [1, 2] : x => uuid() })",
    ],
)
def test_each_evaluation_of_a_call_in_a_loop_has_its_own_uuid(text: str) -> None:
    found = value(text)
    assert len(set(found)) == len(found)
    assert found == value(text)
    assert set(found).isdisjoint(value(text, seed="other"))


def test_a_uuid_says_that_it_is_random() -> None:
    assert value('regex("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]", uuid()) != null')


def test_the_moment_is_that_of_the_plan() -> None:
    assert value("timestamp()") == "2026-01-31T12:00:00Z" == value("plantimestamp()")


def test_bcrypt_makes_what_others_check() -> None:
    made = value('bcrypt("pässword", 4)')
    assert bcrypt.checkpw("pässword".encode(), made.encode())
    assert value('bcrypt("x")').startswith("$2a$10$")
    assert made != value('bcrypt("pässword", 4)', seed="other")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'bcrypt("{"x" * 73}")', "more than 72 bytes"),
        ('bcrypt("x", 3)', "from 4 to 31"),
        ('bcrypt("x", 4.5)', "from 4 to 31"),
        ('rsadecrypt("AA==", "x")', "not a private key in PEM form"),
        ('rsadecrypt("?", "x")', "not base64"),
        ("git()", "git information about"),
        ('templatestring("a $${", {})', "Usage: templatestring"),
        ('templatestring("$${x}", {})', 'nothing called "x"'),
        ('templatestring("$${templatestring(\\"\\", {})}", {})', "no function"),
        ('base64gunzip("aGk=")', "not base64 of gzip"),
        ("unixtimestampparse(1e15)", "out of range"),
        ("unixtimestampparse(1.5)", "whole number"),
        ('formattimestamp("YYYY", [])', "a number is required"),
        ('convert("x", number)', "a number is required"),
        ('convert("x", lisst(string))', "list"),
        ("convert(1)", "exactly 2 arguments"),
    ],
)
def test_a_mistake_is_told(text: str, words: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert words in caught.value.diagnostic.detail


def test_what_was_encrypted_for_a_key_is_decrypted() -> None:
    key = rsa.generate_private_key(65537, 2048)
    sent = base64.b64encode(key.public_key().encrypt("héllo".encode(), padding.PKCS1v15()))
    for form in (
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.PrivateFormat.PKCS8,
        serialization.PrivateFormat.OpenSSH,
    ):
        pem = key.private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        ).decode()
        found = value("rsadecrypt(sent, key)", sent=sent.decode(), key=Sensitive(pem))
        assert found == Sensitive("héllo")


def test_a_key_with_a_password_or_of_another_kind_is_told() -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"p"),
    ).decode()
    with pytest.raises(EvaluationError, match="the key has a password"):
        value('rsadecrypt("AA==", key)', key=pem)


def test_the_parts_of_a_unix_timestamp() -> None:
    assert value("unixtimestampparse(1690328596)") == {
        "day": 25,
        "hour": 23,
        "iso_week": 30,
        "iso_year": 2023,
        "minute": 43,
        "month": 7,
        "month_name": "July",
        "rfc3339": "2023-07-25T23:43:16Z",
        "second": 16,
        "weekday": 2,
        "weekday_name": "Tuesday",
        "year": 2023,
        "year_day": 206,
    }
    assert value('formattimestamp("hh:mm", "0")') == "00:00"
    assert value('formattimestamp("hh:mm", "2026-01-31T12:30:00Z")') == "12:30"


def test_convert_keeps_marks() -> None:
    assert value("convert(x, string)", x=Sensitive(1)) == Sensitive("1")
    with pytest.raises(EvaluationError) as caught:
        value("convert(x, number)", x=Sensitive("s3cr3t"))
    assert "s3cr3t" not in caught.value.diagnostic.detail


def test_git_is_asked_about_the_folder_of_the_file() -> None:
    asked: list[str] = []

    def repository(directory: str) -> dict[str, Value]:
        asked.append(directory)
        return {"short": "c0ffee1"}

    text = 'locals { tag = git().short }\noutput "t" { value = local.tag }\n'
    project = Project((SourceFile("envdplan.hcl", text, "/p/q"),), "/p")
    loaded = load(replace(project, repository=repository), CATALOG, FUNCTIONS, "0")
    assert loaded.desired.outputs["t"].value == "c0ffee1"
    assert set(asked) == {"/p/q"}
    with pytest.raises(Rejected):
        load(project, CATALOG, FUNCTIONS, "0")
