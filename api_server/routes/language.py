"""POST /detect-language."""

from __future__ import annotations

from fastapi import APIRouter

from api_server.dependencies import Record, Recording, Service, Services
from api_server.openapi import RECORDING_BODY, RECORDING_ERRORS
from api_server.record import RequestRecord
from api_server.rendering import status_of
from api_server.schemas import LanguageResponse
from stt_errors import AudioError, AudioTooLong, InferenceError, ModelLoadError, STTError
from stt_types import DummyReason

router = APIRouter(tags=["transcription"])

REASONS: dict[type[STTError], DummyReason] = {
    ModelLoadError: "model_load_failed",
    AudioError: "invalid_audio",
    InferenceError: "transcription_failed",
}


@router.post(
    "/detect-language",
    summary="Tell the language of a recording",
    responses=RECORDING_ERRORS,
    openapi_extra=RECORDING_BODY,
)
async def detect_language(
    recording: Recording, service: Service, record: Record
) -> LanguageResponse:
    """A dummy cannot hear: where one answers, `language` is null."""
    try:
        language, probability = await service.engine.detect_language(recording.source)
    except AudioTooLong:
        raise
    except tuple(REASONS) as error:
        if service.settings.stt_fallback == "error":
            raise
        return _dummy(error, service, record)
    if service.engine.is_dummy:
        reason = service.engine.error_reason or "no model is loaded"
        return _dummy(ModelLoadError(reason), service, record)
    record.backend = service.engine.backend
    return _answer(service, record, language, probability, None)


def _dummy(error: STTError, service: Services, record: RequestRecord) -> LanguageResponse:
    reason = next(reason for cls, reason in REASONS.items() if isinstance(error, cls))
    service.metrics.count_dummy("stt", reason)
    record.backend, record.dummies = "dummy", ("stt",)
    return _answer(service, record, None, 0.0, str(error))


def _answer(
    service: Services,
    record: RequestRecord,
    language: str | None,
    probability: float,
    error_reason: str | None,
) -> LanguageResponse:
    return LanguageResponse(
        language=language,
        language_probability=round(probability, 4),
        backend=record.backend or service.engine.backend,
        model=service.engine.model_name,
        is_dummy=error_reason is not None,
        error_reason=error_reason,
        component_status=status_of(service.agent, stt=error_reason is None),
        request_id=record.request_id,
    )
