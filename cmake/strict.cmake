# midge::warnings  every target: warnings are errors.
# midge::strict    broker/ and platform/: also no exceptions and no RTTI.
add_library(midge_warnings INTERFACE)
add_library(midge::warnings ALIAS midge_warnings)
target_compile_options(midge_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
# g++ 12 sees overlaps in std::string's own operator+ that are none (GCC bug 105329); broker/ and
# platform/ keep the warning.
target_compile_options(midge_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_include_directories(midge_warnings INTERFACE ${PROJECT_SOURCE_DIR})
if(MIDGE_SANITIZE)
  # The vptr check needs RTTI, which broker/ and platform/ don't have.
  set(sanitizers -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(midge_warnings INTERFACE ${sanitizers})
  target_link_options(midge_warnings INTERFACE ${sanitizers})
endif()
if(MIDGE_FUZZ)  # coverage for libFuzzer in every room; a target itself links -fsanitize=fuzzer
  target_compile_options(midge_warnings INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(midge_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(midge_strict INTERFACE)
add_library(midge::strict ALIAS midge_strict)
target_link_libraries(midge_strict INTERFACE midge::warnings)
target_compile_options(midge_strict INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wrestrict>
  -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections)
target_link_options(midge_strict INTERFACE -Wl,--gc-sections)
