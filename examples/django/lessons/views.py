"""Plan a lesson, see its recording, take in the vendor's callbacks."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

import recorder_tasks
from lessons.models import Lesson
from recorder_tasks.agora import AgoraError
from recorder_tasks.core.errors import NoSuchSession
from recorder_tasks.store import StoreUnavailable


class LessonForm(ModelForm):
    class Meta:
        model = Lesson
        fields = ("channel", "minutes")


@csrf_exempt  # this example has no users; who may plan a lesson is your project's to say
@require_POST
def create(request: HttpRequest) -> JsonResponse:
    form = LessonForm(request.POST)
    if not form.is_valid():
        return JsonResponse(form.errors, status=400)
    with transaction.atomic():
        lesson = form.save()
        # A lesson that is rolled back is not recorded. robust: one that could not be asked for stays, and
        # lessons.ask_again asks again.
        transaction.on_commit(lesson.ask, robust=True)
    return JsonResponse(shown(lesson), status=201)


@require_GET
def read(request: HttpRequest, pk: UUID) -> JsonResponse:
    return JsonResponse(shown(get_object_or_404(Lesson, pk=pk)))


@csrf_exempt  # the vendor has no cookie of ours; its signature is checked
@require_POST
def agora(request: HttpRequest) -> JsonResponse:
    try:
        recorder_tasks.notice("default", request.body, request.headers)
    except AgoraError as wrong:  # not signed by the vendor
        return JsonResponse({"error": str(wrong)}, status=401)
    except StoreUnavailable:
        return JsonResponse({"error": "later, please"}, status=503)  # the vendor sends it again
    return JsonResponse({})


def shown(lesson: Lesson) -> dict[str, Any]:
    return {
        "id": str(lesson.pk),
        "channel": lesson.channel,
        "refused": lesson.refused or None,
        "recording": recorded(lesson.session_id) if lesson.session_id else None,
    }


def recorded(session_id: str) -> dict[str, Any] | None:
    try:
        recording = recorder_tasks.get(session_id)
    except NoSuchSession:  # it ended longer ago than RECORDER_RETENTION_DAYS
        return None
    return {
        "session_id": recording.session_id,
        "state": recording.state,
        "outcome": recording.outcome,
        "files": [file.name for file in recording.files],
    }
