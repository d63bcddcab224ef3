#!/usr/bin/env bash
# Makes a cargo/rustc pair that can compile for wasm32-unknown-unknown from Debian packages and crates.io alone.
# Usage: scripts/wasm-toolchain.sh [DIR]   (default ~/.cache/wasm-toolchain); prints nothing and exits 0 when it is current.
set -euo pipefail
dir=${1:-${WASM_TOOLCHAIN:-$HOME/.cache/wasm-toolchain}} target=wasm32-unknown-unknown
if ! [ -x /usr/bin/rustc ] || ! [ -e /usr/lib/rustlib/src/rust/library/Cargo.lock ] || ! [ -x /usr/bin/wasm-ld-22 ]; then
  "$(dirname "$0")/apt-install.sh" rustc-web cargo-web rust-web-src rust-web-llvm lld-22
fi
# The parts belong together by compiler version: another compiler, another folder content.
id=$(/usr/bin/rustc -vV | md5sum | cut -c1-12)
[ "$(cat "$dir/id" 2>/dev/null)" = "$id" ] && exit 0
if [ -n "$(ls -A "$dir" 2>/dev/null)" ] && ! [ -e "$dir/id" ]; then
  echo "$dir is in use for something else; name an empty folder in WASM_TOOLCHAIN" >&2
  exit 1
fi
host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/src"; : > "$tmp/src/lib.rs"
printf '[package]\nname="stdprobe"\nversion="0.0.0"\nedition="2021"\n[lib]\ncrate-type=["cdylib"]\n[profile.release]\npanic="abort"\n[workspace]\n' > "$tmp/Cargo.toml"
# RUSTC must be explicit: rustup's proxy comes first on PATH
(cd "$tmp" && env -u RUSTUP_TOOLCHAIN -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_TARGET_DIR RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
  /usr/bin/cargo build -q --release -Zbuild-std=std,panic_abort --target $target --target-dir target)
rm -rf "$dir"; mkdir -p "$dir/bin" "$dir/lib/rustlib/$target/lib"
cp "$tmp"/target/$target/release/deps/*.rlib "$dir/lib/rustlib/$target/lib/"
ln -s "/usr/lib/rustlib/$host" "$dir/lib/rustlib/$host"
ln -s /usr/bin/cargo "$dir/bin/cargo"; ln -s /usr/bin/rustdoc "$dir/bin/rustdoc"
printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot %q "$@"\n' "$dir" > "$dir/bin/rustc"; chmod +x "$dir/bin/rustc"
echo "$id" > "$dir/id"
