# Embedded Linux with Debian's cross compilers: MIDGE_ARCH is the architecture as Debian calls it,
# MIDGE_LIBC the C library that a program is for. glibc comes with the compiler; musl is what
# cmake/build-musl has built, and then nothing of libstdc++ is linked but what its headers hold.
set(MIDGE_ARCH armhf CACHE STRING "armhf, arm64")
set(MIDGE_LIBC glibc CACHE STRING "glibc, musl")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MIDGE_ARCH MIDGE_LIBC)

set(triplet_armhf arm-linux-gnueabihf)
set(triplet_arm64 aarch64-linux-gnu)
set(processor_armhf armv7l)
set(processor_arm64 aarch64)
set(triplet ${triplet_${MIDGE_ARCH}})

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor_${MIDGE_ARCH}})
# Tables to unwind by are for debuggers here: nothing throws.
set(CMAKE_CXX_FLAGS_INIT "-fno-unwind-tables -fno-asynchronous-unwind-tables")

if(MIDGE_LIBC STREQUAL "musl")
  get_filename_component(musl_folder ${CMAKE_CURRENT_LIST_DIR}/../../build/musl/${MIDGE_ARCH} ABSOLUTE)
  set(CMAKE_CXX_COMPILER ${musl_folder}/bin/musl-gcc)
  # The compiler's C++ headers, which ask glibc for its version in one place. <new> and <cstdlib>
  # declare, and platform/common/no_throw.cpp defines, the little that is left to link.
  execute_process(COMMAND ${triplet}-gcc -dumpversion
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(headers /usr/${triplet}/include/c++/${version})
  string(APPEND CMAKE_CXX_FLAGS_INIT
    " -include ${CMAKE_CURRENT_LIST_DIR}/musl/glibc_names.h -isystem ${headers}"
    " -isystem ${headers}/${triplet} \"-D__GLIBC_PREREQ(a,b)=0\"")
  set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
  # For pages of 64 KiB, the default, the file would have as many bytes of nothing in it. Kernels
  # with pages of 4 and 16 KiB run this; what is built with glibc runs on all.
  if(MIDGE_ARCH STREQUAL "arm64")
    string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,-z,max-page-size=16384")
  endif()
else()
  set(CMAKE_CXX_COMPILER ${triplet}-g++)
endif()

set(CMAKE_FIND_ROOT_PATH /usr/${triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
