#!/usr/bin/env bash
# Sets up the release whose bundle it lies in, on a host that reaches nothing; run as root.
#   scripts/install_release.sh [--check | --restart | --rollback]
# Checks the host, verifies the bundle, loads the images, starts them and hears a clip. --check does
# the checks alone and changes nothing; --restart starts what is installed again, with changed
# settings; --rollback goes back to the release before. build_release.sh puts it beside the images.
# Keeps everything under STT_HOME (/opt/stt). Settings for every release: STT_HOME/stt.env.
# It needs bash, the usual tools, and Docker with Compose or else podman with systemd (STT_ENGINE
# chooses where both are); the GPU bundle also NVIDIA's driver and container toolkit. Whatever does
# not fit ends it with one line, before anything is changed.
set -euo pipefail

BUNDLE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
STT_HOME="${STT_HOME:-/opt/stt}"
UID_INSIDE=10001
KEPT_RELEASES=3
UNITS="${STT_UNIT_DIR:-/etc/systemd/system}"
PODMAN_SERVICES="stt-api stt-web-ui stt-proxy"
# Both services answer over TLS; that the certificate is the site's is the site's to see.
THROUGH_PROXY="
import ssl, urllib.request as u
for port in (8443, 8444):
    u.urlopen(f'https://127.0.0.1:{port}/health', timeout=5, context=ssl._create_unverified_context())
"

die() {
  echo "install_release.sh: $*" >&2
  exit 1
}

# shellcheck source=scripts/_install_host.sh
. "$BUNDLE/_install_host.sh"

main() {
  choose_engine
  case "${1:-}" in
    '') install_release ;;
    --check) check_bundle && check_host && echo "this host fits $STT_VERSION ($STT_FLAVOR)" ;;
    --restart) restart_release ;;
    --rollback) roll_back ;;
    *) die "usage: install_release.sh [--check | --restart | --rollback]" ;;
  esac
}

install_release() {
  check_bundle
  check_host
  load_images
  make_home
  place_release
  local before
  before="$(current_release)"
  point current "$STT_VERSION-$STT_FLAVOR"
  if ! start_current || ! smoke_test; then
    failed_start "$before"
  fi
  if [ -n "$before" ] && [ "$before" != "$STT_VERSION-$STT_FLAVOR" ]; then point previous "$before"; fi
  install_unit
  remove_old
  echo "$STT_VERSION ($STT_FLAVOR) serves at https://$(hostname):${STT_HTTPS_PORT:-443}"
  echo "keys: $STT_HOME/secrets; log: $ENGINE logs stt-api; back: bash $STT_HOME/current/install_release.sh --rollback"
}

# --- The bundle

check_bundle() {
  [ -f "$BUNDLE/release.env" ] || die "$BUNDLE holds no release (release.env is missing)"
  case "$BUNDLE" in "$STT_HOME"/*) die "this release is installed; --restart starts it again" ;; esac
  (cd "$BUNDLE" && sha256sum --check --quiet SHA256SUMS >/dev/null 2>&1) ||
    die "the bundle is damaged or incomplete: $(damaged)"
  # shellcheck source=/dev/null
  . "$BUNDLE/release.env"
  load_settings
}

damaged() {
  (cd "$BUNDLE" && sha256sum --check --quiet SHA256SUMS 2>/dev/null | head -n 1) || true
}

# The lines of the site's settings that this script needs itself. Compose reads all of them.
load_settings() {
  local line
  [ -f "$STT_HOME/stt.env" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in
      STT_HTTPS_PORT=*) STT_HTTPS_PORT="${line#*=}" ;;
      STT_API_HTTPS_PORT=*) STT_API_HTTPS_PORT="${line#*=}" ;;
      '' | '#'* | [A-Z]*=*) ;;
      *) die "$STT_HOME/stt.env: '$line' is not NAME=VALUE" ;;
    esac
  done <"$STT_HOME/stt.env"
}

# --- Images

load_images() {
  echo "loading the images"
  gzip -dc "$BUNDLE/images/images.tar.gz" | "$ENGINE" load --quiet >/dev/null || die "the engine could not load the images"
  same_image "$STT_API_IMAGE" "$STT_API_IDENTITY"
  same_image "$WEB_UI_IMAGE" "$WEB_UI_IDENTITY"
  same_image "$PROXY_IMAGE" "$PROXY_IDENTITY"
}

# What was loaded is what was built: layers, user, command and environment, as release_manifest.py
# wrote them down. An image's id differs from one engine's store to another's.
same_image() {
  local found
  found="$("$ENGINE" image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}{{println .Config.User}}{{println .Config.Cmd}}{{println .Config.Env}}' "$1" |
    sed '/^$/d' | sha256sum)"
  [ "${found%% *}" = "$2" ] || die "$1 is not the image that was built: something else has its name"
}

# --- Files

make_home() {
  umask 022
  mkdir -p "$STT_HOME/releases" "$STT_HOME/audio" "$STT_HOME/data" "$STT_HOME/logs"
  (umask 077 && mkdir -p "$STT_HOME/secrets")
  [ -f "$STT_HOME/stt.env" ] || cat >"$STT_HOME/stt.env" <<'TEXT'
# Settings of this site, NAME=VALUE without quotes, over those of every release; .env.example of a release lists them.
# After a change: bash current/install_release.sh --restart
#STT_HTTPS_PORT=443
#STT_API_HTTPS_PORT=8003
TEXT
  make_secrets
  chown "$UID_INSIDE:$UID_INSIDE" "$STT_HOME/data" "$STT_HOME/logs"
  chmod 0750 "$STT_HOME/data" "$STT_HOME/logs"
}

# What is there is never replaced. The two keys of stt-api are one key from two sides.
make_secrets() {
  local secrets="$STT_HOME/secrets"
  [ -s "$secrets/stt_api_key" ] || random_key >"$secrets/stt_api_key"
  [ -s "$secrets/stt_api_keys" ] || cat "$secrets/stt_api_key" >"$secrets/stt_api_keys"
  [ -s "$secrets/stt_admin_key" ] || random_key >"$secrets/stt_admin_key"
  [ -f "$secrets/agent_api_key" ] || : >"$secrets/agent_api_key"
  make_certificate
  chown -R "$UID_INSIDE:$UID_INSIDE" "$secrets"
  chmod 0700 "$secrets"
  chmod 0400 "$secrets"/*
}

random_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# A certificate of the site's own belongs here; until then one that browsers warn of.
make_certificate() {
  local secrets="$STT_HOME/secrets" host
  host="$(hostname)"
  if [ -s "$secrets/tls_certificate.pem" ] && [ -s "$secrets/tls_key.pem" ]; then return; fi
  command -v openssl >/dev/null || die "openssl is not installed: put tls_certificate.pem and tls_key.pem into $secrets"
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host,DNS:localhost,IP:127.0.0.1" \
    -keyout "$secrets/tls_key.pem" -out "$secrets/tls_certificate.pem" 2>/dev/null ||
    die "openssl could not make a certificate: put tls_certificate.pem and tls_key.pem into $secrets"
  echo "made a self-signed certificate: replace $secrets/tls_certificate.pem and tls_key.pem by the site's own"
}

# A release appears under its name whole or not at all. Installed again, it is replaced.
place_release() {
  local device place="$STT_HOME/releases/$STT_VERSION-$STT_FLAVOR"
  [ "$BUNDLE" != "$place" ] || return 0
  rm -rf "$place.part"
  mkdir -p "$place.part"
  (cd "$BUNDLE" && tar -cf - --exclude=./images .) | tar -C "$place.part" -xf -
  grep -E '^(STT_API_IMAGE|WEB_UI_IMAGE|PROXY_IMAGE|STT_MODEL)=' "$BUNDLE/release.env" >"$place.part/.env"
  if [ "$STT_FLAVOR" = gpu ]; then device=cuda; else device=cpu; fi
  printf 'STT_HOME=%s\nSTT_DEVICE=%s\n' "$STT_HOME" "$device" >>"$place.part/.env"
  rm -rf "$place.old"
  [ ! -e "$place" ] || mv "$place" "$place.old"
  mv "$place.part" "$place"
  rm -rf "$place.old"
}

current_release() { basename "$(readlink "$STT_HOME/current" 2>/dev/null)" 2>/dev/null || true; }
previous_release() { basename "$(readlink "$STT_HOME/previous" 2>/dev/null)" 2>/dev/null || true; }

point() { # point NAME RELEASE
  ln -sfn "releases/$2" "$STT_HOME/.$1"
  mv -T "$STT_HOME/.$1" "$STT_HOME/$1"
}

# --- The services

# The release's own directory and not the link to it, so that a container names what it mounts; an
# environment of its own, so that nothing of this shell takes the place of a setting.
compose() (
  cd -P "$STT_HOME/current/"
  env -i PATH="$PATH" HOME="${HOME:-/root}" ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
    docker compose --project-name stt --env-file .env --env-file "$STT_HOME/stt.env" "$@"
)

start_current() {
  echo "starting $(current_release)"
  if [ "$ENGINE" = podman ]; then start_units; else start_compose; fi
}

start_compose() {
  compose up --detach --no-build --pull never --remove-orphans --force-recreate 2>"$STT_HOME/.compose.log" || {
    tail -n 5 "$STT_HOME/.compose.log" >&2
    return 1
  }
}

# systemd starts each with podman, and again when it ends; a unit of an earlier release is replaced.
start_units() {
  local service gpu=
  if [ "$(sed -n 's/^STT_DEVICE=//p' "$STT_HOME/current/.env")" = cuda ]; then gpu=--device=nvidia.com/gpu=all; fi
  for service in $PODMAN_SERVICES; do
    sed -e "s#@STT_HOME@#$STT_HOME#g" -e "s#@GPU@#$gpu#g" \
      "$STT_HOME/current/systemd/podman/$service.service" >"$UNITS/$service.service" || return 1
  done
  systemctl daemon-reload
  for service in $PODMAN_SERVICES; do
    systemctl enable --quiet "$service.service" && systemctl restart "$service.service" || return 1
  done
}

stop_all() {
  local service
  if [ "$ENGINE" = docker ]; then
    compose down >/dev/null 2>&1 || true
    return
  fi
  for service in $PODMAN_SERVICES; do systemctl disable --now --quiet "$service.service" || true; done
}

smoke_test() {
  echo "hearing a clip"
  "$ENGINE" exec --interactive stt-api python - "audio/samples/$SMOKE_CLIP" <"$STT_HOME/current/smoke_test.py" &&
    becomes_healthy stt-web-ui python /opt/healthcheck.py &&
    becomes_healthy stt-proxy python3 -c "$THROUGH_PROXY"
}

becomes_healthy() { # becomes_healthy CONTAINER CHECK…
  local name="$1"
  shift
  for _ in $(seq 60); do
    ! "$ENGINE" exec "$name" "$@" >/dev/null 2>&1 || return 0
    sleep 1
  done
  echo "$name does not work after a minute; $ENGINE logs $name says why" >&2
  return 1
}

failed_start() {
  "$ENGINE" logs --tail 20 stt-api >&2 2>&1 || true
  if [ -z "$1" ]; then
    stop_all
    rm -f "$STT_HOME/current"
    die "$STT_VERSION does not work here and was stopped; the end of its log is above"
  fi
  local failed="$STT_VERSION"
  point current "$1"
  # shellcheck source=/dev/null
  . "$STT_HOME/current/release.env"
  if start_current && smoke_test; then
    die "$failed does not work here; $1 runs again. The end of the log is above"
  fi
  die "$failed does not work here, and $1 does not either. The end of the log is above"
}

restart_release() {
  [ -n "$(current_release)" ] || die "no release is installed under $STT_HOME"
  # shellcheck source=/dev/null
  . "$STT_HOME/current/release.env"
  load_settings
  start_current || die "$(current_release) does not start; the end of what Docker said is above"
  smoke_test && return
  "$ENGINE" logs --tail 5 stt-api >&2 2>&1 || true
  die "$(current_release) does not work with these settings; the end of its log is above"
}

roll_back() {
  local from to
  from="$(current_release)" to="$(previous_release)"
  [ -n "$to" ] && [ -d "$STT_HOME/releases/$to" ] || die "there is no release before ${from:-this one}"
  # shellcheck source=/dev/null
  . "$STT_HOME/releases/$to/release.env"
  load_settings
  same_image "$STT_API_IMAGE" "$STT_API_IDENTITY"
  same_image "$WEB_UI_IMAGE" "$WEB_UI_IDENTITY"
  same_image "$PROXY_IMAGE" "$PROXY_IDENTITY"
  point current "$to"
  if ! start_current || ! smoke_test; then
    point current "$from"
    start_current || true
    die "$to does not work; $from was started again"
  fi
  point previous "$from"
  echo "back at $to; $from is kept, and --rollback again returns to it"
}

# With podman the services are units themselves.
install_unit() {
  [ "$ENGINE" = docker ] && [ -d /run/systemd/system ] || return 0
  sed "s#@STT_HOME@#$STT_HOME#g" "$STT_HOME/current/systemd/stt.service" >"$UNITS/stt.service"
  systemctl daemon-reload
  systemctl enable --quiet stt.service
}

# The last few releases stay, with their images, so that there is a way back.
remove_old() {
  local release image
  find "$STT_HOME/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn |
    tail -n "+$((KEPT_RELEASES + 1))" | while read -r _ release; do
    case "$release" in "$(current_release)" | "$(previous_release)") continue ;; esac
    sed -n 's/^[A-Z_]*_IMAGE=//p' "$STT_HOME/releases/$release/release.env" | while read -r image; do
      "$ENGINE" image rm "$image" >/dev/null 2>&1 || echo "kept the image $image: something uses it"
    done
    rm -rf "${STT_HOME:?}/releases/$release"
  done
}

main "$@"
