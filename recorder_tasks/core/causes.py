"""THE list of causes of a missing recording: what each means and what to do. The commoner come first.

Clues of equal weight are told in this order.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from recorder_tasks.core.outcome import Frozen, Instant


class Likelihood(StrEnum):
    CERTAIN = "certain"  # somebody said so, or nothing else can have happened
    LIKELY = "likely"  # it fits, and better than the others
    POSSIBLE = "possible"  # it fits


class Cause(Frozen):
    """One explanation: ``evidence`` in sentences, the most telling first; ``advice``: what to do."""

    code: str
    title: str
    likelihood: Likelihood
    evidence: tuple[str, ...]
    advice: str


class Clue(NamedTuple):
    code: str
    likelihood: Likelihood
    evidence: str


class Seen(Frozen):
    """What was found out beside the session. None: nobody has looked, or nobody can say.

    ``publishers`` and ``live`` (broadcast, or communication) are the channel's now, without our recorders;
    ``held``: those of the session's uids that are in the channel. ``app_worked`` and ``storage_worked``: when
    another recording lately got a recorder into a channel with this app, and a file into this storage.
    """

    publishers: tuple[int, ...] | None = None
    live: bool | None = None
    held: tuple[int, ...] = ()
    app_worked: Instant | None = None
    storage_worked: Instant | None = None


class Meaning(NamedTuple):
    title: str
    advice: str


CAUSES: dict[str, Meaning] = {
    "cancelled": Meaning("it was cancelled", "nothing to do; ask for another recording if it was wanted"),
    "bad_credentials": Meaning(
        "the vendor does not know the RESTful key pair",
        "compare the app's key and secret with the console's RESTful API page; the pair must own this App ID",
    ),
    "app_not_enabled": Meaning(
        "the App ID is unknown, or Cloud Recording is not enabled for it",
        "check app_id and enable Cloud Recording for the project in the vendor's console",
    ),
    "account_suspended": Meaning(
        "the vendor's account is suspended or overdue", "settle the account with the vendor, then ask again"
    ),
    "wrong_request": Meaning(
        "the request itself was refused as wrong",
        "correct what the refusal names: recipe, channel name, or storage",
    ),
    "over_capacity": Meaning(
        "the app was at its cap of concurrent recordings",
        "look for recordings that run for nothing, spread the starts, or have the vendor raise the cap",
    ),
    "throttled": Meaning(
        "the vendor answered that there were too many requests",
        "set the app's qps and concurrent_tasks to what the account really allows, others' calls included",
    ),
    "waited_for_previous": Meaning(
        "the occurrence before it was still recording",
        "choose another overlap policy, or end that one sooner",
    ),
    "storage_refused": Meaning(
        "the recorder could not write to the storage",
        "check bucket, region, keys and the right to put objects, with these very keys",
    ),
    "nobody_stopped": Meaning(
        "nobody stopped it in time",
        "see that stop workers run (`recorder doctor`); the token's end is the last net",
    ),
    "token_expired": Meaning(
        "the recorder's token had expired",
        "check Redis's clock, by which a token counts and the vendor does not; and why no other took over",
    ),
    "token_refused": Meaning(
        "the vendor took the start and refused the recorder's token",
        "compare the app's certificate with the console's; without one in the settings no token is sent",
    ),
    "web_page": Meaning(
        "the web page could not be opened or loaded",
        "open the address from outside of your network: it must load within its time-out without a login",
    ),
    "page_hours": Meaning(
        "the web recording reached its maxRecordingHour", "raise maxRecordingHour in the recipe"
    ),
    "wrong_channel_profile": Meaning(
        "people publish, and the recorder does not hear them",
        "channelType must be the clients' channel profile (0 communication, 1 live); then check decryption "
        "and the lists of subscribed uids",
    ),
    "nobody_published": Meaning(
        "nobody published anything that the recorder could hear",
        "check the channel's name and the class's time; an audience that sends nothing does not count",
    ),
    "uid_clash": Meaning(
        "somebody else uses the recorder's uid",
        "keep the app's uid_range free of people, and of every other system that records",
    ),
    "stopped_by_someone_else": Meaning(
        "somebody else stopped or removed the recorder",
        "look for other systems with the same key pair, bans, and rules that remove unknown uids",
    ),
    "migration": Meaning(
        "the vendor is moving the recorder to another server",
        "wait: it comes back within 90 s, or is replaced; what is missing is in between",
    ),
    "everybody_left": Meaning(
        "everybody had left, and the recorder ended by itself",
        "nothing to do; raise max_idle if people come back after a longer break",
    ),
    "vendor_fault": Meaning(
        "the vendor lost the recorder, or answered with errors",
        "nothing of yours; look at the vendor's status page, and open a ticket with the sid or request ids",
    ),
    "worker_settings": Meaning(
        "a worker lacks a setting that this recording needs",
        "give every worker the same RECORDER_APPS, RECORDER_STORAGES and RECORDER_PROFILES, and restart them",
    ),
    "unreachable": Meaning(
        "the vendor could not be reached, or did not answer",
        "run `recorder doctor` on the workers' hosts: DNS, firewall and proxy",
    ),
    "stop_failing": Meaning(
        "stops fail, and are tried again",
        "`recorder events ID` shows each answer; nothing is given up before a final one",
    ),
    "no_worker": Meaning(
        "no worker took it up", "start workers (`recorder worker`), and see that they are not all busy"
    ),
    "asked_too_late": Meaning(
        "it was asked for only after its time",
        "plan it earlier; with schedules, see that workers or a beat run",
    ),
    "started_late": Meaning(
        "it began late", "see whether enough workers ran then; a lead lets crowded starts begin early"
    ),
    "too_short": Meaning(
        "it was stopped before anything could be written",
        "record for longer: the first file takes 15 to 60 s",
    ),
    "upload_pending": Meaning(
        "it recorded, and the files are not all in your storage yet",
        "wait: the vendor uploads late for up to a day; then check that the bucket can still be written to",
    ),
}


def clock(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


def span(seconds: float) -> str:
    """``12 s``, ``5 min``, ``3.5 h``: how long, in words for people."""
    if abs(seconds) < 120:
        return f"{seconds:.0f} s" if abs(seconds) >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if abs(seconds) < 7200 else f"{seconds / 3600:.1f} h"
