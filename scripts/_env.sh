# shellcheck shell=bash
# Sourced by the scripts beside it: finds Python 3.11 or newer and keeps `.venv` in step with the
# pinned requirements. Sets ROOT; project_env and dev_env set PYTHON. Written for bash 3.2 (macOS).

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
PYTHON="$VENV/bin/python"
export PIP_DISABLE_PIP_VERSION_CHECK=1

die() {
  echo "$*" >&2
  exit 1
}

# The environment with what the services need, and the one that adds the development tools.
project_env() { _env_with requirements.txt; }
dev_env() { _env_with requirements-dev.txt; }

# The optional backends have an environment of their own: torch weighs a gigabyte or more, and the
# default tests must pass without it. Sets VENV and PYTHON to it: call it in a subshell.
backends_env() {
  VENV="$ROOT/.venv-backends"
  PYTHON="$VENV/bin/python"
  _env_with requirements-dev.txt requirements-backends.txt
}

# What a release is made with, and nothing of what it carries. Sets VENV and PYTHON to it.
tools_env() {
  VENV="$ROOT/.venv-release"
  PYTHON="$VENV/bin/python"
  _env_with requirements-release.txt
}

# A copy of the requirements inside the environment says what was installed. The development
# requirements contain the others, so either copy will do for project_env.
_env_with() {
  _env_has "$@" && return
  _env_lock
  _env_has "$@" || _env_install "$@"
  _env_unlock
}

_env_has() {
  local name
  "$PYTHON" -c '' 2>/dev/null || return 1
  for name in requirements.txt "$@"; do
    cmp -s "$ROOT/$name" "$VENV/$name" || return 1
  done
}

_env_install() {
  local base name log="$VENV/pip.log" wanted=()
  if ! "$PYTHON" -c '' 2>/dev/null; then
    base="$(_find_python)" || { _env_unlock; exit 1; }
    echo "making the environment ${VENV##*/} with $("$base" --version)"
    "$base" -m venv --clear "$VENV" ||
      _env_fail "$base cannot make environments; on Debian and Ubuntu install python3-venv."
  fi
  echo "installing $* into ${VENV##*/} (a minute or two the first time)"
  for name in "$@"; do
    wanted+=(--requirement "$ROOT/$name")
    rm -f "$VENV/requirements.txt" "$VENV/$name"
  done
  if ! "$PYTHON" -m pip install --quiet "${wanted[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    _env_fail "pip could not install $*; its words are above."
  fi
  for name in requirements.txt "$@"; do
    cp "$ROOT/$name" "$VENV/$name"
  done
}

_env_fail() {
  _env_unlock
  die "$*"
}

# Two scripts started together must not install into one environment: a directory is the lock,
# because macOS has no flock; one whose owner is gone is taken over.
_env_lock() {
  local lock="$VENV.lock" waited=
  until mkdir "$lock" 2>/dev/null; do
    if ! _env_lock_owned; then
      sleep 1 # its owner may be between mkdir and writing its number
      _env_lock_owned || rm -rf "$lock"
      continue
    fi
    [ -n "$waited" ] || echo "another script is making ${VENV##*/}; waiting for it"
    waited=1
    sleep 1
  done
  echo $$ >"$lock/pid"
}

_env_lock_owned() {
  local owner
  owner="$(cat "$VENV.lock/pid" 2>/dev/null)" && [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null
}

_env_unlock() { rm -rf "$VENV.lock"; }

# $PYTHON3 first, then the version the figures were measured with, then newer ones. A name may
# exist and not run (pyenv's shims), so each is tried.
_find_python() {
  local name found=
  for name in ${PYTHON3:+"$PYTHON3"} python3.11 python3.12 python3.13 python3 python; do
    found="${found:-$("$name" --version 2>/dev/null)}"
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Python 3.11 or newer is needed; ${found:-no Python} was found." \
    "Install it, or name it: PYTHON3=/path/to/python3.11 bash $0" >&2
  return 1
}
