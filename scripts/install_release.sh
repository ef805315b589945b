#!/usr/bin/env bash
# Sets up the release whose bundle it lies in, on a host that reaches nothing; run as root.
#   scripts/install_release.sh [--check | --restart | --rollback]
# Checks the host, verifies the bundle, loads the images, starts them and hears a clip. --check does
# the checks alone and changes nothing; --restart starts what is installed again, with changed
# settings; --rollback goes back to the release before. build_release.sh puts it beside the images.
# Keeps everything under STT_HOME (/opt/stt). Settings for every release: STT_HOME/stt.env.
# It needs bash, the usual tools and Docker with Compose; the GPU bundle also NVIDIA's driver and
# container toolkit. Whatever does not fit ends it with one line, before anything is changed.
set -euo pipefail

BUNDLE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
STT_HOME="${STT_HOME:-/opt/stt}"
UID_INSIDE=10001
KEPT_RELEASES=3

die() {
  echo "install_release.sh: $*" >&2
  exit 1
}

main() {
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
  echo "keys: $STT_HOME/secrets; log: docker logs stt-api; back: bash $STT_HOME/current/install_release.sh --rollback"
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

# --- The host

check_host() {
  [ "$(id -u)" = 0 ] || die "run it as root: it owns $STT_HOME and talks to the engine"
  [ "$(uname -m)" = x86_64 ] || die "this host is $(uname -m), the images are for x86_64"
  check_engine
  check_disk
  check_port STT_HTTPS_PORT "${STT_HTTPS_PORT:-443}"
  check_port STT_API_HTTPS_PORT "${STT_API_HTTPS_PORT:-8003}"
  [ "$STT_FLAVOR" != gpu ] || check_gpu
}

check_engine() {
  local version
  command -v docker >/dev/null || die "docker is not installed (with podman, see systemd/podman in the bundle)"
  version="$(docker version --format '{{.Server.Version}}' 2>/dev/null)" ||
    die "the Docker engine does not answer: systemctl start docker"
  at_least "$version" 20.10 || die "the Docker engine is $version, 20.10 or newer is needed"
  version="$(docker compose version --short 2>/dev/null)" || die "docker compose is not installed (docker-compose-plugin)"
  at_least "${version#v}" 2.24.4 || die "docker compose is $version, 2.24.4 or newer is needed"
}

check_disk() {
  local root free
  root="$(docker info --format '{{.DockerRootDir}}')"
  [ -d "$root" ] || root=/
  for root in "$root" "$(existing_parent "$STT_HOME")"; do
    free="$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')"
    [ "$free" -ge "$NEEDED_MEGABYTES" ] ||
      die "the file system of $root has $free MB free, $NEEDED_MEGABYTES are needed"
  done
}

existing_parent() {
  local path="$1"
  while [ ! -d "$path" ]; do path="$(dirname "$path")"; done
  echo "$path"
}

# A port that our own proxy holds will be free when it is started again.
check_port() {
  case "$2" in '' | *[!0-9]*) die "$1 is '$2', and a port is a number" ;; esac
  [ "$2" -ge 1 ] && [ "$2" -le 65535 ] || die "$1 is $2, and a port is from 1 to 65535"
  docker port stt-proxy 2>/dev/null | grep -q ":$2\$" && return
  if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
    die "port $2 is in use: free it, or write $1=ANOTHER to $STT_HOME/stt.env"
  fi
}

check_gpu() {
  local line driver capability least="$MIN_DRIVER"
  command -v nvidia-smi >/dev/null || die "nvidia-smi is not there: install NVIDIA's driver, or use the cpu bundle"
  line="$(nvidia-smi --query-gpu=driver_version,compute_cap --format=csv,noheader 2>/dev/null | sort -t, -k2 -V | head -n 1)" ||
    line=
  driver="${line%%,*}" capability="${line##*, }"
  case "$driver" in [0-9]*) ;; *) die "nvidia-smi finds no GPU: $(nvidia-smi 2>&1 | head -n 1)" ;; esac
  at_least "$capability" "$MIN_CAPABILITY" ||
    die "the GPU has compute capability $capability, $MIN_CAPABILITY or more is needed"
  # Newer than what the wheel holds code for: the driver compiles it, and must know how.
  at_least "$NATIVE_CAPABILITY" "$capability" || least="$MIN_DRIVER_JIT"
  at_least "$driver" "$least" ||
    die "the driver is $driver, and a GPU of compute capability $capability needs $least or newer"
  docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"nvidia"' ||
    ls /etc/cdi/nvidia* /var/run/cdi/nvidia* >/dev/null 2>&1 ||
    die "Docker knows no NVIDIA runtime: install the container toolkit, then nvidia-ctk runtime configure --runtime=docker"
}

# at_least HAVE WANTED, as versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# --- Images

load_images() {
  echo "loading the images"
  docker load --quiet --input "$BUNDLE/images/images.tar.gz" >/dev/null || die "the engine could not load the images"
  same_image "$STT_API_IMAGE" "$STT_API_IDENTITY"
  same_image "$WEB_UI_IMAGE" "$WEB_UI_IDENTITY"
  same_image "$PROXY_IMAGE" "$PROXY_IDENTITY"
}

# What was loaded is what was built: layers, user, command and environment, as release_manifest.py
# wrote them down. An image's id differs from one engine's store to another's.
same_image() {
  local found
  found="$(docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}{{println .Config.User}}{{println .Config.Cmd}}{{println .Config.Env}}' "$1" |
    sed '/^$/d' | sha256sum)"
  [ "${found%% *}" = "$2" ] || die "$1 is not the image that was built: something else has its name"
}

# --- Files

make_home() {
  umask 022
  mkdir -p "$STT_HOME/releases" "$STT_HOME/audio" "$STT_HOME/data" "$STT_HOME/logs"
  (umask 077 && mkdir -p "$STT_HOME/secrets")
  [ -f "$STT_HOME/stt.env" ] || cat >"$STT_HOME/stt.env" <<'TEXT'
# Settings of this site, NAME=VALUE, over those of every release; .env.example of a release lists them.
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
  local place="$STT_HOME/releases/$STT_VERSION-$STT_FLAVOR"
  [ "$BUNDLE" != "$place" ] || return 0
  rm -rf "$place.part"
  mkdir -p "$place.part"
  (cd "$BUNDLE" && tar -cf - --exclude=./images .) | tar -C "$place.part" -xf -
  grep -E '^(STT_API_IMAGE|WEB_UI_IMAGE|PROXY_IMAGE|STT_MODEL)=' "$BUNDLE/release.env" >"$place.part/.env"
  printf 'STT_HOME=%s\n' "$STT_HOME" >>"$place.part/.env"
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
  compose up --detach --no-build --pull never --remove-orphans --force-recreate 2>"$STT_HOME/.compose.log" || {
    tail -n 5 "$STT_HOME/.compose.log" >&2
    return 1
  }
}

smoke_test() {
  echo "hearing a clip"
  docker exec --interactive stt-api python - "audio/samples/$SMOKE_CLIP" <"$STT_HOME/current/smoke_test.py" &&
    compose_healthy web-ui stt-web-ui && compose_healthy proxy stt-proxy
}

compose_healthy() {
  local state=
  for _ in $(seq 60); do
    state="$(docker inspect --format '{{.State.Health.Status}}' "$2" 2>/dev/null)" || state=gone
    [ "$state" != healthy ] || return 0
    sleep 1
  done
  echo "$1 is $state after a minute; docker logs $2 says why" >&2
  return 1
}

failed_start() {
  docker logs --tail 20 stt-api >&2 2>&1 || true
  if [ -z "$1" ]; then
    compose down >/dev/null 2>&1 || true
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
  docker logs --tail 5 stt-api >&2 2>&1 || true
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

install_unit() {
  [ -d /run/systemd/system ] || return 0
  sed "s#@STT_HOME@#$STT_HOME#g" "$STT_HOME/current/systemd/stt.service" >/etc/systemd/system/stt.service
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
      docker image rm "$image" >/dev/null 2>&1 || echo "kept the image $image: something uses it"
    done
    rm -rf "${STT_HOME:?}/releases/$release"
  done
}

main "$@"
