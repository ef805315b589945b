#!/usr/bin/env bash
# On a build host with a network and Docker: one bundle that an air-gapped host is set up from.
#   scripts/build_release.sh [--cpu] [--model NAME] [--version V] [--out DIR]
# Makes OUT/stt-VERSION-gpu.tar (--cpu: stt-VERSION-cpu.tar) and its .sha256: images, model,
# compose and unit files, bill of materials, MANIFEST.json, SHA256SUMS, install_release.sh.
# VERSION is by default what git describes; OUT is dist. BASE_IMAGE, ENGINE_BASE_IMAGE and
# ENGINE_REQUIREMENTS name other bases (a mirror, a digest) and another lock file of the engine;
# PIP_INDEX_URL and PIP_TRUSTED_HOST a mirror of the packages; RELEASE_SIGNING_KEY a private key
# (PEM) to sign the checksums with, for hosts that hold its public half.
set -euo pipefail
# shellcheck source=scripts/_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

# What the driver must be for the pinned CTranslate2; the Dockerfile of the engine says why.
MIN_DRIVER=525
MIN_DRIVER_JIT=570
MIN_CAPABILITY=5.3
NATIVE_CAPABILITY=8.9
SMOKE_CLIP=ko_sentence.flac

main() {
  read_arguments "$@"
  cd "$ROOT"
  check_host
  project_env
  local services="$PYTHON"
  "$services" scripts/prepare_model.py "$model" || die "without a model there is nothing to release"
  [ -f "$models/$model/model.json" ] || die "$models/$model holds no prepared model"
  stage="$(mktemp -d "$out/.stt-XXXXXX")"
  container=''
  trap clean_up EXIT
  bundle="$stage/$name"
  mkdir -p "$bundle/images" "$bundle/models" "$bundle/samples" "$bundle/sbom"
  build_images
  prove_images
  save_images
  copy_files
  list_materials
  PYTHON="$services"
  describe
  pack
}

clean_up() {
  [ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null
  rm -rf "$stage"
}

read_arguments() {
  flavor=gpu model=base version='' out="$ROOT/dist"
  while [ $# -gt 0 ]; do
    case "$1" in
      --cpu) flavor=cpu ;;
      --model | --version | --out)
        [ $# -gt 1 ] || die "build_release.sh: $1 needs a value"
        case "$1" in --model) model="$2" ;; --version) version="$2" ;; --out) out="$2" ;; esac
        shift
        ;;
      *) die "usage: build_release.sh [--cpu] [--model NAME] [--version V] [--out DIR]" ;;
    esac
    shift
  done
  revision="$(git -C "$ROOT" rev-parse HEAD 2>/dev/null)" || revision=unknown
  [ -z "$(git -C "$ROOT" status --porcelain 2>/dev/null)" ] || revision="$revision-dirty"
  version="${version:-$(git -C "$ROOT" describe --tags --always --dirty 2>/dev/null)}" ||
    die "build_release.sh: this is no git checkout: name the --version"
  case "$version" in '' | *[!A-Za-z0-9._-]*) die "build_release.sh: '$version' cannot be a version:" \
    "letters, digits, '.', '_' and '-' make one" ;; esac
  case "$model" in */* | -* | '') die "build_release.sh: --model takes the name of a model, not '$model'" ;; esac
  models="${STT_MODEL_DIR:-models}"
  case "$models" in /*) ;; *) models="$ROOT/$models" ;; esac
  mkdir -p "$out"
  out="$(cd "$out" && pwd)"
  name="stt-$version-$flavor"
  built="$(date -u +%Y%m%d%H%M%S)"
}

check_host() {
  local free
  case "$(uname -sm)" in 'Linux x86_64' | 'Darwin x86_64') ;; *) die "build_release.sh: the target is x86-64," \
    "and this machine ($(uname -sm)) would build for itself" ;; esac
  command -v docker >/dev/null || die "build_release.sh: docker is not installed"
  docker info >/dev/null 2>&1 || die "build_release.sh: the Docker engine does not answer (docker info says why)"
  free="$(df -Pk "$out" | awk 'NR == 2 { print int($4 / 1048576) }')"
  [ "$free" -ge 8 ] || die "build_release.sh: $out has $free GB free, 8 are needed"
}

build_images() {
  local engine=docker/Dockerfile.engine.rhel89
  [ "$flavor" = gpu ] || engine=docker/Dockerfile.stt-api
  build stt-api "$engine" "${ENGINE_BASE_IMAGE:+BASE_IMAGE=$ENGINE_BASE_IMAGE}" \
    "${ENGINE_REQUIREMENTS:+REQUIREMENTS=$ENGINE_REQUIREMENTS}"
  build web-ui web_ui/docker/Dockerfile.web_ui "${BASE_IMAGE:+BASE_IMAGE=$BASE_IMAGE}"
  build stt-proxy docker/Dockerfile.proxy "${BASE_IMAGE:+BASE_IMAGE=$BASE_IMAGE}"
}

# The registry "localhost" is none: nothing can be pulled under these names by mistake. The time is
# part of the name, so that another build of a version never takes the place of one that works.
image() { echo "localhost/stt/$1:$version-$flavor-$built"; }

# build NAME DOCKERFILE [ARG=VALUE…]
build() {
  local title="$1" file="$2" argument log arguments=()
  shift 2
  for argument in "VERSION=$version" "REVISION=$revision" "$@"; do
    [ -z "$argument" ] || arguments+=(--build-arg "$argument")
  done
  for argument in PIP_INDEX_URL PIP_TRUSTED_HOST; do
    [ -z "${!argument:-}" ] || arguments+=(--build-arg "$argument")
  done
  echo "building $title from $file"
  log="$stage/$title.log"
  # Attestations of BuildKit make an index of an image, which `docker save` carries badly.
  if ! BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --file "$file" --tag "$(image "$title")" \
    "${arguments[@]}" . >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    die "build_release.sh: $title did not build; the end of what docker said is above"
  fi
}

# The images hear the clip here, without a network, before anybody carries them anywhere.
prove_images() {
  echo "hearing a clip with the image, without a network"
  container="$(docker run --detach --init --network none --read-only --tmpfs /tmp --cap-drop ALL \
    --security-opt no-new-privileges --env STT_DEVICE=cpu --env STT_FALLBACK=error --env "STT_MODEL=$model" \
    --volume "$models/$model:/app/models/$model:ro" --volume "$ROOT/audio/samples:/app/audio/samples:ro" \
    "$(image stt-api)")"
  if ! docker exec --interactive "$container" python - "audio/samples/$SMOKE_CLIP" <docker/smoke_test.py; then
    docker logs "$container" >&2
    die "build_release.sh: the image does not transcribe; its log is above"
  fi
  docker rm --force --volumes "$container" >/dev/null
  container=''
}

save_images() {
  echo "saving the images"
  docker save --output "$stage/images.tar" "$(image stt-api)" "$(image web-ui)" "$(image stt-proxy)"
  gzip -c "$stage/images.tar" >"$bundle/images/images.tar.gz"
  rm "$stage/images.tar"
}

copy_files() {
  local compose=docker/docker-compose.prod.yml
  cp "$compose" "$bundle/docker-compose.yml"
  [ "$flavor" = gpu ] || cp docker/docker-compose.prod.cpu.yml "$bundle/docker-compose.override.yml"
  cp docker/smoke_test.py docker/.env.example "$bundle/"
  cp -R docker/systemd "$bundle/systemd"
  cp scripts/install_release.sh scripts/_install_host.sh scripts/_install_services.sh "$bundle/"
  cp LICENSE README.md README.ko.md CHANGELOG.md "$bundle/"
  cp "audio/samples/$SMOKE_CLIP" audio/samples/README.md "$bundle/samples/"
  cp -RL "$models/$model" "$bundle/models/$model"
  chmod -R u=rwX,go=rX "$bundle"
}

list_materials() {
  local title
  echo "listing what the images hold"
  tools_env
  for title in stt-api web-ui stt-proxy; do
    SYFT_CHECK_FOR_APP_UPDATE=false "$VENV/bin/syft" -q "docker:$(image "$title")" \
      -o "cyclonedx-json=$bundle/sbom/$title.cdx.json" || die "build_release.sh: syft could not read $title"
  done
}

describe() {
  "$PYTHON" scripts/release_manifest.py "$bundle" --version "$version" --flavor "$flavor" --built "$built" \
    --revision "$revision" --model "$model" --smoke-clip "$SMOKE_CLIP" \
    --min-driver "$MIN_DRIVER" --min-driver-jit "$MIN_DRIVER_JIT" \
    --min-capability "$MIN_CAPABILITY" --native-capability "$NATIVE_CAPABILITY" \
    "$(image stt-api)" "$(image web-ui)" "$(image stt-proxy)"
  [ -z "${RELEASE_SIGNING_KEY:-}" ] ||
    openssl dgst -sha256 -sign "$RELEASE_SIGNING_KEY" -out "$bundle/SHA256SUMS.sig" "$bundle/SHA256SUMS" ||
    die "build_release.sh: openssl could not sign with RELEASE_SIGNING_KEY"
}

pack() {
  tar -C "$stage" --owner=0 --group=0 --numeric-owner -cf "$out/$name.tar.part" "$name"
  mv "$out/$name.tar.part" "$out/$name.tar"
  (cd "$out" && sha256sum "$name.tar" >"$name.tar.sha256")
  echo "made $out/$name.tar ($(($(wc -c <"$out/$name.tar") / 1000000)) MB). On the target, as root:"
  echo "  sha256sum -c $name.tar.sha256 && tar -xf $name.tar && bash $name/install_release.sh"
}

main "$@"
