"""The words of the pages in English."""

from __future__ import annotations

ENGLISH = {
    "site.name": "Speech to text",
    "site.skip": "Skip to the content",
    "site.languages": "Language of this page",
    "site.new_tab": "opens in a new tab",
    "site.note": "Recordings are not kept once they are transcribed.",
    "engine.label": "Speech engine",
    "engine.ready": "Ready",
    "engine.model": "model {model}",
    "engine.loading": "The model is loading. Open this page again in a moment.",
    "engine.dummy": "Nothing is really transcribed at the moment",
    "engine.dummy_detail": "A recording you upload is answered with a dummy, a placeholder.",
    "engine.degraded": "Speech cannot be recognised",
    "engine.unreachable": "The speech engine cannot be reached",
    "engine.unreachable_detail": (
        "It is down, or its address is another. Please tell whoever runs this service."
    ),
    "engine.told": "The engine's own words",
    "reason.dummy_chosen": "The service is set up to answer with dummies.",
    "reason.no_model": "The files of the speech model were not found.",
    "reason.no_device": "The device it is set up for was not found.",
    "reason.first_inference": "The model failed its trial.",
    "reason.empty": "The file is empty.",
    "reason.no_audio": "There is no sound in the file.",
    "reason.truncated": "The recording breaks off.",
    "reason.not_audio": "The file is not a recording.",
    "reason.other": "The speech could not be recognised.",
    "form.title": "Upload a recording",
    "form.again": "Upload another recording",
    "form.file": "Recording",
    "form.file_hint": "Any format that holds sound, up to {limit} MB.",
    "form.language": "Language spoken",
    "form.quality": "Quality",
    "form.submit": "Transcribe",
    "form.busy": "Transcribing…",
    "form.too_large": "This file is larger than {limit} MB and cannot be uploaded.",
    "language.auto": "Detect it",
    "language.ko": "Korean",
    "language.en": "English",
    "language.ja": "Japanese",
    "language.zh": "Chinese",
    "language.vi": "Vietnamese",
    "language.th": "Thai",
    "language.id": "Indonesian",
    "language.ru": "Russian",
    "language.de": "German",
    "language.fr": "French",
    "language.es": "Spanish",
    "quality.balanced": "Balanced",
    "quality.fast": "Fast",
    "quality.accurate": "Accurate",
    "result.title": "Transcript",
    "result.empty": "No speech was heard, so there is no text.",
    "result.nothing_kept": (
        "Something was heard, but none of it could be kept as text. When, and why, stands below."
    ),
    "result.copy": "Copy the text",
    "result.copied": "Copied",
    "result.not_copied": "Could not copy",
    "result.dummy_title": "This is not a transcript",
    "result.dummy_mark": "Dummy",
    "result.dummy_text": "The text below is a placeholder. It says nothing of the recording.",
    "result.file": "File",
    "result.language": "Language",
    "result.duration": "Length",
    "result.processing": "Processing",
    "result.seconds": "{seconds} s",
    "result.model": "Model",
    "result.passages": "By time",
    "result.when": "Time",
    "result.what": "Text",
    "withheld.label": "Withheld",
    "withheld.repetition": "repeats itself as nobody speaks",
    "withheld.too_fast": "faster than anybody speaks",
    "withheld.low_confidence": "the model is very unsure",
    "withheld.no_speech": "does not sound like speech",
    "withheld.known_phrase": "a phrase the model is known to invent",
    "withheld.prompt_echo": "an echo of the prompt",
    "withheld.other": "seems invented",
    "gap.label": "Speech was heard here but brought no text",
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
    "error.internal_error": (
        "Something unexpected happened. Please try again, and tell us if it goes on."
    ),
}
