# The developer's commands for the boards, for cmake/dev, which has the steps they are made of.

readonly firmware_packages=(
  "cmake=cmake" "ninja-build=ninja" "gcc-arm-none-eabi=arm-none-eabi-g++" libnewlib-arm-none-eabi
  libstdc++-arm-none-eabi-newlib "qemu-system-arm=qemu-system-arm" dpkg-dev "python3=python3")
readonly firmware_test_packages=(
  "${firmware_packages[@]}" "mosquitto-clients=mosquitto_pub" "gdb-multiarch=gdb-multiarch")
readonly firmware_presets=(firmware firmware-m4 firmware-m7)  # one for each core
readonly firmware_bin=build/firmware/bin
# Each board with its core.
readonly boards=(
  lm3s6965evb:cortex-m3 mps2-an385:cortex-m3 mps2-an386:cortex-m4 mps2-an500:cortex-m7)
# Of Linux: what is run against a board.
readonly board_clients=(
  conformance_board interop_paho_messages interop_paho_features interop_paho_large
  interop_mosquitto_clients interop_mqttjs)

firmware_command() {
  local command=${1:-build}
  shift || true
  case $command in
    build) firmware_build ;;
    run) firmware_run "$@" ;;
    test) firmware_test ;;
    soak) firmware_soak "$@" ;;
    *)
      echo "usage: cmake/dev firmware [run [board] [port] | test | soak [board] [rounds]]" >&2
      exit 2
      ;;
  esac
}

build_firmware_presets() {
  local preset
  # TLS for the boards is built from mbedTLS's source, as lwIP is.
  quiet_must fetch-sources cmake/fetch-sources build/sources lwip mbedtls
  for preset in "${firmware_presets[@]}"; do
    must "build-$preset" build_preset "$preset"
  done
}

firmware_build() {
  install_packages "${firmware_packages[@]}"
  build_firmware_presets
  echo
  firmware_sizes
  echo
  firmware_budgets
  echo "The images are $firmware_bin/midge-<board>.elf"
}

# firmware_sizes [NAME=MAP...]: the table of all boards, and of what else is given.
firmware_sizes() {
  local board maps=("$@")
  for board in "${boards[@]}"; do
    maps+=("$board=$firmware_bin/midge-${board%%:*}.map")
  done
  cmake/size_table --budget tests/size/budget.conf "${maps[@]}"
}

# What RAM goes to; the mps2 boards differ in their cores only.
firmware_budgets() {
  cmake/budget "$firmware_bin"/midge-{lm3s6965evb,mps2-an385}.elf
}

# build_image <board>
build_image() {
  local board=$1 entry preset=
  for entry in "${boards[@]}"; do
    [[ ${entry%%:*} == "$board" ]] || continue
    preset=firmware-${entry##*:cortex-}
    preset=${preset%-m3}
  done
  if [[ -z $preset ]]; then
    echo "No such board: $board. There are: ${boards[*]%%:*}" >&2
    exit 2
  fi
  quiet_must "build-$preset" build_preset "$preset" "midge-$board"
}

# firmware_run [board] [port]
firmware_run() {
  local board=${1:-lm3s6965evb} port=${2:-1883}
  install_packages "${firmware_packages[@]}"
  build_image "$board"
  echo "$board listens on 127.0.0.1:$port; Ctrl-C ends it"
  exec platform/boards/qemu/run "$board" "$firmware_bin/midge-$board.elf" "$port"
}

# firmware_soak [board] [rounds]: each round says what it did, and how long it took.
firmware_soak() {
  local board=${1:-lm3s6965evb} rounds=${2:-25} clients=64
  [[ $board == lm3s6965evb ]] && clients=16
  install_packages "${firmware_test_packages[@]}"
  build_image "$board"
  exec python3 -B tests/firmware/overload_test.py \
    "$board" "$firmware_bin/midge-$board.elf" "$clients" "$rounds"
}

firmware_tests() {
  local preset
  install_packages "${firmware_test_packages[@]}"
  build_firmware_presets
  for preset in "${firmware_presets[@]}"; do
    step "test-$preset" ctest --test-dir "build/$preset" --timeout "$test_seconds" \
      --parallel "$jobs" --output-on-failure --no-tests=error
  done
  step build-boards-clients build_preset test "${board_clients[@]}"
  if ! has_failed build-boards-clients; then step boards-clients clients_of_boards; fi
}

clients_of_boards() {
  ctest --test-dir build/test/tests -C boards -L boards \
    --parallel "$jobs" --output-on-failure --no-tests=error
}

firmware_test() {
  install_packages "${test_packages[@]}"
  install_mqtt_js
  firmware_tests
  summary "cmake/dev firmware test"
}
