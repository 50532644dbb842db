"""Examples of the API's description: what people usually send, and what they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recorder_tasks.web.problems import Kind

TAGS = {
    "recordings": "Ask for one, look, change it, end it.",
    "schedules": "What recurs: each schedule by its name.",
    "timetable": "All schedules together: as files, and what lies ahead.",
    "deployment": "Events of all recordings, how the deployment is, recorders that nobody can stop by name.",
    "webhooks": "Where our own notifications go, and those that could not be delivered.",
}

# name of the example's body -> name -> (what it is, the body)
BODIES: dict[str, dict[str, tuple[str, Any]]] = {
    "record": {
        "now": ("Now, for 50 minutes", {"channel": "math-7b", "minutes": 50}),
        "planned": (
            "Once, at a time, whoever asks how often",
            {
                "channel": "math-7b",
                "start": "2027-03-08T09:00:00+01:00",
                "end": "2027-03-08T09:50:00+01:00",
                "key": "math-7b/2027-03-08",
                "labels": {"school": "north"},
            },
        ),
        "recipe": (
            "Sound only",
            {"channel": "math-7b", "minutes": 50, "recipe": {"recordingConfig": {"streamTypes": 0}}},
        ),
    },
    "extend": {
        "longer": ("Ten minutes more", {"minutes": 10}),
        "until": ("To an instant", {"until": "2027-03-08T10:05:00+01:00"}),
        "beyond": ("Past the deadline, which moves along", {"minutes": 90, "move_deadline": True}),
    },
    "update": {
        "everybody": (
            "Hear everybody",
            {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}},
        ),
        "hold": ("A web page recording pauses", {"webRecordingConfig": {"onhold": True}}),
    },
    "layout": {
        "best_fit": ("All alike", {"mixedVideoLayout": 1}),
        "vertical": ("One of them large", {"mixedVideoLayout": 2, "maxResolutionUid": "101"}),
    },
    "rule": {
        "weekly": (
            "Lessons of a week",
            {"timezone": "Europe/Berlin", "slots": "mon wed fri 09:00-09:50", "pad_after": "5m"},
        ),
        "cron": (
            "The first of each month",
            {"timezone": "UTC", "cron": "0 8 1 * *", "duration": "45m", "channel": "hall"},
        ),
    },
    "pause": {"ill": ("For a week", {"reason": "teacher is ill", "until": "2027-03-15T00:00:00+01:00"})},
    "skip": {
        "day": ("That day", {"slot": "2027-03-08"}),
        "slot": ("One lesson", {"slot": "2027-03-08T09:00"}),
    },
    "unskip": {"day": ("That day after all", {"slot": "2027-03-08"})},
    "run": {"short": ("For five minutes", {"minutes": 5})},
    "timetable": {
        "look": (
            "Only show what would change",
            {
                "timetable": "timezone: Europe/Berlin\nschedules:\n  math-7b:\n    slots: mon 09:00-09:50\n",
                "dry_run": True,
            },
        )
    },
    "calendar": {
        "look": (
            "Only show what would be imported",
            {
                "calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\n"
                "UID:1@example.org\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:20270308T080000Z\r\n"
                "DTEND:20270308T085000Z\r\nSUMMARY:Math\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                "dry_run": True,
            },
        )
    },
}

_RECORDING: dict[str, Any] = {
    "session_id": "r-5f2c0a9d3b7e41c8d6f0",
    "state": "scheduled",
    "outcome": None,
    "reason": None,
    "app": "default",
    "channel": "math-7b",
    "mode": "mix",
    "profile": "default",
    "storage": "default",
    "labels": {"school": "north"},
    "schedule": None,
    "slot": None,
    "revision": None,
    "begins": "2027-03-08T08:00:00Z",
    "created_at": "2027-03-01T12:00:00Z",
    "start": "2027-03-08T08:00:00Z",
    "end": "2027-03-08T08:50:00Z",
    "deadline": "2027-03-08T09:50:00Z",
    "stop_asked_at": None,
    "finished_at": None,
    "settled": False,
    "alerts": [],
    "redundancy": 1,
    "bounded_by": [],
    "diagnosis": None,
    "takes": [],
}
_OCCURRENCE: dict[str, Any] = {
    "schedule": "math-7b",
    "slot": "2027-03-08T09:00",
    "channel": "math-7b",
    "begins": "2027-03-08T08:00:00Z",
    "ends": "2027-03-08T08:50:00Z",
    "start": "2027-03-08T08:00:00Z",
    "end": "2027-03-08T08:55:00Z",
    "note": None,
    "by_hand": False,
}
_SCHEDULE: dict[str, Any] = {
    "name": "math-7b",
    "state": "enabled",
    "when": "mon wed fri 09:00-09:50",
    "rule": {
        "name": "math-7b",
        "channel": "math-7b",
        "timezone": "Europe/Berlin",
        "slots": ["mon wed fri 09:00-09:50"],
        "pad_after": "5m",
    },
    "revision": "9d3b7e41c8d6",
    "created_at": "2027-03-01T12:00:00Z",
    "pause": None,
    "skips": [],
    "runs": [],
    "next": _OCCURRENCE,
}
_PLANNING: dict[str, Any] = {
    "created": 1,
    "moved": 0,
    "withdrawn": 0,
    "stopped": 0,
    "extended": 0,
    "faults": {},
}
_EVENT: dict[str, Any] = {
    "id": "1804492800000-0",
    "type": "session.started",
    "session_id": _RECORDING["session_id"],
    "at": "2027-03-08T08:00:00.412000Z",
    "data": {},
}

ANSWERS: dict[str, Any] = {
    "recording": _RECORDING,
    "recordings": {"recordings": [_RECORDING], "next_cursor": None},
    "hits": {"hits": [{"recording": _RECORDING, "by": "channel", "name": "math-7b"}], "more": False},
    "suggestions": {"suggestions": [{"by": "channel", "name": "math-7b"}]},
    "day": {"recordings": [_RECORDING], "more": False},
    "events": {"events": [_EVENT], "next_cursor": None},
    "diagnosis": {
        "session_id": _RECORDING["session_id"],
        "state": "completed",
        "asked": False,
        "not_asked": None,
        "causes": [
            {
                "code": "nobody_published",
                "title": "nobody published anything that the recorder could hear",
                "likelihood": "likely",
                "evidence": ["the stop was answered: nothing was recorded"],
                "advice": "check the channel's name and the class's time",
            }
        ],
    },
    "overview": {
        "at": "2027-03-08T08:10:00Z",
        "states": {"scheduled": 12, "recording": 3},
        "due": {"stop": 0, "start": 1, "query": 3},
        "workers": {"worker@host": {"lanes": ["start", "query"], "at": 1804493400.0}},
        "budget": {"default": {"next": 1804493400.2, "granted": 120.0}},
        "callbacks": {},
    },
    "orphans": {"orphans": []},
    "subscriptions": {"subscriptions": []},
    "letters": {"letters": [], "next_cursor": None},
    "counted": {"count": 3},
    "trial": {"id": "msg_test_1", "received": True, "status": 204, "error": None, "seconds": 0.042},
    "schedule": _SCHEDULE,
    "schedules": {"schedules": [_SCHEDULE], "next_cursor": None},
    "changed": {"schedule": _SCHEDULE, "recordings": _PLANNING, "warnings": []},
    "removed": {"removed": ["math-7b"], "recordings": {**_PLANNING, "created": 0, "withdrawn": 1}},
    "occurrences": {"occurrences": [_OCCURRENCE]},
    "history": {
        "schedule": "math-7b",
        "history": [
            {
                "at": "2027-03-01T12:00:00Z",
                "kind": "change",
                "what": "added",
                "detail": "",
            }
        ],
    },
    "weeks": {
        "since": "2027-03-07T23:00:00Z",
        "until": "2027-03-14T23:00:00Z",
        "timezone": "Europe/Berlin",
        "slots": [
            {
                "schedule": "math-7b",
                "slot": "2027-03-08T09:00",
                "channel": "math-7b",
                "begins": "2027-03-08T08:00:00Z",
                "ends": "2027-03-08T08:50:00Z",
                "off": None,
                "note": None,
            }
        ],
    },
    "applied": {
        "applied": False,
        "source": "timetable",
        "changes": True,
        "added": [{"name": "math-7b", "rule": _SCHEDULE["rule"]}],
        "changed": [],
        "removed": [],
        "absent": [],
        "unchanged": [],
        "calendars": [],
        "days": 14,
        "appear": {"count": 2, "first": [_OCCURRENCE]},
        "disappear": {"count": 0, "first": []},
        "moved": {"count": 0, "first": []},
        "warnings": [],
        "conflicts": [],
        "forecast": [],
        "recordings": None,
    },
    "imported": {
        "source": "calendar",
        "applied": False,
        "events": [{"name": "math", "uid": "1@example.org", "what": "added", "why": "", "rule": {}}],
        "recordings": {**_PLANNING, "created": 0},
    },
    "forecast": {
        "since": "2027-03-08T00:00:00Z",
        "until": "2027-03-22T00:00:00Z",
        "assumed_limits": False,
        "apps": {},
    },
}

SAID = {
    "invalid-wish": "minutes: input should be greater than 0 (got -5)",
    "no-such-recording": "session_id: no recording is called 'r-0'",
    "no-such-schedule": "schedule: there is none called 'math'",
    "forbidden": "this takes a token with the scope operate",
    "unauthenticated": "Authorization: send `Authorization: Bearer TOKEN`",
    "store-unavailable": "Redis is out of reach: Connection refused",
}


def problem_of(kind: Kind) -> dict[str, Any]:
    """What that kind of problem looks like."""
    detail = SAID.get(kind.slug, kind.title)
    field, colon, text = detail.partition(": ")
    errors = [{"field": field, "detail": text}] if colon and kind.status == 422 else []
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": "/api/v1/...",
        "errors": errors,
    }
