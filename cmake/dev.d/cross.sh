# The developer's command for embedded Linux, for cmake/dev, which has the steps it is made of.

readonly cross_architectures=(armhf arm64)
readonly cross_kinds=(dynamic static musl)
readonly cross_musl_limit=$((250 * 1024))  # bytes of the whole stripped file
# Of each architecture: the compiler's prefix, its Debian package, the emulator.
declare -rA cross_prefix=([armhf]=arm-linux-gnueabihf [arm64]=aarch64-linux-gnu)
declare -rA cross_compiler=([armhf]=g++-arm-linux-gnueabihf [arm64]=g++-aarch64-linux-gnu)
declare -rA cross_emulator=([armhf]=qemu-arm [arm64]=qemu-aarch64)

# cross_command [architecture] [kind]: all that are not told apart.
cross_command() {
  local architectures=("${cross_architectures[@]}") kinds=("${cross_kinds[@]}") architecture kind
  [[ $# -ge 1 ]] && architectures=("$1")
  [[ $# -ge 2 ]] && kinds=("$2")
  if [[ ! " ${cross_architectures[*]} " == *" ${architectures[0]} "* ||
    ! " ${cross_kinds[*]} " == *" ${kinds[0]} "* ]]; then
    echo "usage: cmake/dev cross [armhf | arm64] [dynamic | static | musl]" >&2
    exit 2
  fi
  install_packages "${test_packages[@]}"
  quiet_must build-cross-clients build_preset test interop_mosquitto_clients
  for architecture in "${architectures[@]}"; do
    for kind in "${kinds[@]}"; do
      cross_build_and_test "$architecture" "$kind" build/test/bin/interop_mosquitto_clients
    done
  done
  echo
  cross_sizes
  summary "cmake/dev cross"
}

# What check does: each architecture and each C library once, with the clients that it has built.
cross_checks() {
  has_failed build-clang && return
  cross_build_and_test armhf dynamic build/clang/bin/interop_mosquitto_clients
  cross_build_and_test armhf musl build/clang/bin/interop_mosquitto_clients
  cross_build_and_test arm64 musl build/clang/bin/interop_mosquitto_clients
  cross_sizes
}

# cross_build_and_test <architecture> <kind> <interop test>: Mosquitto's clients, on this machine,
# against the program in an emulator.
cross_build_and_test() {
  local architecture=$1 kind=$2 clients=$3 name=cross-$1-$2
  install_packages "${cross_compiler[$architecture]}=${cross_prefix[$architecture]}-g++" \
    "qemu-user=${cross_emulator[$architecture]}" dpkg-dev "make=make"
  if [[ $kind == musl ]]; then
    quiet_must "musl-$architecture" cmake/build-musl "$architecture"
  fi
  # The generic broker is only compiled: its tests run on this machine.
  step "build-$name" build_preset "$name" midge midge_sockets
  has_failed "build-$name" && return
  [[ $kind == musl ]] && step "size-$name" cross_check_size "build/$name/bin/midge"
  step "test-$name" cross_test "$architecture" "$name" "$clients"
}

cross_check_size() {
  local bytes
  bytes=$(stat -c %s "$1")
  echo "$1 has $bytes bytes, $cross_musl_limit are allowed"
  ((bytes <= cross_musl_limit))
}

# The tests start one file: a script that starts the emulator.
cross_test() {
  local architecture=$1 folder="$root/build/$2" clients=$3
  printf '#!/bin/sh\nexec %s -L /usr/%s "%s" "$@"\n' "${cross_emulator[$architecture]}" \
    "${cross_prefix[$architecture]}" "$folder/bin/midge" >"$folder/midge-emulated"
  chmod +x "$folder/midge-emulated"
  env "${sanitizer_options[@]}" MIDGE_BROKER="$folder/midge-emulated" \
    timeout "$test_seconds" "$clients"
}

# Of all that are built.
cross_sizes() {
  local architecture kind file
  printf '%-12s %-8s %12s  %s\n' architecture libc "file, bytes" file
  for architecture in "${cross_architectures[@]}"; do
    for kind in "${cross_kinds[@]}"; do
      file=build/cross-$architecture-$kind/bin/midge
      [[ -f $file ]] || continue
      printf '%-12s %-8s %12d  %s\n' "$architecture" "$kind" "$(stat -c %s "$file")" "$file"
    done
  done
}
