"""Examples shown in the documentation."""

from __future__ import annotations

from typing import Any

REQUEST_ID = "5f0c1c1b6b0f4f9e8d0a8e3f5a1b2c3d"

TRANSCRIPT: dict[str, Any] = {
    "success": True,
    "text": "그는 이리저리 피하면서 길 한 옆으로 걸어갔다.",
    "language": "ko",
    "language_probability": 0.98,
    "duration": 3.89,
    "segments": [
        {
            "id": 0,
            "start": 0.0,
            "end": 3.4,
            "text": "그는 이리저리 피하면서 길 한 옆으로 걸어갔다.",
            "channel": None,
            "avg_logprob": -0.25,
            "no_speech_prob": 0.01,
            "compression_ratio": 1.1,
            "words": None,
        }
    ],
    "suppressed": [],
    "coverage": {
        "audio_seconds": 3.89,
        "speech_seconds": 3.4,
        "transcribed_seconds": 3.4,
        "gaps": [],
    },
    "backend": "faster-whisper",
    "model": "base",
    "is_dummy": False,
    "error_reason": None,
    "component_status": {"stt": True, "classification": True, "vllm": False},
    "classification": None,
    "incomplete_sales": None,
    "summary": None,
    "translation": None,
    "analysis_errors": {},
    "warnings": [],
    "processing_time_seconds": 0.61,
    "timings": {"decode": 0.01, "vad": 0.02, "queue": 0.0, "inference": 0.58, "total": 0.61},
    "request_id": REQUEST_ID,
}

LANGUAGE: dict[str, Any] = {
    "success": True,
    "language": "ko",
    "language_probability": 0.98,
    "backend": "faster-whisper",
    "model": "base",
    "is_dummy": False,
    "error_reason": None,
    "component_status": {"stt": True, "classification": True, "vllm": False},
    "request_id": REQUEST_ID,
}

HEALTH: dict[str, Any] = {
    "status": "healthy",
    "backend": "faster-whisper",
    "model": "base",
    "is_dummy": False,
    "error_reason": None,
    "component_status": {"stt": True, "classification": True, "vllm": False},
    "agent": {
        "configured": False,
        "available": False,
        "type": "dummy",
        "model": None,
        "error_reason": "AGENT_URL: not set",
    },
    "version": "0.1.0",
}

CALL: dict[str, Any] = {
    "segments": [
        {"id": 0, "start": 0, "end": 3.1, "speaker": "customer", "text": "보험 해지하려고요."},
        {"id": 1, "start": 3.4, "end": 7.9, "speaker": "agent",
         "text": "네 고객님, 해지 도와드리겠습니다."},
    ]
}  # fmt: skip

CLASSIFICATION: dict[str, Any] = {
    "label": "해지",
    "confidence": 0.83,
    "method": "rules",
    "evidence": [
        {"quote": "보험 해지하려고요.", "segment_id": 0, "start": 0, "end": 3.1,
         "speaker": "customer", "speaker_inferred": False}
    ],
    "is_dummy": False,
    "error_reason": "AGENT_URL: not set",
    "success": True,
    "component_status": {"stt": True, "classification": True, "vllm": False},
    "request_id": REQUEST_ID,
}  # fmt: skip

ERROR: dict[str, Any] = {
    "success": False,
    "error_code": "invalid_option",
    "error_reason": "beam_size: Input should be less than or equal to 10",
    "request_id": REQUEST_ID,
}

SRT = "1\n00:00:00,000 --> 00:00:03,400\n그는 이리저리 피하면서 길 한 옆으로 걸어갔다.\n"

EVENTS = (
    'event: segment\ndata: {"id": 0, "start": 0.0, "end": 3.4, "text": "…", …}\n\n'
    'event: progress\ndata: {"seconds_done": 3.4, "seconds_total": 61.4, "language": "ko", '
    '"language_probability": 0.98, "speech_seconds": 2.72, "transcribed_seconds": 2.72, '
    '"suppressed": [], "gaps": []}\n\n'
    'event: result\ndata: {"success": true, "text": "…", …}\n\n'
)
