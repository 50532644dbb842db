"""``python -m tests.soak --minutes 5 [--seed 7] [--json FILE]``: status 1 when a promise was broken."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.soak.evidence import Evidence, story
from tests.soak.planning import Plan, plan_of
from tests.soak.promises import judge
from tests.soak.recorders import STOP_BOUND
from tests.soak.running import Status, run
from tests.soak.table import shown
from tests.soak.verdict import Verdict

STORIES = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a soak and tell of it; 0 when every promise was kept."""
    options = _options(arguments)
    for name in [name for name in os.environ if name.startswith("RECORDER_")]:
        if not name.startswith("RECORDER_TEST_"):
            del os.environ[name]
    seed = random.randrange(10**6) if options.seed is None else options.seed
    plan = plan_of(seed, options.minutes * 60)
    console = Console()
    console.print(_header(plan), highlight=False, soft_wrap=True)
    base = Path(tempfile.mkdtemp(prefix="soak-"))
    with shown(console, Status(plan.seed, plan.seconds)) as show:
        evidence = run(plan, base, show)
    verdicts = judge(evidence)
    text = _report(evidence, verdicts, options.minutes)
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    if options.json is not None:
        options.json.write_text(json.dumps(_as_json(evidence, verdicts), indent=1, default=str) + "\n")
    kept = all(verdict.kept for verdict in verdicts)
    if kept and not options.keep:
        shutil.rmtree(base, ignore_errors=True)
    else:
        _leave(evidence, base)
        console.print(f"logs and all stories: {base}", highlight=False, soft_wrap=True)
    return 0 if kept else 1


def _leave(evidence: Evidence, base: Path) -> None:
    """For whoever has to find out: every story, the ledger and the request log."""
    stories = (story(evidence, one) for one in evidence.results)
    (base / "stories.txt").write_text("\n\n".join(stories))
    (base / "ledger.json").write_text(json.dumps(evidence.takes))
    (base / "requests.json").write_text(json.dumps(evidence.requests))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=_minutes, default=10.0, help="under fire, then it comes to rest")
    parser.add_argument("--seed", type=int, help="of a run that shall be repeated")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--keep", action="store_true", help="keep the logs of a good run, too")
    return parser.parse_args(arguments)


def _minutes(text: str) -> float:
    value = float(text)
    if not 0.2 <= value <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text} is not within 0.2..1440")
    return value


def _header(plan: Plan) -> str:
    return (
        f"soak: seed {plan.seed}, {plan.seconds / 60:g} minutes, {plan.asked} recordings, "
        f"{len(plan.actions)} actions, token life {plan.token_life:g} s, "
        f"{'with' if plan.callbacks else 'without'} callbacks"
    )


def _report(evidence: Evidence, verdicts: list[Verdict], minutes: float) -> str:
    lines = [f"{_header(evidence.plan)}, over after {evidence.seconds:.0f} s"]
    lines += [verdict.line for verdict in verdicts]
    lines.append(f"bound of a stop: {STOP_BOUND}")
    broken = [one for verdict in verdicts for one in verdict.breaks]
    if broken:
        lines += ["", *(one.says for one in broken), ""]
        sessions = list(dict.fromkeys(one.session for one in broken if one.session is not None))
        lines += [story(evidence, one) for one in sessions[:STORIES]]
        if len(sessions) > STORIES:
            lines.append(f"and {len(sessions) - STORIES} more")
        lines.append(f"again: make soak MINUTES={minutes:g} SEED={evidence.plan.seed}")
    return "\n".join(lines)


def _as_json(evidence: Evidence, verdicts: list[Verdict]) -> dict[str, Any]:
    plan = evidence.plan
    return {
        "seed": plan.seed,
        "minutes": plan.seconds / 60,
        "seconds": evidence.seconds,
        "token_life": plan.token_life,
        "callbacks": dict(evidence.callbacks) if plan.callbacks else None,
        "recordings": len(evidence.results),
        "stop_bound": STOP_BOUND,
        "kept": all(verdict.kept for verdict in verdicts),
        "promises": [asdict(verdict) for verdict in verdicts],
        "faults": dict(evidence.struck),
        "chronicle": evidence.chronicle,
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its processes must not outlive it
    sys.exit(main())
