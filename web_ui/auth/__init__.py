"""Optional sign-in: built from the settings, a peer of having none."""

from __future__ import annotations

from web_ui.auth.api_keys import ApiKeys
from web_ui.auth.auth import Auth, SignInOff, SignInOn, Visit
from web_ui.auth.passwords import Argon2, Hasher, Passwords
from web_ui.auth.session_key import secret_from
from web_ui.auth.sessions import Session, Sessions
from web_ui.auth.users import Users
from web_ui.settings import Settings

__all__ = ["Auth", "Session", "SignInOff", "SignInOn", "Visit", "build"]


def build(settings: Settings, hasher: Hasher | None = None) -> Auth:
    """Sign-in as the settings want it. Reads the file of users, and makes the key that signs
    sessions where there is none. Raises `SettingsProblem`."""
    if settings.web_ui_users is None:
        return SignInOff()
    given = settings.web_ui_api_keys.get_secret_value().split(",")
    secret = secret_from(settings.web_ui_secret.get_secret_value().strip(), settings.web_ui_data)
    return SignInOn(
        users=Users.read(settings.web_ui_users),
        sessions=Sessions(secret, settings.web_ui_session_hours * 3600),
        passwords=Passwords(hasher or Argon2()),
        keys=ApiKeys(key.strip() for key in given if key.strip()),
    )
