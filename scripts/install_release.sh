#!/usr/bin/env bash
# Sets up the release whose bundle it lies in, on a host that reaches nothing; run as root.
#   scripts/install_release.sh [--check | --restart | --rollback]
# Checks the host, verifies the bundle, loads the images, starts them and hears a clip. --check does
# the checks alone and changes nothing; --restart starts what is installed again, with changed
# settings; --rollback goes back to the release before. build_release.sh puts it beside the images.
# Keeps everything under STT_HOME (/opt/stt). Settings for every release: STT_HOME/stt.env.
# It needs bash, the usual tools, and Docker with Compose or else podman with systemd (STT_ENGINE
# chooses where both are); the GPU bundle also NVIDIA's driver and container toolkit. Where
# STT_HOME/release_key.pem is, a bundle must be signed with its other half. Whatever does not fit
# ends it with one line, before anything is changed.
set -euo pipefail

BUNDLE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# An installed copy knows where it is installed.
case "$BUNDLE" in */releases/*) STT_HOME="${BUNDLE%/releases/*}" ;; esac
STT_HOME="${STT_HOME:-/opt/stt}"
UID_INSIDE=10001
KEPT_RELEASES=3

die() {
  echo "install_release.sh: $*" >&2
  exit 1
}

# shellcheck source=scripts/_install_host.sh
. "$BUNDLE/_install_host.sh"
# shellcheck source=scripts/_install_services.sh
. "$BUNDLE/_install_services.sh"

main() {
  choose_home
  choose_engine
  case "${1:-}" in
    '') install_release ;;
    --check)
      check_bundle
      check_host
      echo "this host fits $STT_VERSION ($STT_FLAVOR)"
      ;;
    --restart) restart_release ;;
    --rollback) roll_back ;;
    *) die "usage: install_release.sh [--check | --restart | --rollback]" ;;
  esac
}

install_release() {
  check_bundle
  check_host
  before="$(pointed current)" release="$STT_RELEASE"
  load_images
  make_home
  place_release
  # Whatever ends it from here on, a broken line of the terminal too, the release before runs again.
  trap 'failed_start "it was interrupted"' HUP INT TERM
  [ -z "$before" ] || [ "$before" = "$release" ] || keep_as_previous
  point current "$release"
  start_current || failed_start "it does not start here"
  smoke_test || failed_start "it does not work here"
  trap - HUP INT TERM
  install_unit
  remove_old
  echo "$STT_VERSION ($STT_FLAVOR) serves at https://$(hostname):${STT_HTTPS_PORT:-443}"
  echo "keys: $STT_HOME/secrets; log: $(log_command stt-api); back: bash $STT_HOME/current/install_release.sh --rollback"
}

# The one before stays the way back until this one is proved.
keep_as_previous() {
  previous_before="$(pointed previous)"
  point previous "$before"
}

failed_start() {
  trap - HUP INT TERM
  show_log "${FAILED_CONTAINER:-stt-api}" 20
  if [ "$before" = "$release" ]; then
    die "$release: $1; it was installed already and is left as it is. The end of its log is above"
  fi
  if [ -z "$before" ]; then
    stop_all
    rm -f "$STT_HOME/current"
    die "$release: $1, and it was stopped; the end of its log is above"
  fi
  point current "$before"
  if [ -n "${previous_before:-}" ]; then point previous "$previous_before"; else rm -f "$STT_HOME/previous"; fi
  read_release "$STT_HOME/current"
  if start_current && smoke_test; then
    die "$release: $1; $before runs again. The end of the log is above"
  fi
  die "$release: $1, and neither does $before work. The end of the log is above"
}

restart_release() {
  check_root
  [ -n "$(pointed current)" ] || die "no release is installed under $STT_HOME"
  read_release "$STT_HOME/current"
  own_secrets
  start_current || die "$(pointed current) does not start; the end of what the engine said is above"
  smoke_test && return
  show_log "${FAILED_CONTAINER:-stt-api}" 5
  die "$(pointed current) does not work with these settings; the end of its log is above"
}

roll_back() {
  local from to
  check_root
  from="$(pointed current)" to="$(pointed previous)"
  [ -n "$to" ] && [ -d "$STT_HOME/releases/$to" ] || die "there is no release before ${from:-this one}"
  read_release "$STT_HOME/releases/$to"
  same_images
  own_secrets
  point current "$to"
  if ! start_current || ! smoke_test; then
    point current "$from"
    read_release "$STT_HOME/current"
    start_current || true
    die "$to does not work; $from was started again"
  fi
  point previous "$from"
  echo "back at $to; $from is kept, and --rollback again returns to it"
}

# --- The bundle

check_bundle() {
  [ -f "$BUNDLE/release.env" ] || die "$BUNDLE holds no release (release.env is missing)"
  case "$BUNDLE" in "$STT_HOME"/releases/*) die "this release is installed; --restart starts it again" ;; esac
  check_signature
  (cd "$BUNDLE" && sha256sum --check --quiet SHA256SUMS >/dev/null 2>&1) ||
    die "the bundle is damaged or incomplete: $(damaged)"
  local stranger
  stranger="$(cd "$BUNDLE" && find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig | sed 's#^\./##' |
    grep -vxFf <(sed 's/^[0-9a-f]*  //' SHA256SUMS) | head -n 1)" || true
  [ -z "$stranger" ] || die "the bundle holds a file that is not in SHA256SUMS: $stranger (unpack it into an empty directory)"
  read_release "$BUNDLE"
}

check_signature() {
  local key="$STT_HOME/release_key.pem"
  [ -f "$key" ] || return 0
  openssl dgst -sha256 -verify "$key" -signature "$BUNDLE/SHA256SUMS.sig" "$BUNDLE/SHA256SUMS" >/dev/null 2>&1 ||
    die "the bundle is not signed with the key that $key belongs to"
}

damaged() {
  (cd "$BUNDLE" && sha256sum --check --quiet SHA256SUMS 2>/dev/null | head -n 1) || true
}

read_release() { # read_release DIRECTORY
  # shellcheck source=/dev/null
  . "$1/release.env"
  load_settings "$1"
}

# The lines of the site's settings that this script needs itself; the services read all of them.
load_settings() {
  local line name
  [ -f "$STT_HOME/stt.env" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in '' | '#'*) continue ;; [A-Z]*=*) ;; *) die "$STT_HOME/stt.env: '$line' is not NAME=VALUE" ;; esac
    name="${line%%=*}"
    case "$name" in
      STT_HTTPS_PORT | STT_API_HTTPS_PORT | STT_NETWORK_INTERNAL) printf -v "$name" '%s' "${line#*=}" ;;
      STT_API_KEYS | STT_API_KEY | STT_ADMIN_KEY | AGENT_API_KEY | WEB_UI_API_KEYS)
        die "$STT_HOME/stt.env: $name is a secret: put it into $STT_HOME/secrets/$(echo "$name" | tr '[:upper:]' '[:lower:]')" ;;
    esac
    grep -qE "^#?$name=" "$1/.env.example" 2>/dev/null ||
      echo "$STT_HOME/stt.env: $name is no setting of $STT_VERSION; it is left alone" >&2
  done <"$STT_HOME/stt.env"
}

# --- Files

make_home() {
  umask 022
  mkdir -p "$STT_HOME/releases" "$STT_HOME/audio" "$STT_HOME/rules" "$STT_HOME/data" "$STT_HOME/logs"
  (umask 077 && mkdir -p "$STT_HOME/secrets")
  echo "$ENGINE" >"$STT_HOME/.engine"
  [ -f "$STT_HOME/stt.env" ] || cat >"$STT_HOME/stt.env" <<'TEXT'
# Settings of this site, NAME=VALUE without quotes, over those of every release; .env.example of a release lists them.
# After a change: bash current/install_release.sh --restart
#STT_HTTPS_PORT=443
#STT_API_HTTPS_PORT=8003
TEXT
  (umask 077 && make_secrets)
  own_secrets
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
  [ -f "$secrets/web_ui_api_keys" ] || : >"$secrets/web_ui_api_keys"
  has_certificate || make_certificate
}

# Also what was put there since, a certificate of the site's for one.
own_secrets() {
  local secrets="$STT_HOME/secrets"
  chown -R "$UID_INSIDE:$UID_INSIDE" "$secrets"
  chmod 0700 "$secrets"
  chmod 0400 "$secrets"/*
  command -v openssl >/dev/null || return 0
  [ "$(openssl x509 -noout -pubkey -in "$secrets/tls_certificate.pem" 2>&1)" = \
    "$(openssl pkey -pubout -in "$secrets/tls_key.pem" 2>/dev/null)" ] ||
    die "$secrets/tls_certificate.pem and tls_key.pem do not belong together, or cannot be read"
}

random_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

has_certificate() { [ -s "$STT_HOME/secrets/tls_certificate.pem" ] && [ -s "$STT_HOME/secrets/tls_key.pem" ]; }

# A certificate of the site's own belongs here; until then one that browsers warn of.
make_certificate() {
  local secrets="$STT_HOME/secrets" host
  host="$(hostname)"
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host,DNS:localhost,IP:127.0.0.1" \
    -keyout "$secrets/tls_key.pem" -out "$secrets/tls_certificate.pem" 2>/dev/null ||
    die "openssl could not make a certificate: put tls_certificate.pem and tls_key.pem into $secrets"
  echo "made a self-signed certificate: replace $secrets/tls_certificate.pem and tls_key.pem by the site's own"
}

# A release appears under its name whole or not at all, owned by root whoever packed or unpacked it.
# Its name holds the time of its build, so another build of the same version is another release.
place_release() {
  local device=cpu place="$STT_HOME/releases/$STT_RELEASE"
  rm -rf "$place.part"
  mkdir -p "$place.part"
  (cd "$BUNDLE" && tar -cf - --exclude=./images .) | tar -C "$place.part" --no-same-owner -xf -
  grep -E '^(STT_API_IMAGE|WEB_UI_IMAGE|PROXY_IMAGE|STT_MODEL)=' "$BUNDLE/release.env" >"$place.part/.env"
  [ "$STT_FLAVOR" != gpu ] || device=cuda
  printf 'STT_HOME=%s\nSTT_DEVICE=%s\n' "$STT_HOME" "$device" >>"$place.part/.env"
  chown -R 0:0 "$place.part"
  chmod -R u=rwX,go=rX "$place.part"
  rm -rf "$place.old"
  [ ! -e "$place" ] || mv "$place" "$place.old"
  mv "$place.part" "$place"
  rm -rf "$place.old"
  label_files
}

# Under SELinux a container may read only what is labelled for it.
label_files() {
  if command -v selinuxenabled >/dev/null && selinuxenabled; then
    chcon -R -t container_file_t "$STT_HOME" || die "the files under $STT_HOME could not be labelled for SELinux"
  fi
}

pointed() { # pointed NAME: the release that current or previous points to
  local link
  link="$(readlink "$STT_HOME/$1" 2>/dev/null)" || return 0
  basename "$link"
}

point() { # point NAME RELEASE
  ln -sfn "releases/$2" "$STT_HOME/.$1"
  mv -T "$STT_HOME/.$1" "$STT_HOME/$1"
}

# The last few releases stay, with their images, so that there is a way back.
remove_old() {
  local name image images
  rm -rf "$STT_HOME"/releases/*.part "$STT_HOME"/releases/*.old
  find "$STT_HOME/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn |
    tail -n "+$((KEPT_RELEASES + 1))" | while read -r _ name; do
    case "$name" in "$(pointed current)" | "$(pointed previous)") continue ;; esac
    images="$(sed -n 's/^[A-Z_]*_IMAGE=//p' "$STT_HOME/releases/$name/release.env" || true)"
    rm -rf "${STT_HOME:?}/releases/$name"
    for image in $images; do
      # A release that stays may be made of the same image.
      ! grep -qsxE "[A-Z_]+_IMAGE=$image" "$STT_HOME"/releases/*/release.env || continue
      "$ENGINE" image rm "$image" >/dev/null 2>&1 || echo "kept the image $image: something uses it"
    done
  done
}

main "$@"
