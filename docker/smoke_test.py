"""Hears one clip through the service in this container; exit 0 only for a real transcript.

    docker exec -i stt-api python - CLIP < smoke_test.py

Word timestamps are asked for: they are what a CTranslate2 that does not fit the GPU fails at. The
key comes from where the service has its own. Only the standard library, and no word of the clip
is printed.
"""

import http.client
import json
import os
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

WAIT_SECONDS = float(os.environ.get("SMOKE_WAIT_SECONDS", "900"))
ANSWER_SECONDS = 300


def main() -> None:
    health = wait_until_loaded()
    if health["is_dummy"]:
        sys.exit(f"the model does not work: {health['error_reason']}")
    answer = transcribe(sys.argv[1])
    words = [word for segment in answer["segments"] for word in segment["words"] or ()]
    if answer["is_dummy"] or not answer["text"].strip():
        sys.exit(f"no text came: {answer['error_reason']}")
    if not words or not all(0 <= w["start"] <= w["end"] <= answer["duration"] for w in words):
        sys.exit("text came, but no word timestamps: this CTranslate2 does not fit this GPU")
    print(
        f"heard {answer['duration']:.1f} s of {answer['language']} in"
        f" {answer['processing_time_seconds']:.2f} s: {len(words)} words with their times"
        f" ({answer['backend']}, {answer['model']})"
    )


def wait_until_loaded() -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            health = ask("GET", "/health", seconds=5)
            if health["status"] != "loading":
                return health
            last = "the model is still loading"
        except (OSError, http.client.HTTPException, ValueError) as error:
            last = f"the service does not answer: {error}"
        if time.monotonic() > deadline:
            sys.exit(f"{last} after {WAIT_SECONDS:.0f} s")
        time.sleep(1)


def transcribe(clip: str) -> dict[str, Any]:
    fields = urllib.parse.urlencode({"file_path": clip, "word_timestamps": "true"})
    try:
        answer = ask("POST", "/transcribe", fields, ANSWER_SECONDS)
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.exit(f"/transcribe: {error}")
    if not answer["success"]:
        sys.exit(f"/transcribe: {answer['error_reason']}")
    return answer


def ask(method: str, path: str, body: str | None = None, seconds: float = 5) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), seconds)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    if key := api_key():
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request(method, path, body, headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def api_key() -> str:
    keys = os.environ.get("STT_API_KEYS", "")
    if path := os.environ.get("STT_API_KEYS_FILE"):
        keys = Path(path).read_text(encoding="utf-8")
    return keys.split(",")[0].strip()


main()
