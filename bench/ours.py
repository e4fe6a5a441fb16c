"""`python -m bench.ours`: the day is loaded as `leadsync sync` does it, by `load_day`.

Belongs here: the call, and the sum of its summaries. Does not belong here: anything that makes it faster.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bench.child import Done, Order, Work, serve
from bench.probe import Stopwatch, probe
from pipelines.installation import Installation
from pipelines.load import DaySummary, load_day


def prepare(order: Order) -> Work:
    """The installation of the order's configuration, ready to load the day."""
    installation = Installation.load(Path(order.config), actor="bench")
    day = date.fromisoformat(order.day)

    def work() -> Done:
        summary = load_day(installation, day)
        installation.close()
        return _done(summary)

    return _probed(work) if order.is_probed else work


def _done(summary: DaySummary) -> Done:
    if summary.problems:
        raise RuntimeError(f"the load has problems: {summary.problems}")
    deliveries = [vendor.delivery for vendor in summary.vendors.values()]
    return Done(
        lead_count=summary.decisions.read_count,
        request_count=sum(delivery.request_count for delivery in deliveries),
        sent_count=sum(delivery.counts["accepted"] for delivery in deliveries),
    )


def _probed(work: Work) -> Work:
    def probed() -> Done:
        watch = Stopwatch()
        with probe(watch):
            done = work()
        return Done(done.lead_count, done.request_count, done.sent_count, watch.rows())

    return probed


if __name__ == "__main__":
    serve(prepare)
