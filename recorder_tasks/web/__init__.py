"""The control room: pages for people, ``/api/v1`` for programs, the vendor's callbacks in, metrics out.

A face like the command line: everything goes through the desk, the schedules and the webhooks of
:mod:`recorder_tasks.wiring`. Needs the extra ``[web]``.
"""
