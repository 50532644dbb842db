"""Every metric that there is, with its meaning: what is counted, what is shown, and what the pages of
docs/monitoring may speak of. Labels have few values: never a channel or a session.
"""

from __future__ import annotations

from recorder_tasks.core.outcome import Step
from recorder_tasks.core.session import End, Ending, State
from recorder_tasks.store import Came, Counter, Gauge, Histogram, Metric

CALL_BOUNDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0, 30.0)
WAIT_BOUNDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
LAG_BOUNDS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0)
DISPATCH_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)

STEP_NAMES = tuple(step.value for step in Step)
REFUSED = "refused"  # a callback whose signature is wrong, or of an app that takes none
NO_APP = "none"  # its app, where that is none of ours

# --- steps
STEPS = Counter(
    "recorder_steps",
    "Calls of the vendor's API for sessions, by what they turned out to mean (kind), HTTP status and code.",
    ("app", "step", "kind", "http", "code"),
)
STEP_SECONDS = Histogram(
    "recorder_step_seconds",
    "From the first byte that could be sent to the last answer of a step, all its attempts.",
    ("app", "step"),
    CALL_BOUNDS,
)
SLOT_WAIT = Histogram(
    "recorder_slot_wait_seconds",
    "How long a step that had begun waited for its slots of the app's budget.",
    ("app", "step"),
    WAIT_BOUNDS,
)
TURNS = Counter(
    "recorder_turns",
    "Turns by how they began: go, later (no slot in time, put back), stale (somebody else's by now), aside "
    "(the session cannot be read).",
    ("step", "result"),
    {"step": (*STEP_NAMES, "none"), "result": ("go", "later", "stale", "aside")},
)
DISPATCH_LAG = Histogram(
    "recorder_dispatch_lag_seconds",
    "From the instant at which a session was due until a dispatcher claimed it.",
    ("lane",),
    DISPATCH_BOUNDS,
)

# --- recordings
STARTS = Counter("recorder_starts", "Recorders that the vendor has started for us.", ("app",), {"app": ()})
START_LAG = Histogram(
    "recorder_start_lag_seconds",
    "From the planned start (or the wish, if that came later) until the first recorder was accepted; "
    "0 if it was in time.",
    ("app",),
    LAG_BOUNDS,
)
CONFIRMED = Counter("recorder_confirmed", "Recorders that a query has seen at work.", ("app",), {"app": ()})
STOPS = Counter(
    "recorder_stops",
    "Recorders that are over, by what the vendor answered to the stop.",
    ("app", "how"),
    {"app": (), "how": tuple(end.value for end in End)},
)
STOP_LAG = Histogram(
    "recorder_stop_lag_seconds",
    "From the planned or asked end until the final answer to the stop, which may wait for the upload.",
    ("app",),
    LAG_BOUNDS,
)
EPISODES = Counter(
    "recorder_missing_episodes",
    "Recorders that the vendor answered 404 for: episodes that began, recovered, or ended with its loss.",
    ("app", "result"),
    {"app": (), "result": ("began", "recovered", "lost")},
)
REPLACEMENTS = Counter(
    "recorder_replacements", "Further recorders of a session that has had one before.", ("app",), {"app": ()}
)
ORPHANED = Counter(
    "recorder_orphaned", "Recorders that may be running and that nobody can name.", ("app",), {"app": ()}
)
FINISHED = Counter(
    "recorder_sessions_finished",
    "Sessions that became final, by what became of them: what a completed one amounts to as far as was known "
    "then, or cancelled, missed, failed.",
    ("app", "result"),
    {
        "app": (),
        "result": (*(ending.value for ending in Ending), *(state.value for state in State if state.final)),
    },
)
ALERTS = Counter(
    "recorder_alerts",
    "Sessions that called for a person, by why.",
    ("app", "alert"),
    {"app": (), "alert": ("stop_failing",)},
)
LOOKS = Counter(
    "recorder_files_looked_for",
    "News of a look into the bucket: everything was there, some was missing, or it could not be looked.",
    ("app", "result"),
    {"app": (), "result": ("verified", "missing", "unverified")},
)
STOPPED_ALONE = Counter(
    "recorder_journal_stops",
    "Stops sent by a worker's journal, while Redis was away or the session could not be read.",
    ("app",),
    {"app": ()},
)
STUCK = Counter("recorder_sessions_stuck", "Sessions that were claimed again and again without a save.")
LOST = Counter("recorder_sessions_lost", "Sessions that were due and were not in Redis any more.")

# --- callbacks and webhooks
CALLBACKS = Counter(
    "recorder_callbacks",
    "The vendor's callbacks: taken, about no recording of ours (unknown), doubled, tests of the address, "
    "unreadable, "
    "dropped (answered, and given up since Redis was away), or refused (not signed as it should be).",
    ("app", "result"),
    {"app": (), "result": (*(("unknown" if one is Came.STRANGER else one.value) for one in Came), REFUSED)},
)
DELIVERIES = Counter(
    "recorder_webhook_deliveries",
    "Attempts to deliver a notification: delivered, or failed; dead: those that were given up.",
    ("subscription", "result"),
    {"subscription": (), "result": ("delivered", "failed", "dead")},
)

# --- as things stand
UP = Gauge("recorder_up", "1 if Redis has answered this scrape; else 0, and what Redis knows is not shown.")
BUILD = Gauge("recorder_build_info", "1, with the version of the process that was asked.", ("version",))
SESSIONS = Gauge("recorder_sessions", "Sessions that are kept, by state.", ("state",))
DUE = Gauge("recorder_due", "Sessions that stand in a lane of the due set, due or not.", ("lane",))
OVERDUE = Gauge("recorder_overdue", "Sessions of a lane that are due and claimed by nobody.", ("lane",))
OVERDUE_SECONDS = Gauge(
    "recorder_overdue_seconds", "For how long the first of a lane has been due; 0 if none is.", ("lane",)
)
LIVE_TAKES = Gauge("recorder_live_takes", "Recorders that may be running and can be stopped by name.")
ORPHANS = Gauge("recorder_orphans", "Recorders that may be running and that nobody can name.")
POISON = Gauge("recorder_poison", "Sessions that no worker can work on.")
WORKERS = Gauge(
    "recorder_workers",
    "Processes heard of lately, by what they do: general, stop, both, notify, beat.",
    ("role",),
)
BUDGET_RATE = Gauge("recorder_budget_rate", "Requests a second that the app may send; 0: no limit.", ("app",))
SLOTS = Counter(
    "recorder_budget_slots",
    "Slots of the app's budget that were granted, and wishes for one that were put off.",
    ("app", "result"),
    {"app": (), "result": ("granted", "refused")},
)
BUDGET_AHEAD = Gauge(
    "recorder_budget_ahead_seconds",
    "How far ahead the app's next slot lies; 0: it is free now.",
    ("app",),
)
CAP = Gauge("recorder_concurrent_cap", "Recorders that the app may have at a time.", ("app",))
WAITING_FOR_ROOM = Gauge(
    "recorder_waiting_for_room", "Sessions that wait since the app is at that cap.", ("app",)
)
LAST_CALLBACK = Gauge(
    "recorder_last_callback_timestamp_seconds", "When the last callback of an app came.", ("app",)
)
WEBHOOKS_WAITING = Gauge(
    "recorder_webhooks_waiting", "Notifications that are to be delivered or tried again.", ("subscription",)
)
WEBHOOKS_DEAD = Gauge("recorder_webhooks_dead", "Notifications that were given up.", ("subscription",))
WEBHOOK_FAILING = Gauge(
    "recorder_webhook_failing_seconds",
    "Since when a receiver has failed without having taken anything; 0: it takes them.",
    ("subscription",),
)

CATALOGUE: tuple[Metric, ...] = tuple(each for each in list(globals().values()) if isinstance(each, Metric))
