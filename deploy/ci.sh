#!/usr/bin/env bash
# What any CI does to the endpoint in Azure:
#     deploy/ci.sh check|rollout|rollback|status|retire
# DIGITS_AZURE_SUBSCRIPTION, _RESOURCE_GROUP, _WORKSPACE (and _ENDPOINT) say where. Signed in must be
# whatever DefaultAzureCredential finds: `az login`, a managed or a workload identity.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

deploy() {
  ./uv run --frozen deploy.py --to azure "$@"
}

case "${1:-}" in
  check)
    ./uv run --frozen pytest -q tests/test_azure_rollout.py tests/test_azure_spec.py tests/test_azure_autoscale.py tests/test_test_images.py
    deploy --dry-run
    ;;
  rollout)
    deploy
    ;;
  rollback | status | retire)
    deploy "--$1"
    ;;
  *)
    echo "usage: deploy/ci.sh check|rollout|rollback|status|retire" >&2
    exit 2
    ;;
esac
