"""What can be said about a call that is text already: /classify, /validate/incomplete-sales,
/summarize, /translate."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from api_server import masking
from api_server.analysis_schemas import (
    CallRequest,
    ClassifyResponse,
    SalesRequest,
    SalesResponse,
    SummarizeResponse,
    TranslateRequest,
    TranslateResponse,
)
from api_server.dependencies import Record, Service, Services
from api_server.errors import AgentFailed
from api_server.json_body import read_json
from api_server.openapi import errors, json_request
from api_server.record import RequestRecord
from api_server.rendering import status_of
from api_server.services.agent_types import Target
from api_server.services.analysis import Analyses, Kind, Wanted
from api_server.services.conversation import Conversation, Line
from api_server.services.plain_text import conversation_of_text
from serving.errors import InvalidOption
from stt_languages import LANGUAGES
from stt_threads import in_thread

router = APIRouter(tags=["analysis"])
ERRORS = errors(401, 408, 413, 415, 422, 500, 502, 503)


async def call_body(request: Request) -> CallRequest:
    return await read_json(request, CallRequest)


async def sales_body(request: Request) -> SalesRequest:
    return await read_json(request, SalesRequest)


async def translate_body(request: Request) -> TranslateRequest:
    return await read_json(request, TranslateRequest)


Call = Annotated[CallRequest, Depends(call_body)]
Sale = Annotated[SalesRequest, Depends(sales_body)]
Source = Annotated[TranslateRequest, Depends(translate_body)]


@router.post(
    "/classify",
    summary="Tell what a call is about",
    responses=ERRORS,
    openapi_extra=json_request(CallRequest),
)
async def classify(call: Call, service: Service, record: Record) -> ClassifyResponse:
    """The LLM says; when it is away, the rules (`method: rules`), and a marked dummy only where
    neither can."""
    found = await _found(call, Wanted(classify=True, target=_target(call)), service, record)
    return ClassifyResponse.model_validate(_answer("classification", found, service, record))


@router.post(
    "/validate/incomplete-sales",
    summary="Check that a product was sold properly",
    responses=ERRORS,
    openapi_extra=json_request(SalesRequest),
)
async def validate_sales(call: Sale, service: Service, record: Record) -> SalesResponse:
    """불완전판매요소 검증: rules decide, the LLM adds, every quote is in the call."""
    wanted = Wanted(validate_sales=True, product=call.product, target=_target(call))
    found = await _found(call, wanted, service, record)
    return SalesResponse.model_validate(_answer("incomplete_sales", found, service, record))


@router.post(
    "/summarize",
    summary="Summarise a call",
    responses=ERRORS,
    openapi_extra=json_request(CallRequest),
)
async def summarize(call: Call, service: Service, record: Record) -> SummarizeResponse:
    """The LLM writes; when it is away, sentences of the call itself (`method: extractive`)."""
    found = await _found(call, Wanted(summarize=True, target=_target(call)), service, record)
    return SummarizeResponse.model_validate(_answer("summary", found, service, record))


@router.post(
    "/translate",
    summary="Translate a call",
    responses=ERRORS,
    openapi_extra=json_request(TranslateRequest),
)
async def translate(call: Source, service: Service, record: Record) -> TranslateResponse:
    """The LLM only: text without a recording cannot be translated by Whisper."""
    if call.target_language not in LANGUAGES:
        raise InvalidOption("target_language: not a language code, such as en or ja")
    wanted = Wanted(translate_to=call.target_language, target=_target(call))
    found = await _found(call, wanted, service, record)
    return TranslateResponse.model_validate(_answer("translation", found, service, record))


def _target(call: CallRequest) -> Target:
    return Target(call.agent_url, call.request_format)


async def _found(
    call: CallRequest, wanted: Wanted, service: Services, record: RequestRecord
) -> Analyses:
    service.analyst.check(wanted)
    conversation = await in_thread(partial(_conversation, call, service.settings.mask_pii))
    if conversation.is_empty:
        raise InvalidOption("text: nothing is said in it")
    found = await service.analyst.analyse(conversation, wanted)
    service.metrics.observe_analyses(found)
    if found.dummies and service.settings.stt_fallback == "error":
        raise AgentFailed(_reason(found))
    if found.dummies:
        record.add_dummy("agent")
    return masking.masked_analyses(found) if service.settings.mask_pii else found


def _conversation(call: CallRequest, mask_pii: bool) -> Conversation:
    if call.segments is None:
        conversation = conversation_of_text(call.text or "")
    else:
        lines = [Line(s.id, s.text, s.start, s.end, s.speaker, s.channel) for s in call.segments]
        timed = any(line.end > line.start for line in lines)
        conversation = Conversation(tuple(lines), timed)
    return masking.masked_conversation(conversation) if mask_pii else conversation


def _reason(found: Analyses) -> str:
    results = (found.classification, found.incomplete_sales, found.summary, found.translation)
    reasons = [result.error_reason for result in results if result is not None and result.is_dummy]
    return reasons[0] or "nothing could answer"


def _answer(
    kind: Kind, found: Analyses, service: Services, record: RequestRecord
) -> dict[str, Any]:
    result = getattr(found, kind)
    if result is None:
        raise RuntimeError(found.errors.get(kind, "no result"))
    real = service.engine.state == "ready" and not service.engine.is_dummy
    status = status_of(service.agent, stt=real, analyses=found)
    fields = {name: getattr(result, name) for name in result.__dataclass_fields__}
    return {**fields, "component_status": status, "request_id": record.request_id}
