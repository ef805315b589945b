# shellcheck shell=bash
# Sourced by install_release.sh: where and with which engine the release is installed, and whether
# this host fits it. Each thing that does not ends the script with one line; nothing is changed here.
# Uses die, STT_HOME and what release.env says.

choose_home() {
  case "$STT_HOME" in /*) ;; *) die "STT_HOME is '$STT_HOME', and an absolute path is meant" ;; esac
  STT_HOME="$(realpath -m "$STT_HOME")"
  case "$STT_HOME" in / | *[!A-Za-z0-9._/-]*) die "STT_HOME is '$STT_HOME': letters, digits, '.', '_', '-' and '/' make one" ;; esac
}

# What was chosen at the installation stays. A `docker` that is podman in disguise is podman.
choose_engine() {
  ENGINE="${STT_ENGINE:-$(cat "$STT_HOME/.engine" 2>/dev/null || true)}"
  case "$ENGINE" in '' | docker | podman) ;; *) die "STT_ENGINE is '$ENGINE', and docker or podman is meant" ;; esac
  [ -z "$ENGINE" ] || return 0
  ENGINE=docker
  if ! command -v docker >/dev/null || docker --version 2>/dev/null | grep -qi podman; then
    if command -v podman >/dev/null; then ENGINE=podman; fi
  fi
}

check_host() {
  check_root
  [ "$(uname -m)" = x86_64 ] || die "this host is $(uname -m), the images are for x86_64"
  if [ "$ENGINE" = podman ]; then check_podman; else check_docker; fi
  check_disk
  check_port STT_HTTPS_PORT "${STT_HTTPS_PORT:-443}"
  check_port STT_API_HTTPS_PORT "${STT_API_HTTPS_PORT:-8003}"
  has_certificate || command -v openssl >/dev/null ||
    die "openssl is not installed: put tls_certificate.pem and tls_key.pem into $STT_HOME/secrets"
  [ "$STT_FLAVOR" != gpu ] || check_gpu
}

check_root() {
  [ "$(id -u)" = 0 ] || die "run it as root: it owns $STT_HOME and talks to the engine"
}

check_podman() {
  local version backend
  version="$(podman version --format '{{.Client.Version}}' 2>/dev/null)" || die "podman does not answer (podman version says why)"
  at_least "$version" 4.2 || die "podman is $version, 4.2 or newer is needed"
  backend="$(podman info --format '{{.Host.NetworkBackend}}' 2>/dev/null)" || backend=unknown
  # The older one has no names on a network without a way out.
  [ "$backend" = netavark ] ||
    die "podman's network backend is $backend: install netavark and aardvark-dns, and set network_backend in containers.conf"
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

# Where the images go, where they are unpacked on the way, and where the release itself lies.
check_disk() {
  local place places=("$(existing "$STT_HOME")") free
  if [ "$ENGINE" = podman ]; then
    places+=("$(existing "$(podman info --format '{{.Store.GraphRoot}}')")" "$(existing /var/tmp)")
  else
    places+=("$(existing "$(docker info --format '{{.DockerRootDir}}')")")
    [ ! -d /var/lib/containerd ] || places+=(/var/lib/containerd)
  fi
  for place in "${places[@]}"; do
    free="$(df -Pk "$place" | awk 'NR == 2 { print int($4 / 1024) }')"
    [ "$free" -ge "$NEEDED_MEGABYTES" ] ||
      die "the file system of $place has $free MB free, $NEEDED_MEGABYTES are needed"
  done
}

existing() { # the directory itself, or the nearest above it that exists
  local path="$1"
  while [ ! -d "$path" ]; do path="$(dirname "$path")"; done
  echo "$path"
}

# A port that our own proxy holds will be free when it is started again.
check_port() { # check_port SETTING PORT
  case "$2" in '' | *[!0-9]*) die "$1 is '$2', and a port is a number" ;; esac
  [ "$2" -ge 1 ] && [ "$2" -le 65535 ] || die "$1 is $2, and a port is from 1 to 65535"
  "$ENGINE" port stt-proxy 2>/dev/null | grep -q ":$2\$" && return
  if listening "$2"; then
    die "port $2 is in use: free it, or write $1=ANOTHER to $STT_HOME/stt.env"
  fi
}

# On any address of this host; the kernel's own table, because no tool for it is sure to be there.
listening() {
  local wanted
  wanted="$(printf ':%04X' "$1")"
  awk -v port="$wanted" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

check_gpu() {
  local driver capability least="$MIN_DRIVER"
  command -v nvidia-smi >/dev/null || die "nvidia-smi is not there: install NVIDIA's driver, or use the cpu bundle"
  driver="$(nvidia_smi driver_version | head -n 1)"
  [ -n "$driver" ] || die "nvidia-smi finds no GPU: $(nvidia-smi 2>&1 | head -n 1)"
  at_least "$driver" "$MIN_DRIVER" || die "the driver is $driver, $MIN_DRIVER or newer is needed"
  capability="$(nvidia_smi compute_cap | sort -V | head -n 1)"
  [ -n "$capability" ] || die "nvidia-smi of driver $driver does not tell the GPU's compute capability"
  at_least "$capability" "$MIN_CAPABILITY" ||
    die "the GPU has compute capability $capability, $MIN_CAPABILITY or more is needed"
  # Newer than what the wheel holds code for: the driver compiles it, and must know how.
  capability="$(nvidia_smi compute_cap | sort -V | tail -n 1)"
  at_least "$NATIVE_CAPABILITY" "$capability" || least="$MIN_DRIVER_JIT"
  at_least "$driver" "$least" ||
    die "the driver is $driver, and a GPU of compute capability $capability needs $least or newer"
  check_gpu_runtime
}

# One line a GPU, and nothing where it cannot tell: an old driver does not know every question.
nvidia_smi() { nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | grep -E '^[0-9][0-9.]*$' || true; }

check_gpu_runtime() {
  if [ "$ENGINE" = podman ]; then
    compgen -G "${CDI_DIRS:-/etc/cdi}/*nvidia*" >/dev/null || compgen -G '/var/run/cdi/*nvidia*' >/dev/null ||
      die "podman knows no GPU: install the container toolkit, then nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
    return 0
  fi
  docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"nvidia"' ||
    die "Docker knows no NVIDIA runtime: install the container toolkit, then nvidia-ctk runtime configure --runtime=docker"
}

# at_least HAVE WANTED, as versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
