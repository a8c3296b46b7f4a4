# Every library synvid uses, named here and (MPI, HDF5) in MpiAndHdf5.cmake, nowhere else. All come from Debian; the
# package that carries each stands beside it. test.sh and quickstart.sh read the package names from cmake/debian-packages.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(add_pkg_dependency name)  # add_pkg_dependency(dep_x pkgconfig-name...)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE PkgConfig::${name})
endfunction()

add_pkg_dependency(dep_cjson libcjson)                                               # libcjson-dev
add_pkg_dependency(dep_xxhash libxxhash)                                             # libxxhash-dev
add_pkg_dependency(dep_fftw fftw3f)                                                  # libfftw3-dev
add_pkg_dependency(dep_ffmpeg libavformat libavcodec libswscale libavutil)           # libav*-dev, libswscale-dev
add_pkg_dependency(dep_jpeg libturbojpeg)                                            # libturbojpeg0-dev
add_pkg_dependency(dep_zip libzip)                                                   # libzip-dev

set(BLA_VENDOR OpenBLAS)                                                             # libopenblas-dev
find_package(BLAS REQUIRED)
pkg_check_modules(openblas REQUIRED openblas)
add_library(dep_blas INTERFACE)
target_link_libraries(dep_blas INTERFACE BLAS::BLAS)
target_include_directories(dep_blas SYSTEM INTERFACE ${openblas_INCLUDE_DIRS})

# liblapacke-dev; an OpenBLAS that is not of a distribution carries LAPACKE itself.
pkg_search_module(lapacke REQUIRED IMPORTED_TARGET lapacke openblas)
add_library(dep_lapacke INTERFACE)
target_link_libraries(dep_lapacke INTERFACE PkgConfig::lapacke)

find_package(OpenMP REQUIRED COMPONENTS C)
add_library(dep_openmp INTERFACE)
target_link_libraries(dep_openmp INTERFACE OpenMP::OpenMP_C)

include(MpiAndHdf5)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)                         # librandom123-dev
add_library(dep_random123 INTERFACE)
target_include_directories(dep_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
