# SPDX-License-Identifier: Apache-2.0
# Warnings and instrumentation, linked PRIVATE by every target of Patina's own.
add_library(patina_flags INTERFACE)
target_compile_options(patina_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wold-style-cast -Wnon-virtual-dtor -Wmissing-declarations)
if(PATINA_WERROR)
  target_compile_options(patina_flags INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(patina_flags INTERFACE _GLIBCXX_ASSERTIONS EIGEN_INITIALIZE_MATRICES_BY_NAN)
endif()
if(PATINA_SANITIZE)
  target_compile_options(patina_flags INTERFACE
    -fsanitize=${PATINA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(patina_flags INTERFACE -fsanitize=${PATINA_SANITIZE})
endif()
if(PATINA_COVERAGE)
  target_compile_options(patina_flags INTERFACE --coverage)
  target_link_options(patina_flags INTERFACE --coverage)
endif()

# Narrowing is an error where a narrowed number becomes evidence.
add_library(patina_strict_flags INTERFACE)
target_link_libraries(patina_strict_flags INTERFACE patina_flags)
target_compile_options(patina_strict_flags INTERFACE -Wconversion)

find_program(PATINA_CCACHE ccache)
if(PATINA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${PATINA_CCACHE})
endif()
