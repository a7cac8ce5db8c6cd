# SPDX-License-Identifier: Apache-2.0
# One function declares a module, one declares its tests. The module graph itself is asserted by
# tests/architecture.

# patina_module(NAME <folder> [TORCH|TENSORS] [STRICT] SOURCES ... [HEADERS ...]
#               [USES modules...] [PRIVATE_LIBS third party...] [DEFINES ...])
# Builds patina_<name>, alias patina::<name>. USES are PUBLIC, third-party libraries PRIVATE. TORCH
# lets the module see LibTorch, through a precompiled header shared by all such modules; TENSORS the
# same for one that needs tensors and autograd only, not torch::nn, and compiles in a third of the time.
# STRICT makes narrowing an error.
function(patina_module)
  cmake_parse_arguments(M "TORCH;TENSORS;STRICT" "NAME" "SOURCES;HEADERS;USES;PRIVATE_LIBS;DEFINES" ${ARGN})
  set(target patina_${M_NAME})
  add_library(${target} STATIC ${M_SOURCES} ${M_HEADERS})
  add_library(patina::${M_NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${M_NAME} PATINA_USES "${M_USES}")
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/patina>)
  target_compile_features(${target} PUBLIC cxx_std_17)
  foreach(used IN LISTS M_USES)
    target_link_libraries(${target} PUBLIC patina_${used})
  endforeach()
  if(M_STRICT)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:patina_strict_flags>)
  else()
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:patina_flags>)
  endif()
  foreach(lib IN LISTS M_PRIVATE_LIBS)
    if(lib MATCHES "^(nlohmann_json|Boost|Eigen3|CLI11)::")  # header-only: nothing left to link
      set(lib $<BUILD_INTERFACE:${lib}>)
    endif()
    target_link_libraries(${target} PRIVATE ${lib})
  endforeach()
  target_compile_definitions(${target} PRIVATE ${M_DEFINES})
  if(M_TORCH)
    patina_use_torch(${target})
  elseif(M_TENSORS)
    patina_use_tensors(${target})
  endif()
  set_property(GLOBAL APPEND PROPERTY PATINA_MODULES ${target})
  set_property(GLOBAL APPEND PROPERTY PATINA_PUBLIC_HEADERS ${M_HEADERS})
  foreach(header IN LISTS M_HEADERS)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${header})
    get_filename_component(folder ${folder} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/patina/${folder} COMPONENT devel)
  endforeach()
endfunction()

# Links LibTorch and shares one precompiled header: networks and tensors, or tensors alone. A file
# includes what it uses; all of <torch/torch.h> costs 25 s a file, these 14 and 9.
function(patina_use_torch target)
  _patina_share_header(${target} patina_torch_pch
    <torch/types.h> <torch/autograd.h> <torch/utils.h> <torch/cuda.h>
    <torch/nn/modules/batchnorm.h> <torch/nn/modules/container/modulelist.h>
    <torch/nn/modules/container/sequential.h> <torch/nn/modules/conv.h>
    <torch/nn/modules/linear.h> <torch/nn/utils/clip_grad.h> <torch/optim/adam.h>)
endfunction()
function(patina_use_tensors target)
  _patina_share_header(${target} patina_tensors_pch
    <torch/types.h> <torch/autograd.h> <torch/utils.h> <torch/cuda.h>)
endfunction()

# Files that are compiled together read their headers once: a third of the time with LibTorch's. The
# debug preset and ./dev lint take each file by itself, so a missing include is still found.
function(_patina_join_files target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${PATINA_UNITY} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

function(_patina_share_header target pch)
  target_link_libraries(${target} PRIVATE patina_torch)
  if(PATINA_SANITIZE)
    return()
  endif()
  if(NOT TARGET ${pch})
    file(WRITE ${PROJECT_BINARY_DIR}/${pch}.cpp "// anchor of the precompiled header\n")
    add_library(${pch} OBJECT ${PROJECT_BINARY_DIR}/${pch}.cpp)
    target_link_libraries(${pch} PRIVATE patina_torch patina_flags)
    target_compile_features(${pch} PUBLIC cxx_std_17)
    target_precompile_headers(${pch} PRIVATE ${ARGN})
  endif()
  _patina_join_files(${target})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # A precompiled header wants the very flags it was made with: -fPIC, not -fPIE.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${pch})
endfunction()

# Sets `out` to whether the target, or anything of Patina's that it links, links LibTorch.
function(_patina_reaches_torch target out)
  set(${out} FALSE PARENT_SCOPE)
  set(open ${target})
  set(seen "")
  while(open)
    list(POP_FRONT open next)
    if(next STREQUAL "patina_torch")
      set(${out} TRUE PARENT_SCOPE)
      return()
    elseif(NOT next IN_LIST seen)
      list(APPEND seen ${next})
      get_target_property(libraries ${next} LINK_LIBRARIES)
      list(FILTER libraries INCLUDE REGEX "^patina_")
      list(APPEND open ${libraries})
    endif()
  endwhile()
endfunction()

# patina_tests(NAME <folder> [TORCH|TENSORS] SOURCES ... USES modules... [LABELS ...] [PRIVATE_LIBS ...])
# Builds patina_<name>_tests and registers it with CTest as one test, <name>, because loading the
# libraries takes longer than most tests. Its labels are its name, the given ones, and `torch` or,
# where nothing that it links reaches LibTorch, `light`. The sanitizers' presets choose by two labels,
# each with a target that builds its programs: `light` (patina_light_tests), and `threads`
# (patina_threads_tests) for those light programs whose subject runs more than one thread.
function(patina_tests)
  cmake_parse_arguments(T "TORCH;TENSORS" "NAME" "SOURCES;USES;LABELS;PRIVATE_LIBS" ${ARGN})
  set(target patina_${T_NAME}_tests)
  add_executable(${target} ${T_SOURCES})
  foreach(used IN LISTS T_USES)
    target_link_libraries(${target} PRIVATE patina_${used})
  endforeach()
  target_link_libraries(${target} PRIVATE patina_flags GTest::gmock GTest::gtest_main ${T_PRIVATE_LIBS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE
    PATINA_SOURCE_DIR="${PROJECT_SOURCE_DIR}" PATINA_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(T_TORCH)
    patina_use_torch(${target})
  elseif(T_TENSORS)
    patina_use_tensors(${target})
  else()  # What is slow is in the modules: a test is compiled in half the time as it stands.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
  _patina_join_files(${target})
  set_property(GLOBAL APPEND PROPERTY PATINA_TEST_TARGETS ${target})
  set(labels ${T_NAME} ${T_LABELS})
  set(environment "")
  _patina_reaches_torch(${target} reaches_torch)
  if(reaches_torch)
    list(APPEND labels torch)
    # GoogleTest's main() does not call core::keep_freed_memory(), as Patina's own does; this asks
    # glibc for the same. And the tests' tensors are small: one thread takes hardly longer than two,
    # so that two programs side by side are done in half the time.
    set(environment "GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=2147483647"
      OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1)
  else()
    list(APPEND labels light)
  endif()
  list(REMOVE_DUPLICATES labels)
  # Begun first, so that no slow one runs alone at the end.
  set(cost 1)
  if("slow" IN_LIST labels)
    set(cost 100)
  elseif(reaches_torch)
    set(cost 10)
  endif()
  foreach(group light threads)
    if(NOT TARGET patina_${group}_tests)
      add_custom_target(patina_${group}_tests)
    endif()
    if(group IN_LIST labels)
      add_dependencies(patina_${group}_tests ${target})
    endif()
  endforeach()
  add_test(NAME ${T_NAME} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${T_NAME} PROPERTIES
    LABELS "${labels}" TIMEOUT 1500 COST ${cost} ENVIRONMENT "${environment}")
endfunction()
