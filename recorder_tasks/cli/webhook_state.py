"""The doctor's look at our notifications: whether somebody sends them, and whether they are received."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from recorder_tasks.cli.findings import Finding, error, ok, warn
from recorder_tasks.flow.webhooks import Subscription
from recorder_tasks.wiring import Wiring

HEARD = 15.0  # seconds; workers tell every five
PATIENCE = 300.0  # seconds of failing that a receiver may need to restart


def webhooks(parts: Wiring) -> Iterator[Finding]:
    """A finding for each subscription that is not well, or one for all."""
    found = parts.webhooks.subscriptions()
    troubles = [finding for each in found for finding in _about(each, parts)]
    yield from troubles
    if found and not troubles:
        many = "1 subscription" if len(found) == 1 else f"{len(found)} subscriptions"
        yield ok("webhooks", f"{many}: {', '.join(each.name for each in found)}")


def _about(each: Subscription, parts: Wiring) -> Iterator[Finding]:
    if not each.configured:
        todo = f"recorder webhooks drop --all {each.name}, or configure it again"
        lies = f"{each.waiting} waiting and {each.dead} dead deliveries"
        yield warn("webhooks", f"{each.name} is not configured here, and has {lies}", todo)
        return
    failing = _failing(each, parts.store.clock.now())
    if failing:
        todo = f"recorder webhooks test {each.name}; what waits is sent at once when it is received again"
        yield warn("webhooks", failing, todo)
    if each.crowded:
        todo = "mend its receiver; until then its events stay in the stream, which drops the oldest"
        yield error("webhooks", f"{each.name}: {each.waiting} deliveries wait, and no more are made", todo)
    if each.dead:
        todo = (
            f"recorder webhooks dead -s {each.name}; then resend --all {each.name}, or drop --all {each.name}"
        )
        many = "1 dead letter" if each.dead == 1 else f"{each.dead} dead letters"
        yield warn("webhooks", f"{each.name} has {many}", todo)
    workers = parts.store.workers.alive(HEARD)
    if workers and not any(each.name in info.get("webhooks", ()) for info in workers.values()):
        todo = "give the workers the same settings as this host, and restart them"
        yield warn("webhooks", f"no worker knows {each.name}: nothing is sent", todo)


def _failing(each: Subscription, now: float) -> str | None:
    since = each.failing_since
    if since is None or (datetime.fromtimestamp(now, UTC) - since).total_seconds() < PATIENCE:
        return None
    return f"{each.name} has received nothing since {since:%Y-%m-%d %H:%M} UTC: {each.last_error}"
