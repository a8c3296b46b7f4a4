# libsynvid: the functions of include/synvid.h as a shared library, made of the objects that the program is made of.
# Nothing else is visible, and what is has versioned symbols (cmake/libsynvid.map).
add_library(libsynvid SHARED $<TARGET_OBJECTS:api>)
set_target_properties(libsynvid PROPERTIES OUTPUT_NAME synvid VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libsynvid.map)
target_link_libraries(libsynvid PRIVATE api)
target_include_directories(libsynvid INTERFACE ${CMAKE_SOURCE_DIR}/include)
# Calls inside the library stay inside, whatever else a host program has loaded under the same names.
target_link_options(libsynvid PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libsynvid.map -Wl,-Bsymbolic
  -Wl,--exclude-libs,ALL)
configure_file(packaging/libsynvid.pc.in ${CMAKE_BINARY_DIR}/libsynvid.pc @ONLY)
