"""/webhooks and /letters: whom we tell what happens, how that goes, and what nobody received."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from recorder_tasks.flow.webhooks import Trial
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api.describing import described
from recorder_tasks.web.api.paging import Limit, linked
from recorder_tasks.web.api.replaying import Once
from recorder_tasks.web.api.shapes import Counted, LetterPage, Subscriptions
from recorder_tasks.web.asking import Parts

router = APIRouter(tags=["webhooks"])
once = APIRouter(tags=["webhooks"], route_class=Once)


@router.get(
    "/webhooks", response_model=Subscriptions, **described(Scope.READ, refuses=(), answers="subscriptions")
)
def list_webhooks(parts: Parts) -> Subscriptions:
    """Subscriptions, and how they fare."""
    return Subscriptions(subscriptions=parts.webhooks.subscriptions())


@once.post("/webhooks/{name}/test", response_model=Trial, **described(Scope.ADMIN, answers="trial"))
def test_webhook(parts: Parts, name: str) -> Trial:
    """Send a `webhook.test` from here and now; it is neither kept nor tried again."""
    return parts.webhooks.test(name)


@once.post("/webhooks/{name}/resend", response_model=Counted, **described(Scope.ADMIN, answers="counted"))
def resend_letters(parts: Parts, name: str) -> Counted:
    """Send every dead letter of a subscription again."""
    return Counted(count=parts.webhooks.resend_all(name))


@once.delete("/webhooks/{name}/letters", response_model=Counted, **described(Scope.ADMIN, answers="counted"))
def drop_letters(parts: Parts, name: str) -> Counted:
    """Drop every dead letter of a subscription; of one that is not configured here, all that waits too."""
    return Counted(count=parts.webhooks.drop_all(name))


@router.get("/letters", response_model=LetterPage, **described(Scope.READ, answers="letters"))
def list_letters(
    parts: Parts,
    request: Request,
    answer: Response,
    subscription: Annotated[str | None, Query(description="Only of this subscription.")] = None,
    limit: Limit = 50,
    cursor: Annotated[
        str | None, Query(max_length=120, description="`next_cursor` of the page before.")
    ] = None,
) -> LetterPage:
    """Dead letters: what nobody received within a day, the newest first."""
    found = parts.webhooks.dead(subscription, limit, cursor)
    linked(request, answer, found.cursor)
    return LetterPage(letters=found.letters, next_cursor=found.cursor)


@once.post("/letters/{letter_id}/resend", **described(Scope.ADMIN, status=204))
def resend_letter(parts: Parts, letter_id: str) -> Response:
    """A dead letter, or one that waits, is due now, with all its attempts before it."""
    parts.webhooks.resend(letter_id)
    return Response(status_code=204)


@once.delete("/letters/{letter_id}", **described(Scope.ADMIN, status=204))
def drop_letter(parts: Parts, letter_id: str) -> Response:
    """Nobody delivers it any more."""
    parts.webhooks.drop(letter_id)
    return Response(status_code=204)


routers = (router, once)
