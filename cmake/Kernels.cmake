# The instructions each table of kernels is compiled for (src/nn/kernels/kernels_<set>.c), beside those of the whole build.
# Options of a file, since clang has no pragma for it. kernels.c decides at run time which tables a processor gets.
function(kernel_set name)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/nn/kernels/kernels_${name}.c APPEND PROPERTY COMPILE_OPTIONS ${ARGN})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  kernel_set(avx2 -mavx2 -mfma)
  kernel_set(avx512 -mavx512f -mavx2 -mfma)
  kernel_set(avx512bf16 -mavx512bf16 -mavx512bw -mavx512f -mavx2 -mfma)
  kernel_set(amx -mamx-tile -mamx-bf16 -mavx512f -mavx2 -mfma)
endif()
