# The two libraries that must fit each other: an MPI, and an HDF5 built with it.
#
# Found through their compiler wrappers, mpicc and h5pcc: what a module, Spack or a vendor puts first in PATH. Where a
# system holds several, SYNVID_MPI names one; and where a build is for another processor, whose wrappers do not run here,
# it names the files of pkg-config.
set(SYNVID_MPI "" CACHE STRING "openmpi or mpich, where Debian or Ubuntu have both; empty: the mpicc and h5pcc found first")
set_property(CACHE SYNVID_MPI PROPERTY STRINGS "" openmpi mpich)
if(NOT SYNVID_MPI MATCHES "^(|openmpi|mpich)$")
  message(FATAL_ERROR "SYNVID_MPI is \"${SYNVID_MPI}\"; it may be openmpi, mpich or empty. Another MPI is found by its mpicc in PATH.")
endif()

if(CMAKE_CROSSCOMPILING)
  if(SYNVID_MPI STREQUAL mpich)
    add_pkg_dependency(dep_mpi mpich)                                                # libmpich-dev
    add_pkg_dependency(dep_hdf5 hdf5-mpich)                                          # libhdf5-mpich-dev
  else()
    add_pkg_dependency(dep_mpi ompi-c)                                               # libopenmpi-dev
    add_pkg_dependency(dep_hdf5 hdf5-openmpi)                                        # libhdf5-openmpi-dev
  endif()
  set(MPIEXEC_NUMPROC_FLAG -n)
  find_program(MPIEXEC_EXECUTABLE mpirun REQUIRED)
else()
  if(SYNVID_MPI)
    set(MPI_EXECUTABLE_SUFFIX .${SYNVID_MPI})
    find_program(HDF5_C_COMPILER_EXECUTABLE h5pcc.${SYNVID_MPI} REQUIRED)
  endif()
  find_package(MPI REQUIRED COMPONENTS C)                                            # libopenmpi-dev, openmpi-bin
  add_library(dep_mpi INTERFACE)
  target_link_libraries(dep_mpi INTERFACE MPI::MPI_C)
  set(HDF5_PREFER_PARALLEL TRUE)                                                     # libhdf5-openmpi-dev
  find_package(HDF5 REQUIRED COMPONENTS C)
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "This HDF5 was built without MPI. Install libhdf5-openmpi-dev (or point HDF5_ROOT at a parallel build).")
  endif()
  add_library(dep_hdf5 INTERFACE)
  target_link_libraries(dep_hdf5 INTERFACE HDF5::HDF5)
endif()

if("${MPI_C_INCLUDE_DIRS}${dep_mpi_INCLUDE_DIRS}" MATCHES mpich AND CMAKE_C_COMPILER_ID STREQUAL GNU) # its MPI_STATUSES_IGNORE is no array
  target_compile_options(dep_mpi INTERFACE -Wno-stringop-overflow)
endif()
# The functions and types that 1.10 has, which every later HDF5 keeps under this name: no file of store/ asks for versions.
target_compile_definitions(dep_hdf5 INTERFACE H5_USE_110_API)
