#!/usr/bin/env bash
# What some of the slow tests need beyond Python: Chromium, a PostgreSQL server, HAProxy, what builds
# and runs container images, and axe-core, which comes from npm into .digits/browser.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

AXE=4.14.1

missing=()
command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium)
command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null ||
  missing+=(postgresql)
command -v npm >/dev/null || missing+=(npm)
command -v haproxy >/dev/null || missing+=(haproxy)
command -v buildah >/dev/null || missing+=(buildah)
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap debian-archive-keyring)
command -v bwrap >/dev/null || missing+=(bubblewrap)
command -v kubectl >/dev/null || missing+=(kubernetes-client)
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
mkdir -p .digits/browser
cd .digits/browser
if ! grep -qs "\"version\": \"$AXE\"" package/package.json; then
  npm pack --silent "axe-core@$AXE"
  tar xzf "axe-core-$AXE.tgz"
fi
