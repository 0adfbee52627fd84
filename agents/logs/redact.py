"""Keep secrets out of everything that is quoted: keys, tokens, passwords become `<secret:kind:n>`."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret. `keywords`: one of them stands, lower-cased, in any text the pattern can match.

    The group `secret`, where the pattern has one, is the part that is replaced.
    """

    kind: str
    keywords: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(kind: str, keywords: str, pattern: str, flags: int = 0) -> Rule:
    return Rule(kind, tuple(keywords.split()), re.compile(pattern, flags))


_VALUE = r"(?P<secret>[^\s\"'`,;&<>]{{{0},400}})"

RULES: tuple[Rule, ...] = (
    _rule("private-key", "private", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"),
    _rule("aws-key", "akia asia abia acca", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    _rule("aws-secret", "aws", r"(?i)aws.{0,20}?(?:secret|key).{0,20}?[=:]\s*[\"']?(?P<secret>[A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])"),
    _rule("github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})\b"),
    _rule("gitlab-token", "glpat- glptt- gldt- glrt-", r"\bgl(?:pat|ptt|dt|rt|cbt|soat)-[\w-]{20,}"),
    _rule("slack-token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _rule("slack-webhook", "hooks.slack.com", r"https://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w/+-]{20,})"),
    _rule("discord-webhook", "discord", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[\w-]{30,})"),
    _rule("stripe-key", "sk_live sk_test rk_live rk_test whsec_", r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})"),
    _rule("openai-key", "sk-", r"\bsk-(?:proj-|svcacct-|admin-|ant-\w+-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    _rule("google-key", "aiza", r"\bAIza[\w-]{35}"),
    _rule("google-oauth", "gocspx- ya29.", r"\b(?:GOCSPX-[\w-]{28}|ya29\.[\w-]{20,})"),
    _rule("azure-key", "accountkey sharedaccesskey sig=", r"(?i)(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/=]{40,})"),
    _rule("azure-sas", "sig=", r"[?&]sig=(?P<secret>[A-Za-z0-9%+/=]{30,})"),
    _rule("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    _rule("npm-auth", "_authtoken", r"_authToken\s*=\s*(?P<secret>[\w./+=-]{16,})"),
    _rule("pypi-token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    _rule("docker-token", "dckr_", r"\bdckr_(?:pat|oat)_[\w-]{20,}"),
    _rule("huggingface-token", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
    _rule("sendgrid-key", "sg.", r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}"),
    _rule("mailgun-key", "key-", r"\bkey-[0-9a-f]{32}\b"),
    _rule("twilio-key", "sk", r"\bSK[0-9a-f]{32}\b"),
    _rule("telegram-token", ":aa", r"\b\d{8,10}:AA[\w-]{32,35}"),
    _rule("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    _rule("vault-token", "hvs. hvb. s.", r"\bhv[sbr]\.[\w-]{24,}"),
    _rule("databricks-token", "dapi", r"\bdapi[0-9a-f]{32}\b"),
    _rule("shopify-token", "shp", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    _rule("linear-key", "lin_api_", r"\blin_api_[A-Za-z0-9]{30,}"),
    _rule("age-key", "age-secret-key-", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
    _rule("jwt", "eyj", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    _rule("authorization", "authorization", r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|digest|apikey|negotiate)\s+)?" + _VALUE.format(8)),
    _rule("bearer", "bearer", r"(?i)\bbearer\s+(?P<secret>[\w.~+/=-]{16,})"),
    _rule("cookie", "cookie", r"(?i)\b(?:set-)?cookie[\"']?\s*:\s*[\"']?(?P<secret>[^\s\"'][^\n\"']{6,2000})"),
    _rule("session", "session sess csrf", r"(?i)\b(?:session(?:_?id)?|sessid|phpsessid|jsessionid|csrf_?token|csrfmiddlewaretoken)[\"']?\s*[=:]\s*[\"']?(?P<secret>[\w.~+/=%-]{16,})"),
    _rule("url-password", "://", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,100}:(?P<secret>[^\s/@\"'<>]{1,200})@"),
    _rule("password", "passw pwd passphrase", r"(?i)\b[\w.-]{0,40}?(?:password|passwd|passphrase|pwd)[\"']?\s*(?:=>|[=:])\s*(?:[\"'](?P<secret>[^\"'\n]{3,200})[\"']|(?P<bare>[^\s\"'`,;&<>(){}\[\]]{4,200}))"),
    _rule("secret", "secret token api_key apikey api-key access_key access-key accesskey private_key auth_key credential", r"(?i)\b[\w.-]{0,40}?(?:secret(?:_?key)?|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|credentials?)[\"']?\s*(?:=>|[=:])\s*[\"']?(?P<secret>(?=[\w.~+/=%-]{0,60}\d)[\w.~+/=%-]{12,400})"),
)  # fmt: skip

_HARMLESS = re.compile(
    r"(?i)^(?:none|null|true|false|undefined|\*+|x+|<.*>?|\$\{.*|%\(.*|\{.*|str|string|bytes|required|missing|invalid|expired|wrong|incorrect|empty|changed|reset|field)\W*$"
)


def redact(text: str) -> str:
    """Return `text` with every secret replaced; the same secret gets the same number within one text."""
    lowered = text.lower()
    numbers: dict[str, int] = {}
    for rule in RULES:
        if any(keyword in lowered for keyword in rule.keywords):
            text = _replaced(rule, text, numbers)
    return text


def _replaced(rule: Rule, text: str, numbers: dict[str, int]) -> str:
    def hide(match: re.Match[str]) -> str:
        group = next((name for name, value in match.groupdict().items() if value), None)
        secret = match[group] if group else match[0]
        if secret.startswith("<secret:") or _HARMLESS.match(secret):
            return match[0]
        number = numbers.setdefault(secret, len(numbers) + 1)
        start, end = match.span(group) if group else match.span()
        before, after = match[0][: start - match.start()], match[0][end - match.start() :]
        return f"{before}<secret:{rule.kind}:{number}>{after}"

    return rule.pattern.sub(hide, text)
