"""How a route says in OpenAPI what it takes, what it answers and whom it lets in, in one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from recorder_tasks.settings.web import Scope
from recorder_tasks.web import problems
from recorder_tasks.web.access import Caller
from recorder_tasks.web.api import examples
from recorder_tasks.web.problems import INVALID_WISH, MEDIA_TYPE, TABLE, Fault, Kind, Refused
from recorder_tasks.web.viewer import MayNot
from schedules.schema import rule_schema

BASE = "/api/v1"
REF = "#/components/schemas/{model}"
SCHEME = "token"
RULE = "Rule"
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[!#-~](?:[ -~]*[!#-~])?$"},
    "description": "Names this request: repeated with the same key within a day it is not done again, and "
    "answered as it was, with `Idempotency-Replayed: true`.",
}
ALWAYS = (401, 403, 422, 500, 503)
WRITES = (409, 413, 415, 507)
ABOUT = """Recordings and schedules of a deployment: what `recorder` and the Python package can do, by the
same functions underneath.

Instants are ISO 8601 with a zone; answers are in UTC. Errors are problem details (RFC 9457). Lists are pages:
`next_cursor` (also `Link: <...>; rel="next"`) asks for the page after. Writes take `Idempotency-Key`.
A token has one of three scopes, each of which may do what those before it may: `read`, `operate`, `admin`.
Without tokens in the settings the server answers its own host only, and everybody there may do everything."""


def needs(scope: Scope) -> Callable[[Request], Caller]:
    """A dependency: the caller whom the door let in, whose token must reach so far. Raises MayNot."""

    def check(request: Request) -> Caller:
        caller = cast("Caller", request.state.caller)
        if not caller.may(scope):
            raise MayNot(scope)
        return caller

    return check


def only_described(request: Request) -> None:
    """A dependency: no query parameter that the route does not describe, and none twice but lists.

    A misspelt filter would otherwise answer with everything. Raises Refused.
    """
    path, method = request.scope["route"].path_format, request.method.lower()
    known = {
        one["name"]: _is_list(one["schema"])
        for one in request.app.openapi()["paths"][path][method].get("parameters", ())
        if one["in"] == "query"
    }
    given = Counter(name for name, _ in request.query_params.multi_items())
    there = ", ".join(sorted(known)) or "none"
    faults = [
        Fault(
            field=name,
            detail="is given more than once" if name in known else f"there is none (there are: {there})",
        )
        for name, times in given.items()
        if name not in known or (times > 1 and not known[name])
    ]
    if faults:
        said = "; ".join(f"{one.field}: {one.detail}" for one in faults)
        raise Refused(INVALID_WISH, said, faults)


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array"


def described(
    scope: Scope,
    *,
    sends: str | type[BaseModel] | None = None,
    example: str | None = None,
    answers: str | None = None,
    needed: bool = True,
    refuses: tuple[int, ...] = (404,),
    writes: bool | None = None,
    status: int = 200,
    more: Mapping[int, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Arguments for a route's decorator.

    ``sends``: the model of its body, or the name of a component. ``example`` and ``answers`` name examples of
    body and answer. ``needed``: whether there must be a body.
    """
    writes = scope > Scope.READ if writes is None else writes
    statuses = sorted({*ALWAYS, *refuses, *(WRITES if writes else ())})
    extra: dict[str, Any] = {"security": [{SCHEME: [scope.name.lower()]}]}
    if writes:
        extra["parameters"] = [KEY]
    if sends is not None:
        name = sends if isinstance(sends, str) else sends.__name__
        extra["requestBody"] = {"required": needed, "content": {"application/json": _content(name, example)}}
    responses: dict[int | str, dict[str, Any]] = {number: _refusal(number) for number in statuses}
    if answers is not None:
        content: dict[str, Any] = {"application/json": {"examples": {answers: {}}}}
        responses[status] = {"content": content}
    for number, told in (more or {}).items():
        known = responses.get(number, {})
        merged = {**known.get("content", {}), **told.get("content", {})}
        responses[number] = {**known, **told, **({"content": merged} if merged else {})}
    return {
        "dependencies": [Depends(needs(scope)), Depends(only_described)],
        "openapi_extra": extra,
        "responses": responses,
        "status_code": status,
    }


def _content(model: str, example: str | None) -> dict[str, Any]:
    known = examples.BODIES.get(example or "", {})
    told = {name: {"summary": summary, "value": value} for name, (summary, value) in known.items()}
    return {"schema": {"$ref": REF.format(model=model)}, **({"examples": told} if told else {})}


def _refusal(status: int) -> dict[str, Any]:
    kinds = _kinds(status)
    told = {kind.slug: {"summary": kind.title, "value": examples.problem_of(kind)} for kind in kinds}
    answer: dict[str, Any] = {
        "description": "; or ".join(dict.fromkeys(kind.title for kind in kinds)),
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}, "examples": told}},
    }
    if any(kind.again is not None for kind in kinds):
        answer["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds after which to try again."}
        }
    return answer


def all_kinds() -> list[Kind]:
    """Every kind of problem that there is, by its status."""
    single = [kind for kind in vars(problems).values() if isinstance(kind, Kind)]
    found = [*single, *(kind for _, kind in TABLE), *problems.BY_STATUS.values()]
    return sorted({kind.slug: kind for kind in found}.values(), key=lambda kind: (kind.status, kind.slug))


def _kinds(status: int) -> list[Kind]:
    return [kind for kind in all_kinds() if kind.status == status]


def document(app: FastAPI, models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """The description of the API, OpenAPI 3.1. ``models``: those of bodies, which are read by hand."""
    told = get_openapi(
        title="Recorder",
        version=app.version,
        openapi_version="3.1.0",
        description=ABOUT,
        routes=app.routes,
        servers=[{"url": BASE}],
        tags=[{"name": name, "description": text} for name, text in examples.TAGS.items()],
    )
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    shared: tuple[type[BaseModel], ...] = (*models, problems.Problem)
    for model in shared:
        _add(schemas, model)
    schemas[RULE] = {"title": RULE, "description": "One schedule.", **rule_schema()}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _with_examples(told["paths"])
    told["components"]["responses"] = _shared_refusals(told["paths"])
    told["components"]["securitySchemes"] = {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of RECORDER_WEB__TOKENS. Its scope is named by each operation.",
        }
    }
    return told


def _with_examples(paths: Mapping[str, Any]) -> None:
    """Puts the examples of answers in, whole: what describes them would leave out each null."""
    for path in paths.values():
        for operation in path.values():
            for answer in operation["responses"].values():
                for name, told in (
                    answer.get("content", {}).get("application/json", {}).get("examples", {}).items()
                ):
                    told["value"] = examples.ANSWERS[name]


def _shared_refusals(paths: Mapping[str, Any]) -> dict[str, Any]:
    """The refusals of all operations, each once; the operations are left with references to them."""
    found: dict[str, Any] = {}
    for path in paths.values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if MEDIA_TYPE in answer.get("content", {}):
                    found[f"Refused{status}"] = answer
                    operation["responses"][status] = {"$ref": f"#/components/responses/Refused{status}"}
    return dict(sorted(found.items()))


def _add(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template=REF, mode="validation")
    for name, inner in schema.pop("$defs", {}).items():
        schemas.setdefault(name, inner)
    schemas.setdefault(model.__name__, schema)
