"""The words of the sign-in page, and of what keeps somebody from signing in."""

from __future__ import annotations

KOREAN: dict[str, str] = {
    "sign_in.title": "로그인",
    "sign_in.title_fault": "로그인하지 못했습니다",
    "sign_in.lead": "이 서버의 녹음과 받아쓴 글을 보려면 로그인해 주세요.",
    "sign_in.name": "이름",
    "sign_in.password": "비밀번호",
    "sign_in.show": "보이기",
    "sign_in.hide": "숨기기",
    "sign_in.show_password": "비밀번호 보이기",
    "sign_in.hide_password": "비밀번호 숨기기",
    "sign_in.shown": "비밀번호가 화면에 보입니다.",
    "sign_in.hidden": "비밀번호를 숨겼습니다.",
    "sign_in.submit": "로그인",
    "sign_in.help": "계정이 없거나 비밀번호를 잊었다면 관리자에게 알려 주세요.",
    "sign_in.wait_seconds": "{seconds}초 뒤에 다시 할 수 있습니다.",
    "sign_in.wait_minutes": "{minutes}분 뒤에 다시 할 수 있습니다.",
    "error.not_signed_in": "로그인해야 합니다.",
    "error.wrong_password": "이름이나 비밀번호가 맞지 않습니다.",
    "error.too_many_attempts": "로그인 시도가 너무 많습니다.",
}

ENGLISH: dict[str, str] = {
    "sign_in.title": "Sign in",
    "sign_in.title_fault": "You are not signed in",
    "sign_in.lead": "Sign in to see the recordings and transcripts on this server.",
    "sign_in.name": "Name",
    "sign_in.password": "Password",
    "sign_in.show": "Show",
    "sign_in.hide": "Hide",
    "sign_in.show_password": "Show the password",
    "sign_in.hide_password": "Hide the password",
    "sign_in.shown": "The password can be seen on the screen.",
    "sign_in.hidden": "The password is hidden.",
    "sign_in.submit": "Sign in",
    "sign_in.help": "Without an account or a password, ask whoever runs this service.",
    "sign_in.wait_seconds": "You can try again in {seconds} s.",
    "sign_in.wait_minutes": "You can try again in {minutes} min.",
    "error.not_signed_in": "You have to sign in first.",
    "error.wrong_password": "The name or the password is not right.",
    "error.too_many_attempts": "There are too many attempts to sign in.",
}
