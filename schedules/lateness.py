"""Bells at which starts are late, and the lead that would do for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from math import ceil, inf

from schedules.bell import PAIR, Start, spread
from schedules.foreseen import Late, blame
from schedules.plays import Play
from schedules.rule import utc

MINUTE = 60
PATIENCE = 5.0  # seconds in a crowd that nobody calls late who has given no lead
HAIR = 1e-3  # seconds that are no lateness
LONGEST_LEAD = 3600.0  # that a rule may have
STEPS = ((60, 10), (300, 30), (inf, 60))  # up to so many seconds, a lead is rounded up to such steps


def lateness(plays: list[Play], spacing: float, margin: float, window: range) -> list[Late]:
    """Within a window of minutes, the worst first."""
    alone = PAIR * spacing + margin
    bells: dict[int, list[Play]] = defaultdict(list)
    for play in plays:
        bells[int(play.start // MINUTE)].append(play)
    late = {bell: [play for play in crowd if _is_late(play, alone, margin)] for bell, crowd in bells.items()}
    late = {bell: found for bell, found in late.items() if found}
    would_do = _leads_that_do(bells, late, spacing, margin) if late else {}
    found = [
        _bell(bell, bells[bell], late[bell], would_do[bell], alone - margin, margin)
        for bell in late
        if bell in window
    ]
    return sorted(found, key=lambda one: (-one.worst, one.at))


def _is_late(play: Play, alone: float, margin: float) -> bool:
    """Whether the crowd is to blame: a start without a lead cannot but record a little after its bell."""
    lead = play.planned.lead
    allowed = 0.0 if lead >= alone else alone - lead + PATIENCE
    return play.on + margin > play.start + allowed + HAIR


def _bell(
    bell: int, crowd: list[Play], late: list[Play], would_do: int | None, pair: float, margin: float
) -> Late:
    leads = sorted(play.planned.lead for play in crowd)
    return Late(
        utc(bell * MINUTE),
        starts=len(crowd),
        needs=pair * len(crowd),
        leads=(leads[0], leads[-1]),
        late=len(late),
        worst=max(play.on + margin - play.start for play in late),
        lead=would_do,
        schedules=blame(Counter(play.planned.rule for play in late)),
    )


def _leads_that_do(
    bells: Mapping[int, list[Play]], late: Collection[int], spacing: float, margin: float
) -> dict[int, int | None]:
    """What every start of the late bells needs for all of them to be in time; None: more than is allowed."""
    starts = {
        play.planned.occurrence.key: Start(
            play.planned.occurrence.key,
            play.start,
            LONGEST_LEAD if bell in late else play.planned.lead,
            play.planned.priority,
        )
        for bell, crowd in bells.items()
        for play in crowd
    }
    stops = [play.end for crowd in bells.values() for play in crowd]
    begins = spread(list(starts.values()), stops, spacing=spacing, margin=margin)
    found: dict[int, int | None] = {}
    for bell in late:
        crowd = [(play.start, begins[play.planned.occurrence.key]) for play in bells[bell]]
        in_time = all(begin <= at - margin - PAIR * spacing + HAIR for at, begin in crowd)
        found[bell] = _round_up(max(at - begin for at, begin in crowd)) if in_time else None
    return found


def _round_up(lead: float) -> int:
    step = next(step for upto, step in STEPS if lead <= upto)
    return ceil(round(lead, 3) / step) * step
