from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet
from envdplan.clients.envd.listing import as_json, as_table

SOME = ContextSet(
    "demo",
    (
        *DEFAULT.contexts,
        Context("demo", "tcp", "1.2.3.4:8888", "envd-server", "http://x<y>&z:1"),
        Context("sp üü世", "kube-pod", "envd_buildkitd"),
    ),
)


TABLE = """\
| CONTEXT         BUILDER      BUILDER ADDR                  RUNNER       RUNNER ADDR     |
| default         moby-worker  moby-worker://envd_buildkitd  docker                       |
| demo (current)  tcp          tcp://1.2.3.4:8888            envd-server  http://x<y>&z:1 |
| sp üü世         kube-pod     kube-pod://envd_buildkitd     docker                       |
"""


def test_the_table_is_that_of_envd() -> None:
    assert as_table(SOME) == TABLE.replace("|", "")


def test_the_json_is_that_of_envd() -> None:
    assert as_json(SOME) == (
        '[{"context":"default","builder":"moby-worker","builder_addr":"moby-worker://envd_buildkitd'
        '","runner":"docker","current":false},{"context":"demo","builder":"tcp","builder_addr":"tcp:'
        '//1.2.3.4:8888","runner":"envd-server","runner_addr":"http://x<y>&z:1","current":true},'
        '{"context":"sp üü世","builder":"kube-pod","builder_addr":"kube-pod://envd_buildkitd",'
        '"runner":"docker","current":false}]\n'
    )


def test_no_contexts_are_an_empty_list() -> None:
    assert as_json(ContextSet("default", ())) == "[]\n"


def test_the_table_cannot_command_a_terminal() -> None:
    odd = ContextSet("x", (Context("a\x1b[31m\nb\udcff", "tcp", "h:1"),))
    table = as_table(odd)
    assert "a\\x1b[31m\\nb\\udcff" in table
    assert table.count("\n") == 2
    table.encode()


def test_the_json_escapes_as_go_does() -> None:
    odd = ContextSet("x", (Context("\u2028\x7f\x01\b\udcff\udcfe", "tcp", "h:1"),))
    assert '"context":"\\u2028\x7f\\u0001\\b\ufffd\ufffd"' in as_json(odd)
