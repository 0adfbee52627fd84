"""Secrets of common kinds never get through; ordinary words do."""

import time

import pytest

from agents.logs.redact import RULES, redact

LONG = "q7Rz2LmX9pKv4TnB8sWd1YcF6hGj3QaE5uio"
SECRETS = {
    "aws-key": "AKIA" + "Q3EGRSLB7OXWNM5D",
    "github-token": "ghp_" + LONG,
    "gitlab-token": "glpat-" + LONG[:20],
    "slack-token": "xoxb-1234567890-" + LONG[:20],
    "stripe-key": "sk_live_" + LONG[:24],
    "openai-key": "sk-proj-" + LONG,
    "google-key": "AIza" + LONG[:35],
    "npm-token": "npm_" + LONG,
    "pypi-token": "pypi-" + LONG + LONG,
    "huggingface-token": "hf_" + LONG,
    "jwt": "eyJhbGciOiJI." + "eyJzdWIiOiIx." + LONG,
    "vault-token": "hvs." + LONG,
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_token_is_masked_wherever_it_stands(kind: str) -> None:
    text = f"2024-03-05 ERROR request failed with {SECRETS[kind]}, retrying"
    assert redact(text) == f"2024-03-05 ERROR request failed with <secret:{kind}:1>, retrying"


@pytest.mark.parametrize(
    "line",
    [
        "password=hunter2secret",
        'DB_PASSWORD: "correct horse battery"',
        "postgres://app:s3cr3t-word@db.example.org/app",
        "Authorization: Bearer abcdef0123456789abcdef",
        "Set-Cookie: sid=31d4d96e407aad42; Path=/",
        "api_key=0123456789abcdef0123",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_is_named_a_secret_is_masked(line: str) -> None:
    hidden = redact(line)
    assert "<secret:" in hidden
    assert not any(word in hidden for word in ("hunter2", "battery", "s3cr3t", "0123456789abcdef", "31d4", "MIIE"))


def test_one_secret_keeps_one_number() -> None:
    text = redact(f"{SECRETS['aws-key']} then {SECRETS['github-token']} then {SECRETS['aws-key']}")
    assert text == "<secret:aws-key:1> then <secret:github-token:2> then <secret:aws-key:1>"


@pytest.mark.parametrize(
    "line",
    [
        "password is required",
        "password: None",
        "token: 3 of 12",
        "the key=value pair",
        "tokens=1200 cost=0.4",
        "secret = os.environ['SECRET']",
        "commit 9d2f4c1e7a5b3d8f6e0c",
    ],
)
def test_ordinary_text_stays(line: str) -> None:
    assert redact(line) == line


def test_there_are_at_least_30_rules() -> None:
    assert len({rule.kind for rule in RULES}) >= 30


@pytest.mark.parametrize("text", ["secret_token_password= " * 20_000, "a" * 200_000 + "password", "x-token." * 40_000])
def test_hostile_text_takes_no_more_than_seconds(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 5
