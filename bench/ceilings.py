"""`python -m bench.ceilings`: each part of the job on its own, with nothing around it.

Belongs here: reading the file, posting ready-made bodies, storing the rows. Does not belong here: anything
that decides. No load in Python can be faster than the slowest of the three.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from itertools import islice
from ssl import SSLContext
from threading import Thread

import httpx
import orjson
import psycopg

from bench.child import Done, Order, Work, serve
from bench.handwritten import BATCH_SIZE, COPY_OUTCOMES, CREATE_TABLE, Outcome, customer

HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


def prepare(order: Order) -> Work:
    """The order's variant: `read`, `post` or `copy`."""
    variants: dict[str, Callable[[Order], Work]] = {"read": prepare_read, "post": prepare_post, "copy": prepare_copy}
    return variants[order.variant](order)


def prepare_read(order: Order) -> Work:
    """Reads the file with csv.reader and drops every row."""

    def work() -> Done:
        with open(order.leads_csv, newline="", encoding="utf-8") as file:
            row_count = sum(1 for _ in csv.reader(file)) - 1
        return Done(row_count, 0, 0)

    return work


def prepare_post(order: Order) -> Work:
    """Posts bodies that are ready, from as many threads as there are connections, each with its own client."""
    bodies, lead_count = ready_bodies(order)
    url = f"{order.vendor_url}/RI/obi/campaigns/{order.campaign_id}/customers/list"
    context = httpx.create_ssl_context()  # 25 ms each: one for all clients

    def work() -> Done:
        threads = [
            Thread(target=post_all, args=(url, bodies[start :: order.connections], context))
            for start in range(order.connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Done(lead_count, len(bodies), lead_count)

    return work


def post_all(url: str, bodies: Sequence[bytes], context: SSLContext) -> None:
    """Every body was answered with 200."""
    with httpx.Client(headers=HEADERS, timeout=60, trust_env=False, verify=context) as client:
        for body in bodies:
            client.post(url, content=body).raise_for_status()


def ready_bodies(order: Order) -> tuple[list[bytes], int]:
    """The file's leads as JSON arrays, with made-up numbers: (bodies, leads)."""
    with open(order.leads_csv, newline="", encoding="utf-8") as file:
        customers = [customer(row, [f"+4915{n:08}"]) for n, row in enumerate(csv.DictReader(file))]
    entries = iter(customers)
    bodies = [orjson.dumps(batch) for batch in iter(lambda: list(islice(entries, BATCH_SIZE)), [])]
    return bodies, len(customers)


def prepare_copy(order: Order) -> Work:
    """Stores one outcome per lead in one COPY."""
    with open(order.leads_csv, newline="", encoding="utf-8") as file:
        rows: list[Outcome] = [
            (f"lead-{row['id']}", "accepted", None, f"{n:032X}") for n, row in enumerate(csv.DictReader(file))
        ]

    def work() -> Done:
        with psycopg.connect(order.database) as connection, connection.cursor() as cursor:
            cursor.execute(CREATE_TABLE)
            with cursor.copy(COPY_OUTCOMES) as copy:
                for row in rows:
                    copy.write_row(row)
        return Done(len(rows), 0, 0)

    return work


if __name__ == "__main__":
    serve(prepare)
