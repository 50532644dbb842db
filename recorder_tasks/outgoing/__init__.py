"""Notifications on their way out: signed as Standard Webhooks says, posted once, and what was answered."""

from recorder_tasks.outgoing.posting import Answer, post
from recorder_tasks.outgoing.signing import new_secret, signed

__all__ = ["Answer", "new_secret", "post", "signed"]
