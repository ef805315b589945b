"""A `systemctl` for machines without systemd: runs what the units say, once, in the background.

Of a unit it knows Environment, EnvironmentFile, ExecStartPre, ExecStart and ExecStop, with
systemd's way of joining lines and replacing ${NAME}; sdnotify and journald are the real one's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    verb, *rest = [word for word in words if not word.startswith("--quiet")]
    if verb in {"daemon-reload", "enable"}:
        return 0
    name = rest[-1]
    unit = read_unit(Path(os.environ["STT_UNIT_DIR"], name).read_text("utf-8"))
    if verb == "disable":
        return _run(unit["ExecStop"][0], unit)
    if verb != "restart":
        raise SystemExit(f"systemctl {verb}: not known here")
    for command in (*unit.get("ExecStartPre", []), unit["ExecStart"][0]):
        if code := _run(command, unit):
            return code
    return 0


def read_unit(text: str) -> dict[str, list[str]]:
    """Every key with its values, lines that end in a backslash joined to the next."""
    unit: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            unit.setdefault(key, []).append(value)
    return unit


def environment_of(unit: dict[str, list[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in unit.get("Environment", []):
        found |= dict(word.split("=", 1) for word in shlex.split(line))
    for path in unit.get("EnvironmentFile", []):
        file = Path(path.removeprefix("-"))
        if not file.exists() and path.startswith("-"):
            continue
        for line in file.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                found |= dict([line.split("=", 1)])
    return found


def _run(command: str, unit: dict[str, list[str]]) -> int:
    values = environment_of(unit)
    expanded = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], command)
    words = [w for w in shlex.split(expanded) if w not in {"--sdnotify=conmon"}]
    words = [w.replace("--log-driver=journald", "--log-driver=k8s-file") for w in words]
    if words[1:2] == ["run"]:
        words.insert(2, "--detach")
    return subprocess.run(words, stdout=subprocess.DEVNULL, timeout=120, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
