# Every library synvid uses, named here and nowhere else. All come from Debian; the package that carries each
# stands beside it. test.sh and quickstart.sh read the package names from cmake/debian-packages.txt.
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
add_pkg_dependency(dep_lapacke lapacke)                                              # liblapacke-dev
add_pkg_dependency(dep_zip libzip)                                                   # libzip-dev

set(BLA_VENDOR OpenBLAS)                                                             # libopenblas-dev
find_package(BLAS REQUIRED)
pkg_check_modules(openblas REQUIRED openblas)
add_library(dep_blas INTERFACE)
target_link_libraries(dep_blas INTERFACE BLAS::BLAS)
target_include_directories(dep_blas SYSTEM INTERFACE ${openblas_INCLUDE_DIRS})

find_package(OpenMP REQUIRED COMPONENTS C)
add_library(dep_openmp INTERFACE)
target_link_libraries(dep_openmp INTERFACE OpenMP::OpenMP_C)

find_package(MPI REQUIRED COMPONENTS C)                                              # libopenmpi-dev, openmpi-bin
add_library(dep_mpi INTERFACE)
target_link_libraries(dep_mpi INTERFACE MPI::MPI_C)
if(MPI_C_INCLUDE_DIRS MATCHES mpich AND CMAKE_C_COMPILER_ID STREQUAL GNU) # its MPI_STATUSES_IGNORE is no array
  target_compile_options(dep_mpi INTERFACE -Wno-stringop-overflow)
endif()

set(HDF5_PREFER_PARALLEL TRUE)                                                       # libhdf5-openmpi-dev
find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "This HDF5 was built without MPI. Install libhdf5-openmpi-dev (or point HDF5_ROOT at a parallel build).")
endif()
add_library(dep_hdf5 INTERFACE)
target_link_libraries(dep_hdf5 INTERFACE HDF5::HDF5)
# The functions and types that 1.10 has, which every later HDF5 keeps under this name: no file of store/ asks for versions.
target_compile_definitions(dep_hdf5 INTERFACE H5_USE_110_API)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)                         # librandom123-dev
add_library(dep_random123 INTERFACE)
target_include_directories(dep_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
