# embed_text(TARGET NAME FILE): the bytes of FILE as `const char NAME[]` in TARGET, ended by a zero. Text that belongs to
# another language (CSS, JavaScript) is edited as such and travels inside the program.
function(embed_text target name file)
  set(path ${CMAKE_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  set(source ${CMAKE_BINARY_DIR}/embedded/${name}.c)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
    "/* ${file}, embedded by cmake/EmbedText.cmake. */\nextern const char ${name}[];\nconst char ${name}[] = {\n${bytes}0};\n")
  target_sources(${target} PRIVATE ${source})
endfunction()
