# What `cmake --install` puts where: the binary; the parts of it that are files of their own, where it looks for them;
# manual pages and completions, which the binary's own words make (component docs).
include(GNUInstallDirs)
set(parts lib/spile)

install(TARGETS spile RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET spile-engines)
  install(TARGETS spile-engines RUNTIME DESTINATION ${parts})
endif()
if(TARGET spile_jit)
  install(TARGETS spile_jit LIBRARY DESTINATION ${parts})
endif()

set(share "\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}")
install(CODE "
  set(spile ${PROJECT_BINARY_DIR}/bin/spile)
  execute_process(COMMAND python3 ${PROJECT_SOURCE_DIR}/docs/man/make_man.py \${spile} ${PROJECT_SOURCE_DIR} ${share}/${CMAKE_INSTALL_MANDIR}
                  COMMAND_ERROR_IS_FATAL ANY)
  foreach(place bash:bash-completion/completions/spile zsh:zsh/vendor-completions/_spile fish:fish/vendor_completions.d/spile.fish)
    string(REPLACE : \";\" place \${place})
    list(GET place 0 shell)
    list(GET place 1 file)
    execute_process(COMMAND \${spile} completions \${shell} OUTPUT_VARIABLE script COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE ${share}/${CMAKE_INSTALL_DATADIR}/\${file} \"\${script}\")
  endforeach()" COMPONENT docs)
