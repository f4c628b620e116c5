# Bare metal on a Cortex-M with GNU Arm Embedded and newlib-nano. MIDGE_CPU chooses the core; code
# for the M3 runs on an M4 and M7 too, so a board may have any core above its own.
set(MIDGE_CPU cortex-m3 CACHE STRING "cortex-m3, cortex-m4, cortex-m7, ...")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MIDGE_CPU)

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR ${MIDGE_CPU})
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # a program needs a board

# No FPU anywhere: the broker has no floating point, and interrupts then save no such registers.
set(machine "-mcpu=${MIDGE_CPU} -mthumb -mfloat-abi=soft")
set(lean "-ffunction-sections -fdata-sections -fno-common")
set(no_runtime "-fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")
set(no_unwinding "-fno-unwind-tables -fno-asynchronous-unwind-tables")
set(CMAKE_C_FLAGS_INIT "${machine} ${lean} ${no_unwinding}")
set(CMAKE_CXX_FLAGS_INIT "${machine} ${lean} ${no_unwinding} ${no_runtime}")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "${machine} --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments")
set(CMAKE_EXECUTABLE_SUFFIX_CXX .elf)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
