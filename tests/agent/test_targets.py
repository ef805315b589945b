"""Where questions may go: URLs in every spelling."""

from __future__ import annotations

import pytest

from api_server.services.agent_addresses import canonical_host, is_forbidden_host
from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_targets import TargetProblem, Targets, read_url
from api_server.services.agent_types import Target
from serving.errors import InvalidOption

METADATA = [
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.169.254.:80/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[::169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fd00:ec2::254]/",
    "http://[FD00:0EC2:0:0:0:0:0:254]/",
    "http://metadata.google.internal/",
    "http://METADATA.google.internal./",
    "http://metadata/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://１６９。２５４。１６９。２５４/",
]
ODD_SPELLINGS = [
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xA9.0xFE.0xA9.0xFE/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://169.254.169.0xfe/",
    "http://127.1:8001/",
    "http://169.254.169.254%2f@llm:8001/",
    "http://[fe80::1%25eth0]/",
]


@pytest.mark.parametrize(
    ("configured", "asked"),
    [
        ("http://llm:8001", "http://llm:8001/v1/chat/completions"),
        ("http://llm:8001/", "http://llm:8001/v1/chat/completions"),
        ("http://llm:8001/v1", "http://llm:8001/v1/chat/completions"),
        ("http://llm:8001/v1/", "http://llm:8001/v1/chat/completions"),
        ("http://LLM:8001/v1", "http://llm:8001/v1/chat/completions"),
        (" https://host/llm ", "https://host/llm/v1/chat/completions"),
        ("https://host/llm/v1", "https://host/llm/v1/chat/completions"),
        ("https://host:443/llm/v1//", "https://host/llm/v1/chat/completions"),
        ("https://host/v1beta/openai", "https://host/v1beta/openai/chat/completions"),
        ("https://host/v1/chat/completions", "https://host/v1/chat/completions"),
        ("http://[::1]:8001", "http://[::1]:8001/v1/chat/completions"),
        ("http://[0:0:0:0:0:0:0:1]:8001", "http://[::1]:8001/v1/chat/completions"),
        ("http://엘엘엠.한국", "http://xn--pi5bay.xn--3e0b707e/v1/chat/completions"),
    ],
)
def test_chat_is_asked_below_the_version(configured: str, asked: str) -> None:
    """`/v1` is added where it is missing, after any base path, and one host has one spelling."""
    endpoint = Targets(configured, "prompt_based", "").configured()
    assert endpoint.url == asked
    assert endpoint.models_url == asked.replace("chat/completions", "models")


@pytest.mark.parametrize("path", ["", "/", "/agent", "/agent/", "/v1", "/a%20b"])
def test_text_only_is_asked_exactly_there(path: str) -> None:
    """A text-only agent's URL is used as it was given."""
    endpoint = Targets(f"http://agent:9{path}", "text_only", "").configured()
    assert endpoint.url == f"http://agent:9{path or '/'}"


@pytest.mark.parametrize(
    ("url", "request_format", "agent_type"),
    [
        ("https://api.openai.com/v1", "prompt_based", "openai"),
        ("https://eu.API.openai.com", "prompt_based", "openai"),
        ("https://api.openai.com.example.org", "prompt_based", "vllm"),
        ("http://llm:8001", "prompt_based", "vllm"),
        ("https://api.openai.com/v1", "text_only", "text_agent"),
    ],
)
def test_agent_type_follows_from_host_and_format(
    url: str, request_format: str, agent_type: str
) -> None:
    """OpenAI itself is told from what is compatible with it."""
    assert Targets(url, request_format, "").configured().agent_type == agent_type


@pytest.mark.parametrize(
    "url",
    [
        "",
        "llm:8001",
        "ftp://llm",
        "file:///etc/passwd",
        "//llm",
        "http://",
        "http://:8001",
        "http://llm:0",
        "http://llm:70000",
        "http://llm:eight",
        "http://user@llm:8001",
        "http://user:secret@llm:8001",
        "http://@llm:8001",
        "http://llm:8001/?key=secret",
        "http://llm:8001?",
        "http://llm:8001/#v1",
        "http://llm:8001/v1\nHost: other",
        "http://llm:8001\\@other",
        "http://ll m:8001",
        "http://llm\t:8001",
        "http://[::1",
        "http://[zz::1]/",
        "http://-llm/",
        "http://llm..internal/",
        f"http://{'a' * 64}/",
        f"http://{'a.' * 130}com/",
        *ODD_SPELLINGS,
    ],
)
def test_unusable_urls_are_refused_by_name(url: str) -> None:
    """What cannot be asked is refused with the field's name, and without the URL."""
    with pytest.raises(TargetProblem, match=r"^AGENT_URL: ") as caught:
        read_url(url, "AGENT_URL")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://llm:8001",
        "http://LLM:8001/other/path",
        "http://llm.:8001/v1",
        "https://b.example/llm",
        "https://B.EXAMPLE:443",
        "http://127.0.0.1:9",
        "http://[::1]:8001/x",
        "http://bücher.example",
        "http://xn--bcher-kva.example/",
    ],
)
def test_listed_origins_may_be_named(url: str) -> None:
    """An origin is the same in every honest spelling, and its path is free."""
    allowed = (
        "http://llm:8001/v1, https://b.example,http://127.0.0.1:9,http://[::1]:8001,"
        "http://bücher.example"
    )
    AgentBackend(allowed_urls=allowed).check(Target(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://llm:8001",
        "http://llm:8002",
        "http://llm",
        "http://llm.evil.example:8001",
        "http://evil.example/http://llm:8001",
        "http://user@llm:8001",
        "http://llm:8001@evil.example",
        "http://llm:8001#@evil.example",
        "http://localhost:8001",
        "nonsense",
        "",
        *METADATA,
        *ODD_SPELLINGS,
    ],
)
def test_other_origins_may_not_be_named(url: str) -> None:
    """Scheme, host and port must all be listed; the answer names the field."""
    backend = AgentBackend("http://llm:8001/v1", api_key="sk-secret")
    with pytest.raises(InvalidOption, match=r"^agent_url: ") as caught:
        backend.check(Target(url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", METADATA)
def test_metadata_services_may_not_be_named_even_if_listed(url: str) -> None:
    """No list opens the way to a machine's credentials."""
    with pytest.raises(InvalidOption, match=r"^agent_url: "):
        AgentBackend(url, allowed_urls=url).check(Target(url))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "192.168.1.9", "::1", "fd00::7"])
def test_private_addresses_are_not_forbidden(address: str) -> None:
    """On premises, the LLM lives at one."""
    assert not is_forbidden_host(canonical_host(address))


def test_list_takes_the_place_of_the_default() -> None:
    """The origin of AGENT_URL may be named, unless a list says otherwise."""
    AgentBackend("http://llm:8001").check(Target("http://llm:8001/x"))
    with pytest.raises(InvalidOption):
        AgentBackend("http://llm:8001", allowed_urls="http://b").check(Target("http://llm:8001"))


def test_nothing_may_be_named_where_nothing_is_configured() -> None:
    """Without AGENT_URL and a list, a request cannot bring its own server."""
    with pytest.raises(InvalidOption, match=r"^agent_url: "):
        AgentBackend().check(Target("http://127.0.0.1:8001"))


def test_list_is_read_as_far_as_it_can_be(llm_log: pytest.LogCaptureFixture) -> None:
    """An entry that is not a URL is left out, and said to be, without repeating it."""
    backend = AgentBackend(allowed_urls="http://u:secret@a, http://b,, *")
    backend.check(Target("http://b"))
    with pytest.raises(InvalidOption):
        backend.check(Target("http://a"))
    assert "AGENT_ALLOWED_URLS: 2 not understood" in llm_log.text
    assert "secret" not in llm_log.text


def test_formats_are_checked_by_name() -> None:
    """An unknown format is the request's fault, and so named; None is no choice at all."""
    backend = AgentBackend("http://llm:8001")
    backend.check(Target(None, "text_only"))
    backend.check(Target())
    for wrong in ("", "Prompt_Based", "json"):
        with pytest.raises(InvalidOption, match=r"^request_format: one of prompt_based, text_only"):
            backend.check(Target(None, wrong))


def test_bad_settings_are_not_the_requests_fault() -> None:
    """A request that names nothing is not refused for what the settings say."""
    AgentBackend("nonsense", request_format="nonsense").check(Target())
