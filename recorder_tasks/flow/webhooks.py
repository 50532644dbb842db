"""Our notifications, as people and programs handle them; and one attempt to deliver one."""

from __future__ import annotations

import logging
import random
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from recorder_tasks.core.errors import InvalidWish, NoSuchWebhook, WishRefused
from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.flow.outbox import MOST_WAITING, Outbox
from recorder_tasks.flow.retries import Again, following
from recorder_tasks.flow.webhook_body import trial
from recorder_tasks.outgoing import Answer, post, signed
from recorder_tasks.recording import when
from recorder_tasks.settings import Settings, WebhookSettings
from recorder_tasks.store import Account, Delivery, Event, Round, Store

log = logging.getLogger(__name__)

SLACK = 15.0  # seconds that a lease outlasts the attempt's time-out: its host's name, and telling Redis
AT_ONCE = 500  # letters of one script
MOST_LETTERS = 1000  # of one page
CURSOR = re.compile(r"(?P<at>[0-9]{1,12}\.[0-9]{6}):(?P<id>[A-Za-z0-9_-]{1,100})")


class Subscription(Frozen):
    """Whom we tell what, and how that goes. ``configured``: the settings of this process know it.

    ``gaps``: times that events went before deliveries were made of them; ``fell``: dead letters that fell out
    of the list; ``failing_since``: the first failure since anything was received last.
    """

    name: str
    configured: bool
    host: str | None
    events: tuple[str, ...]
    apps: tuple[str, ...]
    channels: tuple[str, ...]
    labels: dict[str, str]
    waiting: int
    dead: int
    sent: int
    failed: int
    died: int
    gaps: int
    fell: int
    crowded: bool
    last_success: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    failing_since: datetime | None


class Letter(Frozen):
    """A notification that nobody delivers any more, until somebody sends it again."""

    id: str
    subscription: str
    type: str
    session_id: str | None
    created_at: datetime
    died_at: datetime
    attempts: int
    error: str | None
    body: str


class Letters(Frozen):
    """One page, the newest first. ``cursor`` asks for the next page."""

    letters: tuple[Letter, ...]
    cursor: str | None


class Trial(Frozen):
    """What came of a ``webhook.test``. ``seconds``: how long it took."""

    id: str
    received: bool
    status: int | None
    error: str | None
    seconds: float


class Webhooks:
    """Raises StoreUnavailable; NoSuchWebhook for a name or an id that is none."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.outbox = Outbox(store, settings)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those of the settings, and those of earlier settings that still have something lying, by name."""
        names = sorted({*self.settings.webhooks, *self.store.webhooks.known()})
        accounts = self.store.webhooks.accounts(names)
        found = (_subscription(name, self.settings.webhooks.get(name), accounts[name]) for name in names)
        return tuple(one for one in found if one.configured or one.waiting or one.dead)

    def dead(self, subscription: str | None = None, limit: int = 50, cursor: str | None = None) -> Letters:
        """Dead letters, of one subscription or of all. Raises InvalidWish for no such limit or cursor."""
        if not 1 <= limit <= MOST_LETTERS:
            raise InvalidWish(f"limit: {limit} is not within 1..{MOST_LETTERS}")
        names = self._names() if subscription is None else [self._known(subscription)]
        before = None if cursor is None else _before(cursor)
        found = [each for name in names for each in self.store.webhooks.dead(name, before, limit + 1)]
        found.sort(key=lambda each: (each[0], each[1].id), reverse=True)
        page = tuple(_letter(died, delivery) for died, delivery in found[:limit])
        last = found[limit - 1] if len(found) > limit else None
        return Letters(letters=page, cursor=None if last is None else f"{last[0]:.6f}:{last[1].id}")

    def resend(self, delivery_id: str) -> None:
        """A dead letter, or one that waits, is due now, with all its attempts before it.

        Raises WishRefused for one that is being tried just now.
        """
        delivery = self._delivery(delivery_id)
        _done(delivery, self.store.webhooks.resend(delivery.subscription, [delivery_id]))

    def drop(self, delivery_id: str) -> None:
        """Nobody delivers it any more. Raises WishRefused for one that is being tried just now."""
        delivery = self._delivery(delivery_id)
        _done(delivery, self.store.webhooks.drop(delivery.subscription, [delivery_id]))

    def resend_all(self, subscription: str) -> int:
        """Every dead letter that there is now of a subscription; how many."""
        name = self._known(subscription)
        return self._all_dead(name, lambda ids: self.store.webhooks.resend(name, ids))

    def drop_all(self, subscription: str) -> int:
        """Every dead letter of a subscription; of one that is not configured here, all that waits too."""
        name = self._known(subscription)
        dropped = self._all_dead(name, lambda ids: self.store.webhooks.drop(name, ids))
        if name in self.settings.webhooks:
            return dropped
        while (ids := self.store.webhooks.waiting_ids(name, AT_ONCE)) and (
            done := self.store.webhooks.drop(name, ids)
        ):
            dropped += done
        if not self.store.webhooks.waiting_ids(name, 1):
            self.store.webhooks.forget(name)
        return dropped

    def _all_dead(self, name: str, each: Callable[[list[str]], int]) -> int:
        """Those that had died when this began: what dies again meanwhile is not sent in a circle."""
        done, now = 0, self.store.clock.now()
        while ids := self.store.webhooks.dead_ids(name, now, AT_ONCE):
            changed = each(ids)
            if not changed:
                break
            done += changed
        return done

    def test(self, subscription: str) -> Trial:
        """Send a ``webhook.test`` from here and now; it is neither kept nor tried again."""
        chosen = self.settings.webhooks.get(subscription)
        if chosen is None:
            raise NoSuchWebhook(self._none(subscription))
        now, message_id = self.store.clock.now(), f"msg_test_{secrets.token_hex(8)}"
        answer = _post(chosen, message_id, trial(subscription, now).encode(), now)
        return Trial(
            id=message_id,
            received=answer.received,
            status=answer.status,
            error=answer.error,
            seconds=round(answer.seconds, 3),
        )

    def hand_out(self, free: Mapping[str, int], at_most: int) -> Round:
        """Lease what is due of each subscription, no more than it has hands free."""
        rate, known = self.store.clock.rate, self.settings.webhooks
        wanted = [(name, hands, (known[name].timeout + SLACK) * rate) for name, hands in free.items()]
        return self.store.webhooks.hand_out(wanted, at_most)

    def deliver(self, delivery_id: str, token: str) -> None:
        """One attempt, under a courier's lease. Twice it does no harm: a receiver knows it by its id."""
        delivery = self.store.webhooks.open(delivery_id, token)
        chosen = None if delivery is None else self.settings.webhooks.get(delivery.subscription)
        if delivery is None or chosen is None:
            log.info("webhook.stale id=%s", delivery_id)
            return
        now = self.store.clock.now()
        answer = _post(chosen, delivery.id, delivery.body, now)
        self._note(delivery, token, answer, now)

    def _note(self, delivery: Delivery, token: str, answer: Answer, now: Instant) -> None:
        then = following(answer, delivery.attempts, now - delivery.since, random.random())
        name = delivery.subscription
        said = f"subscription={name} id={delivery.id} type={delivery.type} session={delivery.session}"
        told = Event("webhook.dead", {"subscription": name, "error": answer.error})
        if then is None:
            self.store.webhooks.attempted(delivery, token, "sent", told=told)
            log.info("webhook.sent %s status=%s attempt=%d", said, answer.status, delivery.attempts)
            return
        again = isinstance(then, Again)
        after = then.after if isinstance(then, Again) else 0.0
        fell = self.store.webhooks.attempted(
            delivery, token, "again" if again else "dead", after=after, error=answer.error or "", told=told
        )
        next_ = f"again in {after:.0f} s" if again else "a dead letter now"
        log.warning("webhook.failed %s attempt=%d: %s; %s", said, delivery.attempts, answer.error, next_)
        if fell:
            log.error("webhook.fell subscription=%s: %d old dead letters", name, fell)

    def _names(self) -> list[str]:
        return sorted({*self.settings.webhooks, *self.store.webhooks.known()})

    def _known(self, name: str) -> str:
        if name not in self._names():
            raise NoSuchWebhook(self._none(name))
        return name

    def _none(self, name: str) -> str:
        names = ", ".join(sorted(self.settings.webhooks)) or "none yet"
        return f"subscription: {name!r} is not configured (there are: {names})"

    def _delivery(self, delivery_id: str) -> Delivery:
        delivery = self.store.webhooks.get(delivery_id)
        if delivery is None:
            raise NoSuchWebhook(f"id: no delivery {delivery_id!r}: it was received or dropped, or never was")
        return delivery


def _done(delivery: Delivery, how_many: int) -> None:
    if not how_many:
        raise WishRefused(f"id: {delivery.id} is being tried just now; look again in a minute")


def _post(chosen: WebhookSettings, message_id: str, body: bytes, now: Instant) -> Answer:
    headers = signed(message_id, int(now), body, chosen.secrets)
    return post(chosen.url, body, headers, timeout=chosen.timeout)


def _subscription(name: str, chosen: WebhookSettings | None, account: Account) -> Subscription:
    return Subscription(
        name=name,
        configured=chosen is not None,
        host=None if chosen is None else chosen.host,
        events=() if chosen is None else chosen.wanted,
        apps=() if chosen is None else chosen.apps,
        channels=() if chosen is None else chosen.channels,
        labels={} if chosen is None else chosen.labels,
        waiting=account.waiting,
        dead=account.dead,
        sent=account.sent,
        failed=account.failed,
        died=account.died,
        gaps=account.gaps,
        fell=account.fell,
        crowded=account.waiting >= MOST_WAITING,
        last_success=when(account.ok_at),
        last_error=account.error,
        last_error_at=when(account.error_at),
        failing_since=when(account.failing_since),
    )


def _letter(died: Instant, delivery: Delivery) -> Letter:
    created, died_at = when(delivery.at), when(died)
    assert created is not None
    assert died_at is not None
    return Letter(
        id=delivery.id,
        subscription=delivery.subscription,
        type=delivery.type,
        session_id=delivery.session or None,
        created_at=created,
        died_at=died_at,
        attempts=delivery.attempts,
        error=delivery.error,
        body=delivery.body.decode(),
    )


def _before(cursor: str) -> tuple[Instant, str]:
    found = CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidWish(f"cursor: {cursor!r} is none that a page has given")
    return float(found["at"]), found["id"]
