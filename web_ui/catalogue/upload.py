"""The words of what goes in at `/`: files, the microphone, and what is asked for with them."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "form.title": "녹음 올리기",
    "form.file": "녹음 파일",
    "form.drop": "녹음 파일을 여기에 끌어다 놓거나 눌러서 고르세요",
    "form.drop_here": "여기에 놓으면 올릴 목록에 들어갑니다",
    "form.file_hint": "소리나 영상 파일이면 됩니다. 파일마다 {limit}\u00a0MB까지.",
    "form.options": "받아쓰기 설정",
    "form.language": "말하는 언어",
    "form.quality": "품질",
    "form.channels": "좌우 채널",
    "form.channels_hint": "상담원과 고객이 좌우에 따로 녹음되었으면 ‘채널마다 따로’를 고르세요.",
    "form.analysis": "함께 분석하기",
    "form.classify": "상담 유형",
    "form.validate_sales": "불완전판매 점검",
    "form.summarize": "요약",
    "form.product": "점검할 상품",
    "form.product_auto": "자동 판별",
    "form.translate_to": "번역",
    "form.translate_none": "하지 않음",
    "form.submit": "글로 옮기기",
    "form.submit_count": "{count}개를 글로 옮기기",
    "form.choose_first": "먼저 녹음 파일을 골라 주세요.",
    "upload.list": "올릴 녹음",
    "upload.ready": "준비됨",
    "upload.waiting": "차례를 기다리는 중",
    "upload.starting": "시작하는 중",
    "upload.running": "{percent}%",
    "upload.running_more": "{percent}% · {speed}/s · {left}",
    "upload.paused": "일시 정지 · {percent}%",
    "upload.away": "연결이 끊겼습니다. 다시 이어지면 {percent}%부터 계속합니다.",
    "upload.busy": "서버가 바쁩니다. 잠시 뒤에 자동으로 다시 시작합니다.",
    "upload.done": "다 올렸습니다",
    "upload.open": "열기",
    "upload.interrupted": (
        "{percent}%에서 멈춘 올리기입니다. 같은 파일을 다시 고르면 이어서 올립니다."
    ),
    "upload.too_large": "{limit} MB보다 커서 올릴 수 없습니다. 나누어 올려 주세요.",
    "upload.empty": "빈 파일이라 올릴 수 없습니다. 파일을 확인해 주세요.",
    "upload.changed": "파일을 읽을 수 없습니다. 옮겼거나 고친 파일이면 다시 골라 주세요.",
    "upload.gone": "이 올리기는 다른 곳에서 취소되었거나 삭제되었습니다.",
    "upload.pause": "일시 정지",
    "upload.resume": "계속하기",
    "upload.cancel": "올리기 취소",
    "upload.remove": "목록에서 빼기",
    "upload.retry": "다시 시도",
    "upload.said_done": "{name}: 다 올렸습니다",
    "upload.said_failed": "{name}: 올리지 못했습니다",
    "record.start": "마이크로 녹음",
    "record.title": "마이크 녹음",
    "record.level": "소리 크기",
    "record.time": "녹음 시간",
    "record.recording": "녹음하는 중",
    "record.paused": "일시 정지",
    "record.stopped": "녹음을 마쳤습니다",
    "record.silent": "소리가 들어오지 않습니다. 마이크가 꺼져 있지 않은지 확인해 주세요.",
    "record.pause": "일시 정지",
    "record.resume": "계속 녹음",
    "record.stop": "끝내기",
    "record.listen": "보내기 전에 들어 보기",
    "record.send": "보내서 글로 옮기기",
    "record.discard": "버리기",
    "record.ask_title": "이 녹음을 버리시겠습니까?",
    "record.ask_text": "아직 보내지 않은 녹음입니다. 버리면 되돌릴 수 없습니다.",
    "record.name": "마이크 녹음 {when}",
    "record.kept": "보내지 않은 녹음이 남아 있습니다",
    "record.kept_text": (
        "{when}에 시작한 {length} 길이의 녹음입니다. 화면이 닫히기 전까지의 소리를 보관해 "
        "두었습니다."
    ),
    "record.insecure": (
        "이 주소에서는 브라우저가 마이크를 허용하지 않습니다. https 주소로 열거나, 서버가 "
        "설치된 컴퓨터에서는 localhost 주소로 열어 주세요. 다른 곳에서 녹음한 파일은 지금도 "
        "올릴 수 있습니다."
    ),
    "record.unsupported": (
        "이 브라우저로는 녹음할 수 없습니다. Chrome, Edge, Safari, Firefox의 최신 버전을 써 주세요."
    ),
    "record.denied": (
        "마이크가 차단되어 있습니다. 주소창 왼쪽의 사이트 설정에서 마이크를 허용한 뒤 다시 "
        "눌러 주세요."
    ),
    "record.missing": "마이크를 찾지 못했습니다. 연결한 뒤 다시 눌러 주세요.",
    "record.in_use": "마이크를 쓸 수 없습니다. 다른 프로그램이 쓰고 있지 않은지 확인해 주세요.",
    "record.broken": "녹음이 도중에 끊겼습니다. 그때까지의 소리는 남아 있습니다.",
    "upload.leaving": "올리는 중인 녹음이 있습니다.",
}

ENGLISH: dict[str, str] = {
    "form.title": "Upload recordings",
    "form.file": "Recording",
    "form.drop": "Drop recordings here, or press to choose",
    "form.drop_here": "Drop them to add them to the list",
    "form.file_hint": "Any file with sound, video too. Up to {limit}\u00a0MB each.",
    "form.options": "Settings",
    "form.language": "Language spoken",
    "form.quality": "Quality",
    "form.channels": "Stereo channels",
    "form.channels_hint": "Choose “Each on its own” where agent and customer are left and right.",
    "form.analysis": "Analyse as well",
    "form.classify": "Kind of call",
    "form.validate_sales": "Compliance",
    "form.summarize": "Summary",
    "form.product": "Product sold",
    "form.product_auto": "Find it out",
    "form.translate_to": "Translation",
    "form.translate_none": "None",
    "form.submit": "Transcribe",
    "form.submit_count": "Transcribe {count}",
    "form.choose_first": "Please choose a recording first.",
    "upload.list": "Recordings to upload",
    "upload.ready": "Ready",
    "upload.waiting": "Waits for its turn",
    "upload.starting": "Starting",
    "upload.running": "{percent}%",
    "upload.running_more": "{percent}% · {speed}/s · {left}",
    "upload.paused": "Paused · {percent}%",
    "upload.away": "The connection is gone. Once it is back, the upload goes on from {percent}%.",
    "upload.busy": "The server is busy. The upload starts again by itself in a moment.",
    "upload.done": "Uploaded",
    "upload.open": "Open",
    "upload.interrupted": (
        "This upload stopped at {percent}%. Choose the same file to go on with it."
    ),
    "upload.too_large": (
        "Larger than {limit} MB, so it cannot be uploaded. Please upload it in parts."
    ),
    "upload.empty": "The file is empty, so it cannot be uploaded. Please check it.",
    "upload.changed": "The file cannot be read. If it was moved or changed, choose it again.",
    "upload.gone": "This upload was cancelled or deleted elsewhere.",
    "upload.pause": "Pause",
    "upload.resume": "Go on",
    "upload.cancel": "Cancel the upload",
    "upload.remove": "Take off the list",
    "upload.retry": "Try again",
    "upload.said_done": "{name}: uploaded",
    "upload.said_failed": "{name}: not uploaded",
    "record.start": "Record with the microphone",
    "record.title": "Microphone",
    "record.level": "Level",
    "record.time": "Time recorded",
    "record.recording": "Recording",
    "record.paused": "Paused",
    "record.stopped": "Recorded",
    "record.silent": "No sound comes in. Please check that the microphone is not muted.",
    "record.pause": "Pause",
    "record.resume": "Go on recording",
    "record.stop": "Finish",
    "record.listen": "Listen before you send it",
    "record.send": "Send and transcribe",
    "record.discard": "Discard",
    "record.ask_title": "Discard this recording?",
    "record.ask_text": "It has not been sent. Once discarded it cannot be brought back.",
    "record.name": "Microphone {when}",
    "record.kept": "A recording has not been sent",
    "record.kept_text": (
        "It began at {when} and is {length} long: all that was heard before the page closed."
    ),
    "record.insecure": (
        "Browsers refuse the microphone at this address. Ask whoever runs this service for its "
        "https address, or, on the server itself, open it as localhost. A file recorded elsewhere "
        "can be uploaded here."
    ),
    "record.unsupported": (
        "This browser cannot record. Please use a current Chrome, Edge, Safari or Firefox."
    ),
    "record.denied": (
        "The microphone is blocked. Allow it in the settings to the left of the address, then "
        "press again."
    ),
    "record.missing": "No microphone was found. Connect one, then press again.",
    "record.in_use": "The microphone cannot be used. Another program may be using it.",
    "record.broken": "The recording broke off. What was heard until then is kept.",
    "upload.leaving": "Recordings are being uploaded.",
}
