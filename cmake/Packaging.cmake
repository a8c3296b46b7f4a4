# What `cmake --install` lays down, and the Debian packages made of it (docs/install.md): one component a package.
#   synvid          the program, its job scripts, manuals and documents
#   libsynvid0      the shared library, and the configurations that both of them read
#   libsynvid-dev   header, pkg-config file, the name to link with
#   python3-synvid  the Python package, which loads the library
install(TARGETS synvid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT synvid)
install(DIRECTORY jobs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/jobs USE_SOURCE_PERMISSIONS COMPONENT synvid)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT synvid)
install(FILES README.md ARCHITECTURE.md LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT synvid)

install(TARGETS libsynvid LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libsynvid0
        NAMELINK_COMPONENT libsynvid-dev)
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/configs COMPONENT libsynvid0)
install(FILES include/synvid.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libsynvid-dev)
install(FILES ${CMAKE_BINARY_DIR}/libsynvid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libsynvid-dev)
install(DIRECTORY python/synvid DESTINATION lib/python3/dist-packages COMPONENT python3-synvid
        PATTERN __pycache__ EXCLUDE PATTERN lib EXCLUDE PATTERN share EXCLUDE)
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/python3-synvid/examples COMPONENT python3-synvid
        PATTERN __pycache__ EXCLUDE)

# A Python wheel carries the library and what it reads (python/pyproject.toml).
if(SYNVID_WHEEL)
  install(FILES $<TARGET_FILE:libsynvid> DESTINATION lib RENAME libsynvid.so.0 COMPONENT wheel)
  install(DIRECTORY configs/ DESTINATION share/synvid/configs COMPONENT wheel)
endif()

# Manual pages and completion come out of the program's own option tables, so they are written by the program that is
# being installed.
install(CODE "execute_process(
  COMMAND bash \"${CMAKE_SOURCE_DIR}/packaging/write-manual.sh\" \"$<TARGET_FILE:synvid>\"
          \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\"
          \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/bash-completion/completions\"
  COMMAND_ERROR_IS_FATAL ANY)" COMPONENT synvid)

configure_file(packaging/modulefile.in ${CMAKE_BINARY_DIR}/modulefile @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/modulefile DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/modulefiles/synvid
        RENAME ${PROJECT_VERSION} COMPONENT synvid)

foreach(package synvid libsynvid0 libsynvid-dev python3-synvid)
  install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME synvid)
set(CPACK_PACKAGE_VENDOR "The synvid authors")
set(CPACK_PACKAGE_CONTACT "The synvid authors <synvid@invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL synvid libsynvid0 libsynvid-dev python3-synvid)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

# deb_package(COMPONENT SECTION DEPENDS DESCRIPTION)
macro(deb_package component section depends summary)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}")
endmacro()
set(same_version "libsynvid0 (= ${PROJECT_VERSION})")
deb_package(synvid science "openmpi-bin, ${same_version}" "learn video representations without natural videos
 Generates the synthetic video datasets of the paper, pre-trains VideoMAE on them across MPI ranks, fine-tunes, probes
 and measures, and prints the paper's tables.")
deb_package(libsynvid0 libs "" "synthetic videos rendered while they are read (shared library)
 Clip sources, clips and tube masks of video pre-training, and statistics of videos, as a C library.")
deb_package(libsynvid-dev libdevel "${same_version}" "synthetic videos rendered while they are read (header)
 What a C program is compiled with against libsynvid0.")
deb_package(python3-synvid python "python3, python3-numpy, ${same_version}" "synthetic videos in a data loader (Python 3)
 Sources, clips and masks as NumPy arrays and PyTorch data sets, over libsynvid0.")
set(CPACK_DEBIAN_SYNVID_PACKAGE_RECOMMENDS gnuplot-nox)
set(CPACK_DEBIAN_PYTHON3-SYNVID_PACKAGE_SUGGESTS python3-torch)
set(CPACK_DEBIAN_PYTHON3-SYNVID_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON3-SYNVID_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBSYNVID0_PACKAGE_GENERATE_SHLIBS ON)
include(CPack)
