# SPDX-License-Identifier: Apache-2.0
# Sets PATINA_REVISION to the abbreviated commit at configure time, or "unknown" where the source tree
# is not itself a git checkout (an unpacked archive inside somebody else's repository is not).
set(PATINA_REVISION "unknown")
find_package(Git QUIET)
if(Git_FOUND)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} rev-parse --show-toplevel --short HEAD
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    OUTPUT_VARIABLE _patina_git_answer
    RESULT_VARIABLE _patina_git_status
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET)
  if(_patina_git_status EQUAL 0)
    string(REPLACE "\n" ";" _patina_git_answer "${_patina_git_answer}")
    list(POP_FRONT _patina_git_answer _patina_git_root)
    list(POP_FRONT _patina_git_answer _patina_git_commit)
    get_filename_component(_patina_source_root "${PROJECT_SOURCE_DIR}" REALPATH)
    if(_patina_git_root STREQUAL _patina_source_root)
      set(PATINA_REVISION "${_patina_git_commit}")
    endif()
  endif()
endif()
