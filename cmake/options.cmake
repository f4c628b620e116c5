# What a build contains. Presets set these; see CMakePresets.json.
option(MIDGE_LINUX "Build the broker for Linux (the program midge)" ON)
option(MIDGE_LWIP "Build the platform on lwIP, whose source package is fetched" OFF)
option(MIDGE_BOARDS "Build the images of the boards whose core is MIDGE_CPU" OFF)
option(MIDGE_SOCKETS "Build the broker for systems with BSD sockets" OFF)
option(MIDGE_TESTS "Build the unit, conformance, scenario and interop tests" OFF)
option(MIDGE_BENCH "Build the load generator and the benchmarks" OFF)
option(MIDGE_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(MIDGE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
