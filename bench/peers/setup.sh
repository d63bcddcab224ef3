#!/usr/bin/env bash
# Makes the environments of the peers in target/peers/, each once. One that cannot be made leaves its log there, and the
# results say why it was not measured; the others go on. Usage: bench/peers/setup.sh [NAME…]
set -uo pipefail
cd "$(dirname "$0")"
mkdir -p ../../target/peers
made=$(cd ../../target/peers && pwd)

# make NAME FILE…: runs make_NAME, unless that was done with the same files before
make() {
  local name=$1 sum
  shift
  sum=$(cat "$@" | cksum)
  [ "$(cat "$made/$name/MADE_FROM" 2>/dev/null)" = "$sum" ] && [ -e "$made/$name/VERSION" ] && return
  echo "[bench] the environment of $name is made"
  mkdir -p "$made/$name"
  rm -f "$made/$name/VERSION"
  # a script of its own, for `set -e` is off wherever a result is asked for
  if declare -f python rust "make_$name" | { cat; echo "set -euo pipefail; made='$made' name='$name'; make_$name"; } \
    | bash >"$made/$name.log" 2>&1; then
    echo "$sum" >"$made/$name/MADE_FROM"
    rm "$made/$name.log"
  else
    echo "[bench] it could not be made, see target/peers/$name.log"
  fi
}

# python PACKAGE: a virtual environment with what requirements/ lists
python() {
  python3 -m venv "$made/$name"
  "$made/$name/bin/pip" install --quiet --disable-pip-version-check -r "requirements/$name.txt"
  printf '%s, %s\n' "$(grep -E "^$1==" "requirements/$name.txt" | tr = ' ' | tr -s ' ')" "$(python3 --version)" \
    >"$made/$name/VERSION"
}

# rust CRATE: a workspace of its own with a target folder of its own
rust() {
  cargo build --release --locked --quiet --manifest-path "$name/Cargo.toml" --target-dir "$made/$name"
  printf '%s\n' "$(cargo pkgid --manifest-path "$name/Cargo.toml" "$1" | sed 's/.*#//; s/@/ /')" >"$made/$name/VERSION"
}

make_faststream() { python faststream; }
make_taskiq() { python taskiq-redis; }
make_arq() { python arq; }
make_celery() { python celery; }
make_reference() { python redis; }
make_bullmq() {
  cp bullmq/package.json bullmq/package-lock.json "$made/bullmq/"
  npm ci --prefix "$made/bullmq" --no-audit --no-fund --loglevel=error
  printf 'bullmq %s, node %s\n' "$(node -p "require('$made/bullmq/node_modules/bullmq/package.json').version")" "$(node --version)" \
    >"$made/bullmq/VERSION"
}
make_sea-streamer() { rust sea-streamer-redis; }
make_apalis() { rust apalis-redis; }
# out of Debian's package, not installed: that would start a service
make_exporter() {
  cd "$made/exporter"
  apt-get download prometheus-redis-exporter
  dpkg-deb -x prometheus-redis-exporter_*.deb .
  printf 'prometheus-redis-exporter %s\n' "$(dpkg-deb -f prometheus-redis-exporter_*.deb Version)" >VERSION
  rm prometheus-redis-exporter_*.deb
}

for name in ${*:-reference faststream taskiq arq celery bullmq sea-streamer apalis exporter}; do
  case $name in
    bullmq) make bullmq bullmq/package.json bullmq/package-lock.json ;;
    sea-streamer | apalis) make "$name" "$name/Cargo.toml" "$name/Cargo.lock" "$name/src/main.rs" ;;
    exporter) make exporter setup.sh ;;
    *) make "$name" "requirements/$name.txt" ;;
  esac
done
