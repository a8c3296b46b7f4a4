# Cross-compiles for 64-bit Arm with Debian's gcc-aarch64-linux-gnu, against a folder that holds arm64's libraries and
# headers as its root would (SYNVID_SYSROOT, from the environment at the first configuration). Preset `arm64`;
# tests/package/arm64.sh makes such a folder of Debian's packages, builds against it and tests under emulation.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(SYNVID_SYSROOT "$ENV{SYNVID_SYSROOT}" CACHE PATH "A root of arm64")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SYNVID_SYSROOT)
if(NOT IS_DIRECTORY "${SYNVID_SYSROOT}/usr/include")
  message(FATAL_ERROR "No root of arm64 at \"${SYNVID_SYSROOT}\". Set SYNVID_SYSROOT in the environment; tests/package/arm64.sh makes one.")
endif()
set(CMAKE_SYSROOT ${SYNVID_SYSROOT})

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER) # what runs while building is of the machine that builds
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config of this machine, files of that root, whose paths it is told to stand inside it.
set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_LIBDIR} "${SYNVID_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${SYNVID_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${SYNVID_SYSROOT}")
