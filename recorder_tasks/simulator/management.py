"""The calls beside recording: kicking rules, who is in a channel, where callbacks come from (facts 14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder_tasks.simulator.apps import App
from recorder_tasks.simulator.book import Ban, Book
from recorder_tasks.simulator.channels import Channel
from recorder_tasks.simulator.routes import Call
from recorder_tasks.simulator.timeline import Timeline
from recorder_tasks.simulator.validation import Invalid
from recorder_tasks.simulator.wire import Response

DEFAULT_BAN = 3600


class Management:
    """``body`` is parsed JSON or None; the query string counts where there is no body."""

    def __init__(self, book: Book, timeline: Timeline) -> None:
        self.book = book
        self.timeline = timeline

    def ban(self, app: App, body: Any, now: float) -> Response:
        asked = _asked(body)
        uid = _uid(asked.get("uid"))
        cname = asked.get("cname") or None
        if cname is not None and not isinstance(cname, str):
            raise Invalid("cname must be a string")
        seconds = _seconds(asked)
        rule = Ban(len(self.book.bans) + 1 + self.book.rng.randrange(10**6), app.app_id, cname, uid, 0.0, now)
        rule.until = now + seconds
        if seconds:
            self.book.bans[rule.rule_id] = rule
        self._kick(app.app_id, cname, uid, now)
        return Response(200, {"status": "success", "id": rule.rule_id})

    def _kick(self, app_id: str, cname: str | None, uid: int | None, now: float) -> None:
        """Recorders leave like anybody else; undocumented, but expected."""
        sids = self.book.running[app_id] if cname is None else self.book.in_channel[cname]
        for sid in list(sids):
            task = self.book.tasks[sid]
            joined = task.joined_at is not None and task.mode != "web" and task.app_id == app_id
            if joined and uid in (None, task.uid_in_channel):
                self.timeline.end(task, "ban", now)

    def bans(self, app: App, now: float) -> Response:
        rules = [
            {
                "id": ban.rule_id,
                "appid": ban.app_id,
                "cname": ban.cname or "",
                "uid": ban.uid or 0,
                "createAt": int(ban.created_at),
                "ts": int(ban.until),
            }
            for ban in self.book.bans.values()
            if ban.app_id == app.app_id and now < ban.until
        ]
        return Response(200, {"status": "success", "rules": rules})

    def extend_ban(self, app: App, body: Any, now: float) -> Response:
        asked = _asked(body)
        ban = self._rule(app, asked.get("id"))
        ban.until = now + _seconds(asked)
        return Response(200, {"status": "success", "result": {"id": ban.rule_id, "ts": int(ban.until)}})

    def unban(self, app: App, body: Any, query: Mapping[str, str]) -> Response:
        given = body.get("id") if isinstance(body, dict) else query.get("id")
        ban = self._rule(app, int(given) if isinstance(given, str) and given.isdigit() else given)
        del self.book.bans[ban.rule_id]
        return Response(200, {"status": "success", "id": ban.rule_id})

    def _rule(self, app: App, rule_id: Any) -> Ban:
        ban = self.book.bans.get(rule_id) if isinstance(rule_id, int) else None
        if ban is None or ban.app_id != app.app_id:
            raise Invalid("id is no rule of this app")
        return ban

    def users(self, call: Call, app: App, query: Mapping[str, str], now: float) -> Response:
        """Who is in a channel; recorders only by setting, since the page does not say."""
        channel = self.book.channel(call.channel or "")
        people = [someone.uid for someone in channel.present(now)]
        if self.book.settings.list_recorders:
            sids = self.book.in_channel[channel.name]
            tasks = [self.book.tasks[sid] for sid in sids]
            people += [task.uid_in_channel for task in tasks if task.joined_at is not None]
        if not people and not channel.audience:
            return Response(200, {"success": True, "data": {"channel_exist": False}})
        return Response(200, {"success": True, "data": self._listing(channel, people, call, query)})

    def _listing(
        self, channel: Channel, people: list[int], call: Call, query: Mapping[str, str]
    ) -> dict[str, Any]:
        audience = [900_000_000 + number for number in range(channel.audience)]
        if channel.channel_type != 1:
            users = people + audience
            return {"channel_exist": True, "mode": 1, "total": len(users), "users": users}
        found: dict[str, Any] = {"channel_exist": True, "mode": 2, "broadcasters": people}
        if not (call.hosts_only or "hosts_only" in query):
            found |= {"audience": audience, "audience_total": len(audience)}
        return found

    def ips(self) -> Response:
        """Where our callbacks come from: this machine."""
        return Response(200, {"data": {"service": {"hosts": [{"primaryIP": "127.0.0.1"}]}}})


def _asked(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    return body


def _uid(value: Any) -> int | None:
    if value in (None, ""):
        return None
    text = str(value)
    if isinstance(value, bool) or not text.isdigit() or int(text) == 0:
        raise Invalid("uid must be a number above 0")
    return int(text)


def _seconds(asked: Mapping[str, Any]) -> float:
    """How long a rule holds: time_in_seconds wins over time, which is in minutes."""
    for name, unit, low, high in (("time_in_seconds", 1, 10, 86430), ("time", 60, 1, 1440)):
        if name in asked:
            value = asked[name]
            if (
                isinstance(value, bool)
                or not isinstance(value, int)
                or not (value == 0 or low <= value <= high)
            ):
                raise Invalid(f"{name} must be 0 or within [{low},{high}]")
            return float(value * unit)
    return float(DEFAULT_BAN)
