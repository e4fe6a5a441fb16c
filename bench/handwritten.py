"""`python -m bench.handwritten`: what a good engineer writes by hand, without a ledger.

Belongs here: the script as it would stand in a repository: one asynchronous client, a bounded queue, N
workers, sets in memory, outcomes stored at the end. Does not belong here: anything of ours.

What it does not do, and ours does: store what was read and decided, survive a crash, tell an unseen
answer from a failed one, skip what is already there when it runs again.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import phonenumbers
import psycopg

from bench.child import Done, Order, Work, serve

BATCH_SIZE = 100
REGION = "DE"
NO_CONSENT = frozenset({"no", "n", "false", "0", "withdrawn", "revoked", "denied", "opt-out"})
CREATE_TABLE = "CREATE TABLE outcomes (lead_id text, state text, reason text, vendor_id text)"
COPY_OUTCOMES = "COPY outcomes (lead_id, state, reason, vendor_id) FROM STDIN"

Customer = dict[str, Any]
Outcome = tuple[str, str, str | None, str | None]


@dataclass
class Load:
    """What the load knows while it runs."""

    url: str
    listed: frozenset[str]
    outcomes: list[Outcome] = field(default_factory=list)
    seen_ids: set[str] = field(default_factory=set)
    seen_numbers: set[str] = field(default_factory=set)
    request_count: int = 0


def prepare(order: Order) -> Work:
    """The load of the order's file."""
    return lambda: asyncio.run(load(order))


async def load(order: Order) -> Done:
    """Every lead of the file that may be called was sent; one outcome per lead is in the database."""
    url = f"{order.vendor_url}/RI/obi/campaigns/{order.campaign_id}/customers/list"
    state = Load(url, read_do_not_call(order.do_not_call_csv))
    queue: asyncio.Queue[list[Customer] | None] = asyncio.Queue(2 * order.connections)
    limits = httpx.Limits(max_connections=order.connections, max_keepalive_connections=order.connections)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client, asyncio.TaskGroup() as tasks:
        for _ in range(order.connections):
            tasks.create_task(send_batches(client, queue, state))
        for batch in batches(order.leads_csv, state):
            await queue.put(batch)
        for _ in range(order.connections):
            await queue.put(None)
    store_outcomes(order.database, state.outcomes)
    accepted_count = sum(outcome[1] == "accepted" for outcome in state.outcomes)
    return Done(len(state.outcomes), state.request_count, accepted_count)


async def send_batches(client: httpx.AsyncClient, queue: asyncio.Queue[list[Customer] | None], state: Load) -> None:
    """Batches of the queue were sent until it ended, and each entry's verdict was noted."""
    headers = {"Accept": "application/json"}
    while (batch := await queue.get()) is not None:
        response = await client.post(state.url, json=batch, headers=headers)
        response.raise_for_status()
        state.request_count += 1
        for customer, result in zip(batch, response.json(), strict=True):
            is_stored = result["statusCode"] == 201
            verdict = "accepted" if is_stored else "rejected"
            state.outcomes.append((customer["externalId"], verdict, result.get("error"), result.get("id")))


def batches(path: str, state: Load) -> Iterator[list[Customer]]:
    """The customers that may be called, in batches; the others are outcomes already."""
    batch: list[Customer] = []
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            phones = valid_phones(row)
            reason = refusal(row, phones, state)
            if reason:
                state.outcomes.append((f"lead-{row['id']}", "suppressed", reason, None))
                continue
            batch.append(customer(row, phones))
            if len(batch) == BATCH_SIZE:
                yield batch
                batch = []
    if batch:
        yield batch


def refusal(row: dict[str, str], phones: list[str], state: Load) -> str | None:
    """Why the lead must not be sent; None remembers it as sent."""
    if row["consent"].strip().lower() in NO_CONSENT:
        return "consent"
    if not phones:
        return "phone"
    if any(phone in state.listed for phone in phones):
        return "do_not_call"
    if row["id"] in state.seen_ids or phones[0] in state.seen_numbers:
        return "duplicate"
    state.seen_ids.add(row["id"])
    state.seen_numbers.add(phones[0])
    return None


def customer(row: dict[str, str], phones: list[str]) -> Customer:
    """The lead in the vendor's schema."""
    fields: Customer = {"externalId": f"lead-{row['id']}", "numbers": ";".join(phones)}
    if row["timezone"]:
        fields["timeZone"] = row["timezone"]
    if row["agent"]:
        fields["agentId"] = row["agent"]
    if row["priority"]:
        fields["priority"] = int(row["priority"])
    if row["not_before"]:
        fields["date"] = row["not_before"]
    named = {"First Name": row["first_name"], "Last Name": row["last_name"], "City": row["city"]}
    fields["attributes"] = {"attribute": [{"name": name, "value": value} for name, value in named.items() if value]}
    return fields


def valid_phones(row: dict[str, str]) -> list[str]:
    """The valid numbers of the lead in E.164, each once."""
    raw = (row["mobile_phone"], row["phone2"], row["phone3"])
    numbers = (e164(text, row["country"] or REGION) for text in raw if text)
    return list(dict.fromkeys(number for number in numbers if number))


def e164(text: str, region: str) -> str | None:
    """The number in E.164, or None when it is not valid."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def read_do_not_call(path: str) -> frozenset[str]:
    """The numbers of the list in E.164."""
    with open(path, newline="", encoding="utf-8") as file:
        return frozenset(number for row in csv.DictReader(file) if (number := e164(row["phone"], REGION)))


def store_outcomes(database: str, outcomes: list[Outcome]) -> None:
    """One row per lead is in the database, in one COPY."""
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(CREATE_TABLE)
        with cursor.copy(COPY_OUTCOMES) as copy:
            for outcome in outcomes:
                copy.write_row(outcome)


if __name__ == "__main__":
    serve(prepare)
