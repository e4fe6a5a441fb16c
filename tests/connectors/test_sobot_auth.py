"""The token of Sobot: signatures, one for all threads, its life, and what a failed call lets us conclude."""

from __future__ import annotations

import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import orjson
import pytest

from connectors.errors import AuthenticationError, ConnectorError, NotSentError
from connectors.patience import Patience
from connectors.sobot.auth import TokenAuth, TokenProvider, find_token, lifetime_s, sign, sign_get_token
from connectors.sobot.client import SobotClient
from connectors.sobot.settings import SobotSettings
from connectors.transport import Transport
from sandbox.faults import Fault, Match
from sandbox.server import SandboxServer
from sandbox.sobot.app import SobotCallCenter
from sandbox.sobot.store import BodyFault

Vendor = SandboxServer[SobotCallCenter]
TOKEN_PATH = Match(path_contains="/tokens/")


class Hours:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def sobot() -> Iterator[Vendor]:
    """A double that plays both of its hosts."""
    with SandboxServer(SobotCallCenter()) as server:
        yield server


@pytest.fixture
def clients(sobot: Vendor) -> Iterator[Callable[..., SobotClient]]:
    """Makes clients, each with a token of its own; settings that differ are named."""
    made: list[SobotClient] = []

    def make(**changes: Any) -> SobotClient:
        made.append(settings(sobot, **changes).client())
        return made[-1]

    yield make
    for client in made:
        client.close()


def settings(sobot: Vendor, **changes: Any) -> SobotSettings:
    quick = {
        "app_id": "app-1",
        "app_secret": "secret-1",
        "agent_id": "1000",
        "agent_type": 0,
        "token_host": sobot.url,
        "hosts": {"default": sobot.url, "cc-ivr": sobot.url},
        "requests_per_second": None,
        "max_attempts": 2,
        "backoff_s": 0,
        "read_timeout_s": 5,
    }
    return SobotSettings.model_validate(quick | changes)


def provider(sobot: Vendor, clock: Hours, **changes: Any) -> TokenProvider:
    """A provider that goes by the test's clock."""
    given = settings(sobot, **changes)
    return TokenProvider(
        given._credential(),
        open_transport=lambda: Transport(
            vendor="sobot", base_url=sobot.url, patience=Patience(connect_timeout_s=5, read_timeout_s=0.2)
        ),
        ttl_fallback_s=given.token_ttl_fallback_s,
        renew_fraction=given.token_renew_fraction,
        retry_s=given.token_retry_s,
        clock=clock,
    )


def ask(client: SobotClient) -> str:
    return client.query_agent_setting(agent="1000", agent_type=0).agent_id


def token_calls(sobot: Vendor) -> int:
    requests = sobot.vendor.store.requests
    return requests["company_token"] + requests["agent_token"] + requests["get_token"]


def jwt(**claims: Any) -> str:
    body = urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()
    return f"e30.{body}.c2ln"


def test_signatures_are_those_of_the_vendor_reference() -> None:
    """Both test vectors: MD5 of the plain concatenation, in lower-case hexadecimal."""
    assert sign("app-1", "1700000000000", "secret-1") == "d6a6f298998ca545213f26dc25cec48a"
    assert sign_get_token("app-1", "1700000000", "secret-1") == "4e611826d7f8b32c0038ee63c108360d"


@pytest.mark.parametrize(
    "answer",
    [
        {"accessToken": "T"},
        {"response_type": "token", "access_token": "T"},
        {"data": {"accessToken": "T"}},
        {"content": {"accessToken": " T "}},
        {"token": "T"},
        {"ret_code": "000000", "item": {"token": "T", "expires_in": 86400}},
    ],
)
def test_token_is_found_in_every_documented_answer(answer: dict[str, Any]) -> None:
    """The pages disagree about the field; the first that is there counts."""
    assert find_token(answer) == "T"


@pytest.mark.parametrize("answer", [{}, {"accessToken": ""}, {"accessToken": 1}, [], None, {"data": None}])
def test_token_is_not_made_up(answer: Any) -> None:
    """An answer without a token holds none."""
    assert find_token(answer) is None


def test_login_with_a_lifetime_beyond_counting_is_one(sobot: Vendor) -> None:
    """A number that no clock can count with says nothing of the token's life: the token is used all the same."""
    sobot.vendor.knobs.expires_in = "9" * 5000
    with closing(settings(sobot).client()) as client:
        assert ask(client) == "1000"


@pytest.mark.parametrize(
    ("answer", "token", "expected"),
    [
        pytest.param({"expires_in": 600}, "T", 600, id="the-answer-says-so"),
        pytest.param({"expiresIn": "600"}, jwt(exp=9), 600, id="the-answer-wins"),
        pytest.param({}, jwt(iat=1_700_000_000_000, exp=1_700_086_400_000), 86_400, id="jwt-in-milliseconds"),
        pytest.param({}, jwt(iat=1_700_000_000, exp=1_700_003_600), 3600, id="jwt-in-seconds"),
        pytest.param({}, jwt(exp=1_700_000_500), 500, id="without-iat-by-our-clock"),
        pytest.param({}, jwt(exp=1_600_000_000), None, id="over-already"),
        pytest.param({}, jwt(), None, id="no-exp"),
        pytest.param({}, "a.b.c", None, id="no-json"),
        pytest.param({}, "opaque", None, id="no-jwt"),
        pytest.param({"expires_in": 0}, "opaque", None, id="nought"),
        pytest.param({"expiresIn": "9" * 400}, "opaque", None, id="beyond-a-float"),
        pytest.param({"expiresIn": "9" * 5000}, jwt(iat=1, exp=601), 600, id="beyond-what-python-counts"),
    ],
)
def test_lifetime_is_read_from_the_answer_or_the_token(answer: Any, token: str, expected: float | None) -> None:
    """First the answer's field, then the JWT's claims, in milliseconds where they are that large."""
    assert lifetime_s(answer, token, now_s=1_700_000_000) == expected


def test_token_is_fetched_once_for_all_threads(sobot: Vendor) -> None:
    """Sixteen threads that want a token at the same moment make one call."""
    sobot.vendor.knobs.latency_ms = 30
    shared = provider(sobot, Hours())
    start = threading.Barrier(16)

    def want(_: int) -> str:
        start.wait()
        return shared.token()

    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(want, range(16)))
    assert (len(tokens), token_calls(sobot)) == (1, 1)


def test_settings_that_are_read_anew_share_the_token(sobot: Vendor) -> None:
    """A process that reads its configuration again and again logs in once."""
    first, second = settings(sobot).client(), settings(sobot).client()
    assert (ask(first), ask(second)) == ("1000", "1000")
    first.close()
    second.close()
    assert token_calls(sobot) == 1


def test_token_is_renewed_at_half_its_life(sobot: Vendor) -> None:
    """A day's token is used for twelve hours."""
    clock = Hours()
    shared = provider(sobot, clock)
    first = shared.token()
    clock.now = 43_199
    assert shared.token() == first
    clock.now = 43_201
    assert shared.token() != first
    assert token_calls(sobot) == 2


@pytest.mark.parametrize(("ttl_s", "fraction", "kept_s", "renewed_s"), [(86_400, 1.0, 86_099, 86_101), (60, 1, 29, 31)])
def test_token_is_renewed_well_before_its_end(
    sobot: Vendor, ttl_s: float, fraction: float, kept_s: float, renewed_s: float
) -> None:
    """Five minutes before, whatever the fraction; a token that lives shorter at its half."""
    sobot.vendor.knobs.token_ttl_s = ttl_s
    clock = Hours()
    shared = provider(sobot, clock, token_renew_fraction=fraction)
    first = shared.token()
    clock.now = kept_s
    assert shared.token() == first
    clock.now = renewed_s
    assert shared.token() != first


def test_clock_of_the_vendor_does_not_change_the_life(sobot: Vendor) -> None:
    """A vendor whose clock is four minutes ahead gives a token that lives for a day all the same."""
    sobot.vendor.knobs.clock_skew_s = 240
    clock = Hours()
    shared = provider(sobot, clock)
    first = shared.token()
    clock.now = 43_199
    assert shared.token() == first


def test_expired_token_is_renewed_once_and_the_request_repeated(
    sobot: Vendor, clients: Callable[..., SobotClient]
) -> None:
    """A 401 in the middle of a run costs one token call and nothing else."""
    client = clients()
    ask(client)
    sobot.vendor.clock.advance(86_401)
    assert ask(client) == "1000"
    requests = sobot.vendor.store.requests
    assert (requests["company_token"], requests["query_agent_setting"]) == (2, 3)


def test_refused_token_is_renewed_once_for_all_threads(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """Eight threads that meet the same 401 make one token call."""
    client = clients()
    ask(client)
    sobot.vendor.clock.advance(86_401)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: ask(client), range(8))) == {"1000"}
    assert token_calls(sobot) == 2


@pytest.mark.parametrize(("code", "ret_code"), [(401, None), (200, "900001"), (200, "900002")])
def test_body_that_complains_of_the_token_is_answered_by_a_new_one(
    sobot: Vendor, clients: Callable[..., SobotClient], code: int, ret_code: str | None
) -> None:
    """An auth code with HTTP 200 renews the token as a 401 does, for writes too; the write is stored once."""
    client = clients()
    sobot.vendor.knobs.ret_code = "always"
    place_body_fault(sobot, "add_skill_group", code, ret_code)
    assert client.add_skill_group(queue_name="q", queue_id="9").queue_id == "9"
    assert token_calls(sobot) == 2


def test_token_that_stays_refused_is_an_authentication_error(
    sobot: Vendor, clients: Callable[..., SobotClient]
) -> None:
    """After one renewal and one repetition it is over, and the next request asks for no third token."""
    client = clients()
    sobot.faults.replace([Fault(kind="status", status=401, match=Match(path_contains="/cc-config/"), times=None)])
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            ask(client)
    assert token_calls(sobot) == 2


def test_body_that_stays_about_the_token_is_an_authentication_error(
    sobot: Vendor, clients: Callable[..., SobotClient]
) -> None:
    """The same with HTTP 200: the body's code is judged, and names the operation alone."""
    client = clients()
    place_body_fault(sobot, "query_agent_setting", 401, None, times=9)
    with pytest.raises(AuthenticationError) as raised:
        ask(client)
    assert str(raised.value) == "sobot query_agent_setting: the token is refused, a renewed one too"


def test_login_that_is_refused_names_the_settings(clients: Callable[..., SobotClient]) -> None:
    """Also where nothing else does: in a question that a person asks, and where the reference is refreshed."""
    with pytest.raises(AuthenticationError) as raised:
        ask(clients(app_secret="wrong"))
    assert str(raised.value) == (
        "sobot company_token: the token call was refused; see vendors.sobot.app_id, app_secret (HTTP 401)"
    )


def test_wrong_token_family_is_refused(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """The 5.0 token in its `token` header opens no operation of the call centre."""
    with pytest.raises(AuthenticationError):
        ask(clients(auth_mode="get_token"))


def test_get_token_mode_works_where_the_tenant_has_it(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """The alternative signs in seconds, reads `item.token` and sends the `token` header."""
    sobot.vendor.knobs.accept_get_token = True
    assert ask(clients(auth_mode="get_token")) == "1000"
    assert sobot.vendor.store.requests["get_token"] == 1


def test_agent_scope_opens_what_a_company_token_does_not(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """Operations that ask for an «Agent token» work with `token_scope: agent`, by work number or id."""
    sobot.vendor.knobs.agent_token_only = True
    with pytest.raises(AuthenticationError):
        clients().query_relay_number_list()
    assert len(clients(token_scope="agent").query_relay_number_list()) == 1
    by_id = clients(token_scope="agent", agent_id="e906cc52bfac44b4ae30497fd39c4c4d", agent_type=1)
    assert len(by_id.query_relay_number_list()) == 1


def test_prefix_of_the_header_is_a_setting(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """A tenant that takes the bare JWT can be told so; by default it is refused."""
    with pytest.raises(AuthenticationError):
        ask(clients(authorization_prefix=""))
    sobot.vendor.knobs.bare_token = True
    assert ask(clients(authorization_prefix="")) == "1000"


@pytest.mark.parametrize("style", ["accessToken", "access_token"])
def test_both_answers_of_the_token_call_are_read(
    sobot: Vendor, clients: Callable[..., SobotClient], style: Any
) -> None:
    """The newer and the older page."""
    sobot.vendor.knobs.token_style = style
    assert ask(clients()) == "1000"


@pytest.mark.parametrize("changes", [{}, {"auth_mode": "get_token"}])
def test_wrong_secret_is_an_authentication_error(
    sobot: Vendor, clients: Callable[..., SobotClient], changes: dict[str, str]
) -> None:
    """Refused by status or by `ret_code`: a person must change a setting. No secret is told, no second call made."""
    client = clients(app_secret="wrong-secret", **changes)
    for _ in range(2):
        with pytest.raises(AuthenticationError) as raised:
            ask(client)
        assert "wrong-secret" not in str(raised.value)
        assert "app-1" not in str(raised.value)
    assert token_calls(sobot) == 1


def test_stale_clock_is_an_authentication_error(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """A `currentTime` outside of the vendor's window is refused."""
    sobot.vendor.knobs.clock_skew_s = 400
    with pytest.raises(AuthenticationError, match="HTTP 400"):
        ask(clients())


TROUBLES = [
    Fault(kind="status", status=503, match=TOKEN_PATH),
    Fault(kind="status", status=429, retry_after="1", match=TOKEN_PATH),
    Fault(kind="html", match=TOKEN_PATH),
    Fault(kind="html_200", match=TOKEN_PATH),
    Fault(kind="lost_after_commit", match=TOKEN_PATH),
    Fault(kind="reset_before_processing", match=TOKEN_PATH),
    Fault(kind="truncated", match=TOKEN_PATH),
    Fault(kind="stall_before_commit", match=TOKEN_PATH),
]


@pytest.mark.parametrize("fault", TROUBLES, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_failed_token_call_leaves_nothing_sent(sobot: Vendor, fault: Fault) -> None:
    """Whatever happens to the token call, what wanted the token was not sent; the next call waits half a minute."""
    clock = Hours()
    shared = provider(sobot, clock)
    sobot.faults.replace([fault])
    for _ in range(3):
        with pytest.raises(NotSentError, match=r"^sobot company_token: no token|answer to the token call"):
            shared.token()
    clock.now = 29
    with pytest.raises(NotSentError):
        shared.token()
    assert sobot.faults.fired_count == 1
    clock.now = 31
    assert shared.token()


@pytest.mark.parametrize("status", [429, 503])
def test_wait_that_the_token_host_asks_for_is_kept(sobot: Vendor, status: int) -> None:
    """Where it is longer than ours; whoever asks meanwhile is told what is left of it."""
    clock = Hours()
    shared = provider(sobot, clock)
    sobot.faults.add(Fault(kind="status", status=status, retry_after="90", match=TOKEN_PATH))
    for now, wait_s in ((0, 90), (31, 59), (89, 1)):
        clock.now = now
        with pytest.raises(NotSentError) as raised:
            shared.token()
        assert raised.value.retry_after == timedelta(seconds=wait_s)
    clock.now = 90
    assert shared.token()


def test_token_calls_that_keep_failing_wait_ever_longer(sobot: Vendor) -> None:
    """The wait doubles, up to ten minutes."""
    clock = Hours()
    shared = provider(sobot, clock)
    sobot.faults.replace([Fault(kind="status", times=None, match=TOKEN_PATH)])
    calls = []
    for second in range(0, 2400, 5):
        clock.now = second
        with pytest.raises(NotSentError):
            shared.token()
        if sobot.faults.fired_count > len(calls):
            calls.append(second)
    assert calls == [0, 30, 90, 210, 450, 930, 1530, 2130]


def test_token_that_still_lives_is_used_when_no_new_one_can_be_had(sobot: Vendor) -> None:
    """Past its half life a token is good enough while the token host is away; past its end it is not."""
    clock = Hours()
    shared = provider(sobot, clock)
    first = shared.token()
    sobot.faults.replace([Fault(kind="status", times=None, match=TOKEN_PATH)])
    clock.now = 50_000
    assert [shared.token(), shared.token()] == [first, first]
    assert sobot.faults.fired_count == 1
    clock.now = 86_401
    with pytest.raises(NotSentError):
        shared.token()
    sobot.faults.clear()
    clock.now = 90_000
    assert shared.token() != first


def test_token_call_limit_of_the_vendor_is_not_run_into(sobot: Vendor) -> None:
    """A refusal for too many calls is a wait like any other."""
    sobot.vendor.knobs.token_calls_per_minute = 0
    with pytest.raises(NotSentError, match="HTTP 429"):
        provider(sobot, Hours()).token()


def test_rotated_secret_is_told_once_the_old_token_is_refused(
    sobot: Vendor, clients: Callable[..., SobotClient]
) -> None:
    """The old token works until it ends; then the login is refused, not unknown."""
    client = clients()
    ask(client)
    sobot.vendor.knobs.app_secret = "secret-2"
    assert ask(client) == "1000"
    sobot.vendor.clock.advance(86_401)
    with pytest.raises(AuthenticationError):
        ask(client)


def test_second_process_that_takes_the_token_over_costs_one_renewal(
    sobot: Vendor, clients: Callable[..., SobotClient]
) -> None:
    """Where a new token ends the old one, each of two processes goes on after a 401."""
    sobot.vendor.knobs.single_token = True
    first, second = clients(), clients(token_renew_fraction=0.4)  # another setting stands for another process
    assert [ask(first), ask(second), ask(first)] == ["1000"] * 3
    assert token_calls(sobot) == 3


@pytest.mark.parametrize(("seconds", "is_sent_again"), [(19, True), (21, False)])
def test_request_whose_token_was_renewed_too_late_is_not_sent_again(
    sobot: Vendor, seconds: float, is_sent_again: bool
) -> None:
    """A refused write that waited long for its new token may no longer be ours: it was not sent."""
    readings = iter([0.0, seconds])
    shared = provider(sobot, Hours())
    shared.token()
    sobot.vendor.clock.advance(86_401)
    transport = Transport(vendor="sobot", base_url=sobot.url, auth=TokenAuth(shared, clock=lambda: next(readings)))

    def send() -> int:
        headers = {"Content-Type": "application/json"}
        return transport.send(
            "op", "POST", "/callservice/v6/cc-config/api/queues/_search", headers=headers, content=b"{}"
        ).status

    if is_sent_again:
        assert send() == 200
    else:
        with pytest.raises(NotSentError, match="renewed too late"):
            send()
    transport.close()


def test_token_is_in_no_representation(sobot: Vendor, clients: Callable[..., SobotClient]) -> None:
    """Neither settings, credential, provider nor error show a secret."""
    given = settings(sobot)
    shown = [repr(given), repr(given._credential()), repr(given.token_provider()), str(given.model_dump())]
    assert not any("secret-1" in text for text in shown)
    token = given.token_provider().token()
    sobot.faults.replace([Fault(kind="status", status=401, match=Match(path_contains="/cc-config/"), times=None)])
    client = given.client()
    with pytest.raises(ConnectorError) as raised:
        ask(client)
    client.close()
    assert token not in repr(raised.value) + str(raised.value.__context__)


def place_body_fault(sobot: Vendor, operation: str, code: int, ret_code: str | None, *, times: int = 1) -> None:
    sobot.vendor.store.body_faults.append(BodyFault(operation, code, ret_code, times=times))
