"""The key catalogue of a namespace. All keys carry one hash tag, so that a namespace is one slot.

session:<id>          string  "<revision> <state>\\n<json>"
lease:<id>            hash    token, lane, until, claims, rested, rests; only while claimed or counting claims
leases                zset    id -> end of its lease
due:<lane>            zset    id -> instant at which it is due
index:state:<state>   zset    id -> start
index:label:<k>=<v>   zset    id -> start
index:channel:<c>     zset    id -> start
index:schedule:<name> zset    id -> start
index:long            zset    id -> start, of what may last longer than three hours
index:final           zset    id -> when it became final, of settled sessions (retention)
names                 zset    kind, folded text and more -> 0: ids, sids, channels, labels, schedules
live                  hash    sid -> what is needed to stop that take without us
orphans               zset    session/resource -> when a net has surely ended that nameless take, inf if none
orphan                hash    session/resource -> JSON of what is known of it, without its session
takes                 stream  changes of `live`, capped
events, events:<id>   stream  of the fleet, of a session that has left `scheduled`; capped
budget:<app>          hash    next slot, tails of put-off callers, how long others stand back, counts
bells                 zset    app -> when its starts are to be placed before the bell
room:<app>            string  until when nobody asks, since the app is at its cap
waiting:<app>         zset    id -> rank, of sessions that wait for room
birth                 hash    name of the namespace; emptied_at, lost: when an older one was missed, what went
clock                 hash    last instant seen; back, until a claim; rate, anchor and offset of a test clock
uids                  string  counter of shares of uids
callbacks:<app>       hash    at of the last of the vendor's callbacks, and counts by what they were
notice:<app>:<name>   string  id of the session that a callback touched, or empty; expires
answer:<caller>:<key> string  JSON of a claim, or of the answer to a request that may come again; expires
webhooks              hash    name of a subscription -> what the ids of its deliveries begin with
webhook:<name>        hash    cursor: the last event that was seen to; counts, last success and error
webhook:<name>:due    zset    id -> when its next attempt is due, or the lease of the one that is made ends
webhook:<name>:dead   zset    id -> when it was given up; capped
delivery:<id>         hash    name, type, session, body, at, since, attempts, error; token while it is leased
poison                hash    id -> JSON {kind, why, at}, of sessions that nobody here can work on
blind:<reader>        hash    id -> revision, of sessions that workers of that version leave to newer ones
checker               string  where the checker goes on
checker:names         string  and where among the names
workers               hash    name -> JSON with `at`
meters                hash    JSON [metric, values of its labels ...] -> what the fleet has counted
meters:<process>      string  the last batch that a process has added to them; expires
ready                 string  written by whoever asks whether Redis takes writes; expires
schedules ...         of the schedules package: see schedules/store.py
wake                  channel a lane has a new earliest entry
wake:<random>         channel a dispatcher tells its own listener that it ends
"""

from __future__ import annotations


class Keys:
    """Names of one namespace's keys."""

    def __init__(self, namespace: str) -> None:
        self.prefix = f"recorder:{{{namespace}}}:"

    def __call__(self, *parts: str) -> str:
        return self.prefix + ":".join(parts)

    def session(self, session_id: str) -> str:
        return f"{self.prefix}session:{session_id}"

    def lease(self, session_id: str) -> str:
        return f"{self.prefix}lease:{session_id}"

    def events(self, session_id: str | None) -> str:
        return f"{self.prefix}events:{session_id}" if session_id else f"{self.prefix}events"
