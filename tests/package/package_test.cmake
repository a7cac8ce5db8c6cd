# SPDX-License-Identifier: Apache-2.0
# Steps: install, look at the tree, build and run the consumer without LibTorch or Poco, ask for what
# does not exist, run the program from its new place.
cmake_minimum_required(VERSION 3.21)

# run(<name> <out> command...): fails the test with the command's output unless it returns 0.
function(run name out)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name}: exit code ${code}\n${text}\n${errors}")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
run(install _ ${CMAKE_COMMAND} --install ${PATINA_BUILD} --prefix ${prefix})

set(package ${PATINA_LIBDIR}/cmake/Patina)
foreach(file
    ${PATINA_LIBDIR}/libpatina_core.a ${PATINA_LIBDIR}/libpatina_stats.a
    ${PATINA_LIBDIR}/libpatina_analyzer.a
    include/patina/core/error.h include/patina/core/version.h include/patina/stats/two_sample.h
    ${package}/PatinaConfig.cmake ${package}/PatinaConfigVersion.cmake ${package}/PatinaTargets.cmake
    share/doc/patina/LICENSE)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "install: ${file} is missing below ${prefix}")
  endif()
endforeach()

# The installed files know nothing of the tree they came from.
file(GLOB configs ${prefix}/${package}/*.cmake)
foreach(config IN LISTS configs)
  file(READ ${config} text)
  if(text MATCHES "${PATINA_BUILD}|patina_flags|patina_strict_flags")
    message(FATAL_ERROR "${config} names the build tree or its private targets: ${CMAKE_MATCH_0}")
  endif()
endforeach()

set(configure ${CMAKE_COMMAND} -G ${GENERATOR} -S ${CONSUMER} -DCMAKE_CXX_COMPILER=${CXX}
  -DCMAKE_PREFIX_PATH=${prefix})
run(configure _ ${configure} -B ${WORK}/build
  -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON -DCMAKE_DISABLE_FIND_PACKAGE_Poco=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_LibHaru=ON -DCMAKE_DISABLE_FIND_PACKAGE_LCMS2=ON)
run(build _ ${CMAKE_COMMAND} --build ${WORK}/build)
run(consumer printed ${WORK}/build/consumer)
# Two separated samples of five: one order in C(10,5) = 252 is as extreme.
if(NOT printed STREQUAL "p = 1/252\n")
  message(FATAL_ERROR "consumer printed '${printed}' rather than 'p = 1/252'")
endif()

execute_process(COMMAND ${configure} -B ${WORK}/wrong -DCOMPONENT=gadgets
  RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE errors)
if(code EQUAL 0 OR NOT errors MATCHES "gadgets")
  message(FATAL_ERROR "an unknown component should fail by its name, got ${code}: ${errors}")
endif()

if(EXISTS ${PATINA_BUILD}/patina)
  run(program printed ${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH --unset=PATINA_DATA_DIR
    ${prefix}/bin/patina --version)
  if(NOT printed MATCHES "${PATINA_VERSION}")
    message(FATAL_ERROR "patina --version printed '${printed}' without ${PATINA_VERSION}")
  endif()
endif()
file(REMOVE_RECURSE ${WORK})
