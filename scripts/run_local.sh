#!/usr/bin/env bash
# Starts the services on this machine and stops them together; Ctrl-C ends both.
#   scripts/run_local.sh
# Makes the environment and the model first where they are missing. Every setting of the README is
# read from the environment; PORT is stt-api's here, WEB_UI_PORT the pages', NO_BROWSER=1 opens none.
# Written for bash 3.2 (macOS): no `wait -n`.
set -euo pipefail
# shellcheck source=scripts/_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

main() {
  cd "$ROOT" # a relative file_path counts from here
  project_env
  choose_addresses
  refuse_busy PORT "$api_port"
  if has_web_ui; then refuse_busy WEB_UI_PORT "$web_port"; fi
  prepare_model
  api_pid='' web_pid=''
  trap 'stop_services 130' INT
  trap 'stop_services 143' TERM HUP
  start_services
  wait_until_ready
  announce
  open_browser
  watch_services
}

has_web_ui() { [ -f web_ui/app.py ]; }

choose_addresses() {
  bind_host="${HOST:-127.0.0.1}"
  api_port="${PORT:-8003}"
  web_port="${WEB_UI_PORT:-8100}"
  case "$bind_host" in
    127.0.0.1 | 0.0.0.0 | :: | ::1 | localhost) shown_host=localhost ;;
    *) shown_host="$bind_host" ;;
  esac
  api_url="http://$shown_host:$api_port"
  web_url="http://$shown_host:$web_port"
}

refuse_busy() {
  "$PYTHON" - "$bind_host" "$@" <<'PY' || exit 1
import socket, sys
host, setting, port = sys.argv[1:]
try:
    if not 0 < int(port) < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
except (OSError, ValueError, OverflowError) as error:
    sys.exit(f"Port {port} on {host} cannot be used ({error}). Stop what uses it or set {setting}.")
PY
}

# A directory in STT_MODEL is used as it is. Without a model the service still starts, as a dummy.
prepare_model() {
  local model="${STT_MODEL:-base}"
  case "$model" in */*) [ ! -d "$model" ] || return 0 ;; esac
  [ "${STT_BACKEND:-auto}" != dummy ] || return 0
  "$PYTHON" scripts/prepare_model.py "$model" ||
    echo "going on without a model: answers will be marked dummies" >&2
}

start_services() {
  HOST="$bind_host" PORT="$api_port" "$PYTHON" -m api_server.app &
  api_pid=$!
  has_web_ui || return 0
  HOST="$bind_host" PORT="$web_port" STT_API_URL="${STT_API_URL:-$api_url}" \
    "$PYTHON" -m web_ui.app &
  web_pid=$!
}

wait_until_ready() {
  if ! wait_for "$api_url/health" 30; then
    echo "stt-api does not answer at $api_url/health; stopping" >&2
    stop_services 1
  fi
  # A large model takes minutes to load; what will never be ready is said, and left running.
  if ! wait_for "$api_url/ready" 300; then
    echo "stt-api is up but not ready; $api_url/health says why" >&2
  fi
  if [ -n "$web_pid" ] && ! wait_for "$web_url/health" 30; then
    echo "web-ui does not answer at $web_url/health yet" >&2
  fi
}

# Answers when URL is 200, fails after SECONDS seconds; a service that dies meanwhile ends it all.
wait_for() {
  local deadline=$((SECONDS + $2))
  until answers "$1"; do
    check_alive
    [ "$SECONDS" -lt "$deadline" ] || return 1
    nap 0.3
  done
}

# A proxy of the environment must not get between this machine and itself.
answers() {
  "$PYTHON" - "$1" 2>/dev/null <<'PY'
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=2)
PY
}

announce() {
  local key=
  [ -z "${STT_API_KEYS:-}${STT_API_KEYS_FILE:-}" ] || key=" -H 'Authorization: Bearer KEY'"
  echo
  [ -z "$web_pid" ] || echo "  pages    $web_url"
  echo "  stt-api  $api_url"
  echo "  docs     $api_url/docs"
  echo
  echo "  curl -X POST $api_url/transcribe$key -F file_path=audio/samples/test_ko_1min.wav"
  echo
  echo "Ctrl-C stops."
}

open_browser() {
  local page="$api_url/docs" opener=
  [ -z "$web_pid" ] || page="$web_url"
  [ -t 1 ] && [ -z "${NO_BROWSER:-}${CI:-}${SSH_CONNECTION:-}" ] || return 0
  case "$(uname)" in
    Darwin) opener=open ;;
    *) [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || opener=xdg-open ;;
  esac
  if [ -n "$opener" ] && command -v "$opener" >/dev/null; then
    "$opener" "$page" >/dev/null 2>&1 &
  fi
}

watch_services() {
  while :; do
    check_alive
    nap 1
  done
}

check_alive() {
  alive "$api_pid" || lament stt-api "$api_pid"
  [ -z "$web_pid" ] || alive "$web_pid" || lament web-ui "$web_pid"
}

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

lament() {
  local code=0
  wait "$2" || code=$?
  echo "$1 ended (exit code $code); stopping" >&2
  [ "$code" -ne 0 ] || code=1
  stop_services "$code"
}

# Asks with TERM, which the services answer by finishing what runs; a second Ctrl-C does not ask.
# TERM even for Ctrl-C: the terminal has sent them INT itself, and two INTs mean "at once" to them.
stop_services() {
  trap 'tell_services KILL' INT TERM HUP
  tell_services TERM
  while alive "$api_pid" || alive "$web_pid"; do nap 0.2; done
  exit "$1"
}

tell_services() {
  local pid
  for pid in $api_pid $web_pid; do kill "-$1" "$pid" 2>/dev/null || true; done
}

# In the background, so that a signal is acted on at once and not after the sleep.
nap() {
  sleep "$1" &
  wait $! || true
}

main "$@"
