#!/usr/bin/env bash
# On a build host: prepares a model as prepare_model_local.sh does, then packs it with checksums for
# machines that reach nothing.
#   scripts/ec2_prepare_model.sh [NAME] [OUT]     default: base dist/NAME
# What OUT holds, and how to unpack it: scripts/pack_model.py, which prints the commands too.
set -euo pipefail
# shellcheck source=scripts/_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

name="${1:-base}"
case "$name" in */* | -*) die "usage: ec2_prepare_model.sh [NAME] [OUT]; prepare a repository or a" \
  "directory with prepare_model_local.sh first, then name what it made" ;; esac
models="${STT_MODEL_DIR:-models}"
case "$models" in /*) ;; *) models="$ROOT/$models" ;; esac

project_env
"$PYTHON" "$ROOT/scripts/prepare_model.py" "$name"
"$PYTHON" "$ROOT/scripts/pack_model.py" "$models/$name" "${2:-$ROOT/dist/$name}"
