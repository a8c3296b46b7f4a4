# add_module(NAME LINKS lib... [EXACT])
#
# One layer, a folder of src/ with its rooms, as one static library. EXACT marks folders whose results are part of a dataset's bytes:
# there the compiler may not fuse a multiply and an add, so that a tuned and a portable build draw the same pixels.
function(add_module name)
  cmake_parse_arguments(arg "EXACT" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE warnings)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE SYNVID_VERSION="${PROJECT_VERSION}"
    SYNVID_BUILD="$<IF:$<BOOL:${SYNVID_NATIVE}>,tuned for one machine,portable>, ${CMAKE_BUILD_TYPE}")
  if(arg_EXACT)
    target_compile_options(${name} PRIVATE -ffp-contract=off)
  endif()
endfunction()
