"""The words inside exported files."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "file.channel": "채널 {number}",
    "file.dummy_partial": (
        "(이 줄은 실제 내용이 아닙니다. {until}까지의 글만 실제로 받아쓴 것입니다.)"
    ),
    "file.dummy_title": "이것은 받아쓴 글이 아닙니다.",
    "file.dummy_text": "표시된 글은 자리 표시일 뿐이며, 녹음의 내용과 아무 관계가 없습니다.",
    "file.incomplete.running": (
        "[미완성] 받아쓰기가 아직 끝나지 않았습니다. {until}까지의 글만 들어 있습니다."
    ),
    "file.incomplete.failed": (
        "[미완성] 받아쓰기가 도중에 실패했습니다. {until}까지의 글만 들어 있습니다."
    ),
    "file.incomplete.cancelled": (
        "[미완성] 받아쓰기를 도중에 취소했습니다. {until}까지의 글만 들어 있습니다."
    ),
    "file.incomplete.translation": "[미완성] 번역이 끝나지 않았습니다.",
    "file.untranslated": "[알림] 번역이 없는 구간 {count}곳은 빠져 있습니다.",
    "file.stale_translation": "번역한 뒤에 고친 글이 있어, 번역이 지금의 글과 다를 수 있습니다.",
    "file.file": "녹음 파일",
    "file.created": "올린 때",
    "file.length": "길이",
    "file.language": "언어",
    "file.model": "음성 인식 모델",
    "file.kind": "글의 성격",
    "file.kind_machine": "음성 인식으로 받아쓴 글",
    "file.kind_edited": "음성 인식으로 받아쓴 글, 사람이 고친 구간 {count}곳",
    "file.kind_dummy": "더미(자리 표시). 받아쓴 글이 아님",
    "file.kind_partial_dummy": "더미(자리 표시). {until}까지의 글만 실제로 받아쓴 것",
    "file.fact": "항목",
    "file.value": "내용",
    "file.summary": "요약",
    "file.summary_extractive": "통화에서 그대로 뽑은 문장입니다.",
    "file.classification": "분류",
    "file.confidence": "확신도 {percent}%",
    "file.no_label": "분류하지 못했습니다.",
    "file.translation": "번역",
    "file.transcript": "받아쓴 글",
    "file.no_text": "받아쓴 글이 없습니다.",
    "file.edited": "(수정됨)",
    "file.stale": "이 결과가 나온 뒤에 글이 수정되었습니다.",
    "file.failed": "결과를 만들지 못했습니다.",
    "file.told": "엔진이 알린 이유: {reason}",
    "file.appendix": "부록: 글로 싣지 않은 구간",
    "file.withheld": "실제로 말하지 않은 것으로 보여 본문에 싣지 않은 글",
    "file.gaps": "말소리가 들렸지만 글로 옮기지 못한 구간",
    "file.when": "시간",
    "file.reason": "싣지 않은 이유",
    "file.withheld_text": "싣지 않은 글",
    "file.notes": "엔진의 알림",
    "file.page": "쪽",
}

ENGLISH: dict[str, str] = {
    "file.channel": "Channel {number}",
    "file.dummy_partial": "(This line is a placeholder. Only the text up to {until} is real.)",
    "file.dummy_title": "This is not a transcript.",
    "file.dummy_text": "The marked text is a placeholder. It says nothing of the recording.",
    "file.incomplete.running": "[Incomplete] Still being transcribed: text up to {until} only.",
    "file.incomplete.failed": "[Incomplete] Transcription failed: text up to {until} only.",
    "file.incomplete.cancelled": (
        "[Incomplete] Transcription was cancelled: text up to {until} only."
    ),
    "file.incomplete.translation": "[Incomplete] The translation is not finished.",
    "file.untranslated": "[Note] Passages without a translation, left out here: {count}.",
    "file.stale_translation": "The text was edited after it was translated; the two may differ.",
    "file.file": "Recording",
    "file.created": "Uploaded",
    "file.length": "Length",
    "file.language": "Language",
    "file.model": "Speech model",
    "file.kind": "What this is",
    "file.kind_machine": "A transcript made by speech recognition",
    "file.kind_edited": (
        "A transcript made by speech recognition; passages edited by people: {count}"
    ),
    "file.kind_dummy": "A dummy, a placeholder; not a transcript",
    "file.kind_partial_dummy": "A dummy, a placeholder; only the text up to {until} is real",
    "file.fact": "Item",
    "file.value": "Value",
    "file.summary": "Summary",
    "file.summary_extractive": "Sentences taken from the call as they are.",
    "file.classification": "Classification",
    "file.confidence": "confidence {percent}%",
    "file.no_label": "It could not be classified.",
    "file.translation": "Translation",
    "file.transcript": "Transcript",
    "file.no_text": "There is no text.",
    "file.edited": "(edited)",
    "file.stale": "The text was edited after this was made.",
    "file.failed": "There is no result.",
    "file.told": "The engine's own words: {reason}",
    "file.appendix": "Appendix: what is not in the text",
    "file.withheld": "Withheld from the text, because it seems that nobody said it",
    "file.gaps": "Speech was heard here but brought no text",
    "file.when": "Time",
    "file.reason": "Why it is withheld",
    "file.withheld_text": "Withheld text",
    "file.notes": "Notes of the engine",
    "file.page": "Page",
}
