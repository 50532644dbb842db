"""``python -m recorder_tasks.cli``"""

from __future__ import annotations

from recorder_tasks.cli import main

main(prog_name="recorder")
