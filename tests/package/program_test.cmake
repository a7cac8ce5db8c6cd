# SPDX-License-Identifier: Apache-2.0
# Installs the program into an empty prefix and runs each of its commands there on tiny inputs. The
# program looks for its data in the source tree first, so PATINA_DATA_DIR leaves it the installed data
# alone.
cmake_minimum_required(VERSION 3.21)

set(prefix ${WORK}/prefix)
set(data ${prefix}/share/patina)
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${PATINA_BUILD} --prefix ${prefix} --component runtime
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

# patina(<exit code, or several joined by |> arguments...): runs the installed program and fails the
# test with its output unless it ends with one of the codes. Sets `printed` to all that it printed.
function(patina codes)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH PATINA_DATA_DIR=${data}
      ${prefix}/bin/patina ${ARGN}
    WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(NOT code MATCHES "^(${codes})$" OR errors MATCHES "no such data file")
    list(JOIN ARGN " " arguments)
    message(FATAL_ERROR "patina ${arguments}: exit code ${code}, expected ${codes}\n${text}\n${errors}")
  endif()
  set(printed "${text}${errors}" PARENT_SCOPE)
endfunction()

file(GLOB paintings ${data}/paintings/claude-monet/00[1-5].jpg)
file(COPY ${paintings} DESTINATION ${WORK}/clean)
# Every method but warp, which reads no data and has no flag for fewer than its 400 steps of training.
foreach(method frame siren dct-dwt-svd fingerprint)
  set(steps "")
  if(method STREQUAL "siren")
    set(steps --steps 1)
  endif()
  patina(0 coat clean --method ${method} ${steps} --seed 1 --key ${method}.key -o coated-${method} --quiet)
endforeach()
patina(0 score coated-frame --key frame.key --quiet)
patina("0|1" audit --key frame.key --commitment coated-frame/commitment.json --suspect coated-frame
  --benign clean -o bundle --quiet)
patina(0 verify bundle --quiet)
patina(0 personalize --images clean -o model --steps 1 --batch 1 --samples 0 --quiet)
patina(0 generate --personalized model -o made --steps 1 --quiet)
patina(0 inspect model frame.key)
foreach(command evaluate serve)
  patina(0 ${command} --help)
endforeach()
# Nothing listens on the discard port: the bank of prompts is read, and the one question asked fails.
patina("0|3" collect --from a1111+http://127.0.0.1:9 -o collected --count 1 --attempts 1 --quiet)
if(NOT printed MATCHES "1 failed")
  message(FATAL_ERROR "patina collect should tell of one question that failed, it printed: ${printed}")
endif()
file(REMOVE_RECURSE ${WORK})
