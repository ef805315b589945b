# shellcheck shell=bash
# Sourced by install_release.sh: images and containers, with Docker and Compose or with podman and
# systemd. Uses die, pointed, STT_HOME, ENGINE and what release.env says.

UNITS="${STT_UNIT_DIR:-/etc/systemd/system}"
PODMAN_SERVICES="stt-api stt-web-ui stt-proxy"
# Both services answer over TLS; that the certificate is the site's is the site's to see.
THROUGH_PROXY="
import ssl, urllib.request as u
for port in (8443, 8444):
    u.urlopen(f'https://127.0.0.1:{port}/health', timeout=5, context=ssl._create_unverified_context())
"
# What an image is, whatever store holds it: an id differs from one engine's store to another's.
# release_manifest.py wrote the same down.
IDENTITY='{{range .RootFS.Layers}}{{println .}}{{end}}{{println .Config.User}}{{println .Config.Cmd}}{{println .Config.Entrypoint}}{{println .Config.WorkingDir}}{{println .Config.Env}}'

# --- Images

# Unpacked here: podman's own reading of a packed archive fails in some versions.
load_images() {
  echo "loading the images"
  gzip -dc "$BUNDLE/images/images.tar.gz" | "$ENGINE" load --quiet >/dev/null || die "the engine could not load the images"
  same_images
}

same_images() {
  same_image "$STT_API_IMAGE" "$STT_API_IDENTITY"
  same_image "$WEB_UI_IMAGE" "$WEB_UI_IDENTITY"
  same_image "$PROXY_IMAGE" "$PROXY_IDENTITY"
}

same_image() { # same_image NAME IDENTITY
  local found
  found="$("$ENGINE" image inspect --format "$IDENTITY" "$1" 2>/dev/null)" ||
    die "$1 is not in the engine: install its bundle again"
  found="$(printf '%s\n' "$found" | sed '/^$/d' | sha256sum)"
  [ "${found%% *}" = "$2" ] || die "$1 is not the image that was built: something else has its name"
}

# --- Starting and stopping

start_current() {
  echo "starting $(pointed current)"
  if [ "$ENGINE" = podman ]; then start_units; else start_compose; fi
}

start_compose() {
  compose up --detach --no-build --pull never --remove-orphans --force-recreate 2>"$STT_HOME/.compose.log" || {
    tail -n 5 "$STT_HOME/.compose.log" >&2
    return 1
  }
}

# The release's own directory and not the link to it, so that a container names what it mounts; an
# environment of its own, so that nothing of this shell takes the place of a setting; the files by
# name, so that no other is taken for one.
compose() (
  cd -P "$STT_HOME/current/" || exit
  files=(--file docker-compose.yml)
  [ ! -f docker-compose.override.yml ] || files+=(--file docker-compose.override.yml)
  env -i PATH="$PATH" HOME="${HOME:-/root}" ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
    docker compose --project-name stt "${files[@]}" --env-file .env --env-file "$STT_HOME/stt.env" "$@"
)

# systemd starts each with podman, and again when it ends; a unit of an earlier release is replaced.
# A GPU is a device that SELinux keeps from containers unless their separation is off.
start_units() {
  local service gpu=
  if [ "$(sed -n 's/^STT_DEVICE=//p' "$STT_HOME/current/.env")" = cuda ]; then
    gpu="--device=nvidia.com/gpu=all --security-opt=label=disable"
  fi
  make_networks || return 1
  for service in $PODMAN_SERVICES; do
    sed -e "s#@STT_HOME@#$STT_HOME#g" -e "s#@GPU@#$gpu#g" \
      "$STT_HOME/current/systemd/podman/$service.service" >"$UNITS/$service.service" || return 1
  done
  systemctl daemon-reload
  for service in $PODMAN_SERVICES; do
    FAILED_CONTAINER="$service"
    systemctl enable --quiet "$service.service" && systemctl restart "$service.service" || return 1
  done
}

# Made anew when it has a way out and should have none, or the other way round.
make_networks() {
  local service internal="${STT_NETWORK_INTERNAL:-true}" flags=()
  [ "$internal" != true ] || flags=(--internal)
  podman network exists stt-edge || podman network create stt-edge >/dev/null || return 1
  if podman network exists stt-network; then
    [ "$(podman network inspect --format '{{.Internal}}' stt-network)" != "$internal" ] || return 0
    for service in $PODMAN_SERVICES; do systemctl stop --quiet "$service.service" || true; done
    podman network rm stt-network >/dev/null || return 1
  fi
  podman network create ${flags[@]+"${flags[@]}"} stt-network >/dev/null
}

stop_all() {
  local service
  if [ "$ENGINE" = docker ]; then
    compose down >/dev/null 2>&1 || true
    return
  fi
  for service in $PODMAN_SERVICES; do systemctl disable --now --quiet "$service.service" || true; done
}

# With podman the services are units themselves.
install_unit() {
  [ "$ENGINE" = docker ] && [ -d /run/systemd/system ] || return 0
  local named="--file docker-compose.yml"
  [ ! -f "$STT_HOME/current/docker-compose.override.yml" ] || named="$named --file docker-compose.override.yml"
  sed -e "s#@STT_HOME@#$STT_HOME#g" -e "s#@FILES@#$named#g" "$STT_HOME/current/systemd/stt.service" >"$UNITS/stt.service"
  systemctl daemon-reload
  systemctl enable --quiet stt.service
}

# --- Whether they work

smoke_test() {
  echo "hearing a clip"
  FAILED_CONTAINER=stt-api
  "$ENGINE" exec --interactive stt-api python - "audio/samples/$SMOKE_CLIP" <"$STT_HOME/current/smoke_test.py" &&
    becomes_healthy stt-web-ui python /opt/healthcheck.py &&
    becomes_healthy stt-proxy python3 -c "$THROUGH_PROXY"
}

becomes_healthy() { # becomes_healthy CONTAINER CHECK…
  FAILED_CONTAINER="$1"
  shift
  for _ in $(seq 60); do
    ! "$ENGINE" exec "$FAILED_CONTAINER" "$@" >/dev/null 2>&1 || return 0
    sleep 1
  done
  echo "$FAILED_CONTAINER does not work after a minute" >&2
  return 1
}

log_command() {
  if [ "$ENGINE" = podman ]; then echo "journalctl -u $1"; else echo "docker logs $1"; fi
}

# podman's containers are gone when they have ended; the journal keeps what they said.
show_log() { # show_log CONTAINER LINES
  if [ "$ENGINE" = podman ] && command -v journalctl >/dev/null; then
    journalctl --unit "$1.service" --lines "$2" --no-pager >&2 || true
  else
    "$ENGINE" logs --tail "$2" "$1" >&2 2>&1 || true
  fi
}
