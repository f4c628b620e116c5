# midge::plain     warnings are errors; never sanitized: what is loaded into any program.
# midge::warnings  every other target.
# midge::strict    broker/ and platform/: also no exceptions and no RTTI.
add_library(midge_plain INTERFACE)
add_library(midge::plain ALIAS midge_plain)
target_compile_options(midge_plain INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
# g++ 12 at -O2 sees faults in the insides of std::string and std::vector that are none (GCC bugs
# 105329, 105651, 107852). broker/, which has neither, and platform/ keep the warnings.
set(false_alarms restrict array-bounds stringop-overflow stringop-overread)
list(TRANSFORM false_alarms PREPEND -Wno- OUTPUT_VARIABLE without_false_alarms)
list(TRANSFORM false_alarms PREPEND -W OUTPUT_VARIABLE with_false_alarms)
target_compile_options(midge_plain INTERFACE
  "$<$<CXX_COMPILER_ID:GNU>:${without_false_alarms}>")
target_include_directories(midge_plain INTERFACE ${PROJECT_SOURCE_DIR})

add_library(midge_warnings INTERFACE)
add_library(midge::warnings ALIAS midge_warnings)
target_link_libraries(midge_warnings INTERFACE midge::plain)
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
  "$<$<CXX_COMPILER_ID:GNU>:${with_false_alarms}>"
  -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections)
target_link_options(midge_strict INTERFACE -Wl,--gc-sections)
