#!/usr/bin/env bash
# Prepares a Whisper model under STT_MODEL_DIR (default: models); does nothing when it is there.
#   scripts/prepare_model_local.sh [NAME|HF_REPO|DIR]     default: base
# How and from where: scripts/prepare_model.py.
set -euo pipefail
# shellcheck source=scripts/_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/_env.sh"

project_env
exec "$PYTHON" "$ROOT/scripts/prepare_model.py" "$@"
