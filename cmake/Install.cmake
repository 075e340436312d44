# What `cmake --install` puts on a machine, and cpack into a .tar.gz or a .deb: the program, its man page, completions, licence.
if(TARGET facet)
  install(TARGETS facet)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(FILES packaging/facet.service packaging/facet.socket DESTINATION lib/systemd/system)
  # What the program holds itself is not installed a second time, nor hf, the same weights as folders for transformers.
  if(FACET_EMBED_NANO)
    set(embedded PATTERN nano-q8_0.gguf EXCLUDE PATTERN mmproj-nano-bf16.gguf EXCLUDE)
  endif()
  install(DIRECTORY ${FACET_MODELS}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/facet/models OPTIONAL
    PATTERN hf EXCLUDE ${embedded})
endif()

# They are made from what the program itself says, so they cannot fall behind it. A build of the target facet alone has
# none; then the program is installed without them.
find_package(Python3 3.10 COMPONENTS Interpreter)
if(TARGET facet AND Python3_FOUND AND NOT CMAKE_CROSSCOMPILING)
  set(cli ${CMAKE_BINARY_DIR}/cli)
  set(template ${CMAKE_SOURCE_DIR}/docs/man/facet.1.in)
  set(generator ${CMAKE_SOURCE_DIR}/scripts/make_cli_files.py)
  add_custom_command(
    OUTPUT ${cli}/facet.1 ${cli}/facet.bash ${cli}/_facet ${cli}/facet.fish
    COMMAND Python3::Interpreter -B ${generator} $<TARGET_FILE:facet> ${template} ${cli}
    DEPENDS facet ${template} ${generator} COMMENT "Man page and completions" VERBATIM)
  add_custom_target(cli_files ALL DEPENDS ${cli}/facet.1)
  install(FILES ${cli}/facet.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
  install(FILES ${cli}/facet.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME facet OPTIONAL)
  install(FILES ${cli}/_facet DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions OPTIONAL)
  install(FILES ${cli}/facet.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d OPTIONAL)
else()
  add_custom_target(cli_files)
endif()

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_CONTACT "the facet project")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What is not linked but loaded when needed (src/base/shared_library.h); ffmpeg brings the versions of its system.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ffmpeg, libsoxr0, libportaudio2, libcurl4")
include(CPack)
