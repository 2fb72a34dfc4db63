"""What the texts of module sources mean, and which are refused."""

import pytest

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.modules.source import Archive, Git, Local, Source, parse
from envdplan.modules.urls import SecretInSource

SUM = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("./network", Local("./network")),
        ("../shared/network", Local("../shared/network")),
        ("/srv/modules/network", Local("/srv/modules/network")),
        ("git::https://h.io/o/r", Git("https://h.io/o/r")),
        ("git::https://H.io/O/r.git//a/b?ref=v1.2", Git("https://h.io/O/r.git", "a/b", "v1.2")),
        ("git::https://h.io/r?ref=feature%2Fx+1", Git("https://h.io/r", "", "feature/x+1")),
        ("git::https://h.io/r?depth=20&ref=abc1234", Git("https://h.io/r", "", "abc1234", 20)),
        ("git::ssh://git@h.io:2222/r.git", Git("ssh://git@h.io:2222/r.git")),
        ("git::file:///srv/r//a//b/./", Git("file:///srv/r", "a/b")),
        ("git::http://localhost:3000/r", Git("http://localhost:3000/r")),
        ("git@h.io:o/r.git//a?ref=v1", Git("ssh://git@h.io/o/r.git", "a", "v1")),
        ("git::git@h.io:o/r", Git("ssh://git@h.io/o/r")),
        ("ssh://git@h.io/o/r", Git("ssh://git@h.io/o/r")),
        ("https://h.io/o/r.git", Git("https://h.io/o/r.git")),
        ("github.com/o/r", Git("https://github.com/o/r.git")),
        ("github.com/o/r.git//a/b?ref=v1", Git("https://github.com/o/r.git", "a/b", "v1")),
        ("https://h.io/m.tar.gz", Archive("https://h.io/m.tar.gz")),
        ("https://h.io/M.ZIP//a?v=1", Archive("https://h.io/M.ZIP?v=1", "a")),
        ("https://h.io/m.tgz?ref=main", Archive("https://h.io/m.tgz?ref=main")),
        (f"https://h.io/m.tar.xz?checksum={SUM}", Archive("https://h.io/m.tar.xz", "", SUM)),
        ("https://h.io/-/archive/m.zip", Archive("https://h.io/-/archive/m.zip")),
        ("file:///srv/m.tar.bz2", Archive("file:///srv/m.tar.bz2")),
        ("http://127.0.0.1:8000/m.zip", Archive("http://127.0.0.1:8000/m.zip")),
    ],
)
def test_a_source_means_a_folder_a_repository_or_an_archive(text: str, source: Source) -> None:
    assert parse(text) == source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("network", "write ./network"),
        ("a/b", "write ./a/b"),
        ("org/network/aws", "Terraform's module registries"),
        ("registry.io/org/network/aws", "git::https://registry.io/org/network/aws"),
        ("", "It is empty"),
        ("..", "write ../."),
        ("~/network", "~ is not supported"),
        ("./network?ref=v1", "has no versions"),
        ("s3::https://h.io/m.zip", "s3::"),
        ("https://h.io/network", "Put git:: before it"),
        ("https://h.io/m.tar.zst", "offer it as .tar.gz"),
        ("http://h.io/m.zip", "Use https://"),
        ("git::http://h.io/r", "Use https://"),
        ("git::http://localhost.h.io/r", "Use https://"),
        ("ftp://h.io/m.zip", "ftp:// is not supported"),
        ("git::ext::sh", "is a URL"),
        ("git::ext://sh", "ext:// is not supported"),
        ("git::--upload-pack=touch", "is a URL"),
        ("git::ssh://-oProxyCommand=touch/r", "starts with a hyphen"),
        ("git::ssh://h.io/-r", "starts with a hyphen"),
        ("git::https://h.io/r?ref=-v", "cannot be a ref"),
        ("git::https://h.io/r?ref=--upload-pack%3Dx", "cannot be a ref"),
        ("git::https://h.io/r?ref=%2Ba:b", "cannot be a ref"),
        ("git::https://h.io/r?ref=a..b", "cannot be a ref"),
        ("git::https://h.io/r?ref=a%0Ab", "cannot be a ref"),
        ("git::https://h.io/r?ref=", "cannot be a ref"),
        ("git::https://h.io/r?ref=a&ref=b", "given twice"),
        ("git::https://h.io/r?rev=a", 'Did you mean "ref"?'),
        ("git::https://h.io/r?depth=0", "cannot be a depth"),
        ("git::https://h.io/r?depth=x", "cannot be a depth"),
        ("https://h.io/m.zip?checksum=md5:00", "sha256:"),
        ("https://h.io/m.zip//a/../../b", "no .."),
        ("git::https://h.io/r#x", "nothing behind a #"),
        ("git::https://h.io/a b", "a space"),
        ("git::https://h.io/\x1b[2J", "cannot be printed"),
        ("git::https://[h/r", "not a proper URL"),
        ("git::https://h.io:port/r", "not a proper URL"),
        ("file://m.zip", "absolute path"),
        ("github.com/o", "github.com/OWNER/REPOSITORY"),
        ("github.com/o/r/a", "//FOLDER"),
    ],
)
def test_what_cannot_be_a_source_says_how_to_write_it(text: str, words: str) -> None:
    with pytest.raises(EnvdplanError) as caught:
        parse(text)
    assert words in caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "git::https://user:hunter2@h.io/r",
        "git::https://hunter2@h.io/r",
        "git::ssh://user:hunter2@h.io/r",
        "https://user:hunter2@h.io/m.zip",
        "https://h.io/m.zip?token=hunter2",
        "https://h.io/m.zip?a=b&X-Amz-Signature=hunter2",
        "git::https://h.io/r?sshkey=hunter2",
        "git::file://user:hunter2@localhost/r",
    ],
)
def test_a_login_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SecretInSource) as caught:
        parse(text)
    assert "hunter2" not in str(caught.value)


def test_sources_of_one_package_have_one_key() -> None:
    both = [parse("github.com/o/r//a?ref=v1"), parse("git::https://GitHub.com/o/r.git?ref=v1")]
    assert {one.key for one in both if not isinstance(one, Local)} == {
        "git::https://github.com/o/r.git?ref=v1"
    }
    plain, checked = parse("https://h.io/m.zip"), parse(f"https://h.io/m.zip?checksum={SUM}")
    assert isinstance(plain, Archive)
    assert isinstance(checked, Archive)
    assert plain.key != checked.key


@pytest.mark.parametrize(
    "text",
    ["./a", "git::https://h.io/r//a?ref=v1", f"https://h.io/m.zip//a?v=1&checksum={SUM}"],
)
def test_a_source_is_shown_as_it_can_be_written(text: str) -> None:
    assert str(parse(text)) == text
