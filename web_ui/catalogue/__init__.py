"""The words of the pages, Korean and English, a file for each page.

A key that one language lacks is a failing test, so is a place-holder.
"""

from __future__ import annotations

from web_ui.catalogue import (
    analysis,
    errors,
    export,
    home,
    report,
    sign_in,
    site,
    transcript,
    upload,
)

FILES = (site, home, upload, transcript, analysis, report, export, sign_in, errors)
KOREAN: dict[str, str] = {key: words for file in FILES for key, words in file.KOREAN.items()}
ENGLISH: dict[str, str] = {key: words for file in FILES for key, words in file.ENGLISH.items()}
