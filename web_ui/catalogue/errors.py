"""What an error means for a person: `error.CODE`."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "error.title": "글로 옮기지 못했습니다",
    "error.page": "문제가 생겼습니다",
    "error.back": "처음으로",
    "error.request": "문의할 때 알려 주세요",
    "error.engine_away": "음성 인식 엔진에 연결되지 않습니다. 잠시 뒤에 다시 해 주세요.",
    "error.engine_silent": "음성 인식 엔진이 제때 답하지 않았습니다. 잠시 뒤에 다시 해 주세요.",
    "error.engine_broken": "음성 인식 엔진의 답을 읽을 수 없습니다. 관리자에게 알려 주세요.",
    "error.engine_refused": "음성 인식 엔진이 요청을 받지 않습니다. 관리자에게 알려 주세요.",
    "error.queue_full": "기다리는 녹음이 많아 지금은 받을 수 없습니다. 잠시 뒤에 다시 해 주세요.",
    "error.queue_full_after": (
        "기다리는 녹음이 많아 지금은 받을 수 없습니다. {seconds}초쯤 뒤에 다시 해 주세요."
    ),
    "error.model_unavailable": "음성 인식 모델을 쓸 수 없습니다. 관리자에게 알려 주세요.",
    "error.transcription_failed": "인식하는 중에 문제가 생겼습니다. 다시 해 주세요.",
    "error.invalid_audio": (
        "이 파일에서 소리를 읽을 수 없습니다. 다른 형식으로 저장해 다시 올려 주세요."
    ),
    "error.audio_too_long": "녹음이 너무 깁니다. 나누어 올려 주세요.",
    "error.invalid_option": "선택한 값을 쓸 수 없습니다.",
    "error.no_recording": "녹음 파일을 골라 주세요.",
    "error.too_many_uploads": "올라오고 있는 녹음이 많습니다. 잠시 뒤에 다시 해 주세요.",
    "error.upload_too_large": (
        "파일이 너무 큽니다. {limit} MB까지 올릴 수 있습니다. 더 작은 파일로 다시 해 주세요."
    ),
    "error.engine_too_large": "파일이 음성 인식 엔진이 받을 수 있는 크기보다 큽니다.",
    "error.upload_stalled": "파일이 올라오다가 멈추었거나 너무 느립니다. 다시 해 주세요.",
    "error.storage_full": "파일을 저장할 자리가 없습니다. 관리자에게 알려 주세요.",
    "error.malformed_body": "보낸 내용을 읽을 수 없습니다. 다시 해 주세요.",
    "error.unsupported_body": "보낸 내용을 읽을 수 없습니다. 이 화면의 양식을 써 주세요.",
    "error.draining": "서비스를 다시 시작하는 중입니다. 잠시 뒤에 다시 해 주세요.",
    "error.foreign_origin": "다른 사이트에서 보낸 요청이라 받지 않았습니다.",
    "error.not_found": "없는 화면입니다.",
    "error.method_not_allowed": "이 주소에서는 할 수 없는 일입니다.",
    "error.database_busy": "저장하는 곳이 잠시 바쁩니다. 조금 뒤에 다시 해 주세요.",
    "error.database_broken": "저장하는 곳을 쓸 수 없습니다. 관리자에게 알려 주세요.",
    "error.recording_missing": "녹음 파일이 없어졌습니다. 다시 올려 주세요.",
    "error.upload_conflict": "올라온 만큼이 서로 다릅니다. 다시 올려 주세요.",
    "error.unsupported_tus": "올리는 방식이 맞지 않습니다. 화면을 새로 고쳐 주세요.",
    "error.invalid_field": "입력한 값을 쓸 수 없습니다.",
    "error.wrong_state": "지금 상태에서는 할 수 없는 일입니다.",
    "error.internal_error": "예상하지 못한 문제가 생겼습니다. 다시 해 보고, 계속되면 알려 주세요.",
}

ENGLISH: dict[str, str] = {
    "error.title": "There is no transcript",
    "error.page": "Something went wrong",
    "error.back": "Back to the start",
    "error.request": "When you ask about this, mention",
    "error.engine_away": "The speech engine cannot be reached. Please try again in a moment.",
    "error.engine_silent": "The speech engine did not answer in time. Please try again later.",
    "error.engine_broken": (
        "The speech engine's answer cannot be read. Please tell whoever runs this service."
    ),
    "error.engine_refused": (
        "The speech engine refuses our requests. Please tell whoever runs this service."
    ),
    "error.queue_full": "Too many recordings are waiting. Please try again in a moment.",
    "error.queue_full_after": (
        "Too many recordings are waiting. Please try again in about {seconds} s."
    ),
    "error.model_unavailable": (
        "The speech model cannot be used. Please tell whoever runs this service."
    ),
    "error.transcription_failed": "The recognition failed. Please try again.",
    "error.invalid_audio": (
        "No sound can be read from this file. Save it in another format and upload that."
    ),
    "error.audio_too_long": "The recording is too long. Please upload it in parts.",
    "error.invalid_option": "A chosen value cannot be used.",
    "error.no_recording": "Please choose a recording.",
    "error.too_many_uploads": (
        "Too many recordings are being uploaded. Please try again in a moment."
    ),
    "error.upload_too_large": (
        "The file is too large: up to {limit} MB can be uploaded. Please try a smaller one."
    ),
    "error.engine_too_large": "The file is larger than the speech engine accepts.",
    "error.upload_stalled": "The upload stopped half way, or was too slow. Please try again.",
    "error.storage_full": (
        "There is no room to store the file. Please tell whoever runs this service."
    ),
    "error.malformed_body": "What was sent cannot be read. Please try again.",
    "error.unsupported_body": "What was sent cannot be read. Please use the form on this page.",
    "error.draining": "The service is restarting. Please try again in a moment.",
    "error.foreign_origin": "Another site sent this request, so it was refused.",
    "error.not_found": "There is no such page.",
    "error.method_not_allowed": "That cannot be done at this address.",
    "error.database_busy": "The store is busy for a moment. Please try again soon.",
    "error.database_broken": "The store cannot be used. Please tell whoever runs this service.",
    "error.recording_missing": "The recording is not there any more. Please upload it again.",
    "error.upload_conflict": "The upload stands elsewhere. Please upload it again.",
    "error.unsupported_tus": "This way of uploading is not understood. Please reload the page.",
    "error.invalid_field": "A value that was entered cannot be used.",
    "error.wrong_state": "That cannot be done to it now.",
    "error.internal_error": (
        "Something unexpected happened. Please try again, and tell us if it goes on."
    ),
}
