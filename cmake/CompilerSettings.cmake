# Language level, warnings, tuning, sanitizers: everything that is the same for all targets.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
# The program and the shared library (cmake/Library.cmake) are made of the same objects.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3")

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE -Wall -Wextra -Wshadow -Wundef -Wvla -Wpointer-arith -Wformat=2
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual -Wwrite-strings
  -Wno-missing-field-initializers) # members that are left out are zero, which tables make use of
if(SYNVID_WERROR)
  target_compile_options(warnings INTERFACE -Werror)
endif()

add_compile_options(-fno-math-errno -fno-trapping-math)
if(SYNVID_NATIVE)
  # Not every compiler can, and a cross compiler must not.
  check_c_compiler_flag(-march=native can_be_native)
  if(can_be_native AND NOT CMAKE_CROSSCOMPILING)
    add_compile_options(-march=native)
  else()
    message(STATUS "This compiler does not tune for the machine it runs on: a portable build")
    set(SYNVID_NATIVE OFF)
  endif()
endif()
if(SYNVID_SANITIZE)
  add_compile_options(-fsanitize=${SYNVID_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${SYNVID_SANITIZE})
endif()
if(SYNVID_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SYNVID_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
