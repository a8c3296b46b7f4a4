# What `cmake --install` lays down beside the program, and the Debian package made of it (docs/install.md).
install(TARGETS synvid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/configs)
install(DIRECTORY jobs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/jobs USE_SOURCE_PERMISSIONS)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES README.md ARCHITECTURE.md LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Manual pages and completion come out of the program's own option tables, so they are written by the program that is
# being installed.
install(CODE "execute_process(
  COMMAND bash \"${CMAKE_SOURCE_DIR}/packaging/write-manual.sh\" \"$<TARGET_FILE:synvid>\"
          \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\"
          \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/bash-completion/completions\"
  COMMAND_ERROR_IS_FATAL ANY)")

configure_file(packaging/modulefile.in ${CMAKE_BINARY_DIR}/modulefile @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/modulefile DESTINATION ${CMAKE_INSTALL_DATADIR}/synvid/modulefiles/synvid
        RENAME ${PROJECT_VERSION})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME synvid)
set(CPACK_PACKAGE_VENDOR "The synvid authors")
set(CPACK_PACKAGE_CONTACT "The synvid authors <synvid@invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "learn video representations without natural videos")
set(CPACK_PACKAGE_DESCRIPTION "Generates the synthetic video datasets of the paper, pre-trains VideoMAE on them across MPI ranks,
fine-tunes, probes and measures, and prints the paper's tables.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)
install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/synvid)
include(CPack)
