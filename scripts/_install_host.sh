# shellcheck shell=bash
# Sourced by install_release.sh: which engine this host has, and whether the release fits it. Each
# thing that does not ends the script with one line; nothing is changed here. Uses die, STT_HOME and
# what release.env says.

# A `docker` that is podman in disguise is podman.
choose_engine() {
  ENGINE="${STT_ENGINE:-}"
  case "$ENGINE" in '' | docker | podman) ;; *) die "STT_ENGINE is '$ENGINE', and docker or podman is meant" ;; esac
  [ -z "$ENGINE" ] || return 0
  ENGINE=docker
  if ! command -v docker >/dev/null || docker --version 2>/dev/null | grep -qi podman; then
    if command -v podman >/dev/null; then ENGINE=podman; fi
  fi
}

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
  if [ "$ENGINE" = podman ]; then check_podman; else check_docker; fi
}

check_podman() {
  local version
  version="$(podman version --format '{{.Client.Version}}' 2>/dev/null)" || die "podman does not answer (podman version says why)"
  at_least "$version" 4.2 || die "podman is $version, 4.2 or newer is needed"
  command -v systemctl >/dev/null || die "podman needs systemd to start the services, and systemctl is not there"
}

check_docker() {
  local version
  command -v docker >/dev/null || die "neither docker nor podman is installed"
  version="$(docker version --format '{{.Server.Version}}' 2>/dev/null)" ||
    die "the Docker engine does not answer: systemctl start docker"
  at_least "$version" 20.10 || die "the Docker engine is $version, 20.10 or newer is needed"
  version="$(docker compose version --short 2>/dev/null)" || die "docker compose is not installed (docker-compose-plugin)"
  at_least "${version#v}" 2.24.4 || die "docker compose is $version, 2.24.4 or newer is needed"
}

check_disk() {
  local root free
  if [ "$ENGINE" = podman ]; then
    root="$(podman info --format '{{.Store.GraphRoot}}')"
  else
    root="$(docker info --format '{{.DockerRootDir}}')"
  fi
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
  "$ENGINE" port stt-proxy 2>/dev/null | grep -q ":$2\$" && return
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
  if ls /etc/cdi/nvidia* /var/run/cdi/nvidia* >/dev/null 2>&1; then return; fi
  [ "$ENGINE" = docker ] ||
    die "podman knows no GPU: install the container toolkit, then nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
  docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"nvidia"' ||
    die "Docker knows no NVIDIA runtime: install the container toolkit, then nvidia-ctk runtime configure --runtime=docker"
}

# at_least HAVE WANTED, as versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
