"""A lesson, and how its recording is asked for."""

import uuid

from django.db import models
from django.utils import timezone

import recorder_tasks
from recorder_tasks.core.errors import InvalidWish, KeyClash


class Lesson(models.Model):
    """``session_id``: its recording, once that was asked for; ``refused``: why there is none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(max_length=63)
    begins = models.DateTimeField(default=timezone.now)
    minutes = models.FloatField()
    session_id = models.CharField(max_length=32, blank=True, default="")
    refused = models.TextField(blank=True, default="")

    def ask(self) -> None:
        """Ask for its recording. Asked again it is the same one: the key names it for ever."""
        try:
            recording = recorder_tasks.record(
                self.channel,
                start=self.begins,
                minutes=self.minutes,
                key=f"lesson/{self.pk}",
                labels={"lesson": str(self.pk)},
            )
        except (InvalidWish, KeyClash) as wrong:
            self.refused = str(wrong)
        else:
            self.session_id = recording.session_id
        self.save(update_fields=["session_id", "refused"])
