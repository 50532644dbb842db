"""Lessons."""

import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Lesson",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("channel", models.CharField(max_length=63)),
                ("begins", models.DateTimeField(default=django.utils.timezone.now)),
                ("minutes", models.FloatField()),
                ("session_id", models.CharField(blank=True, default="", max_length=32)),
                ("refused", models.TextField(blank=True, default="")),
            ],
        ),
    ]
