# SPDX-License-Identifier: Apache-2.0
# Finds everything Patina needs and prints what was found.
include(FeatureSummary)

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(OpenCV 4.5 REQUIRED COMPONENTS core imgproc imgcodecs)
find_package(JPEG REQUIRED)
find_package(TIFF REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(Eigen3 3.3 REQUIRED NO_MODULE)
find_package(Poco 1.11 REQUIRED COMPONENTS Foundation Crypto Net NetSSL)
find_package(LibXml2 2.9 REQUIRED)
find_package(ICU 67 REQUIRED COMPONENTS uc)
find_package(CLI11 2.1 REQUIRED)
find_package(Torch 1.13 REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(LibHaru REQUIRED)
find_package(LCMS2 REQUIRED)
if(PATINA_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
if(PATINA_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()

# LibTorch through one target, as system headers, so that its warnings stay its own.
add_library(patina_torch INTERFACE)
# Files that use its parallel loops are compiled with -fopenmp by name, so the runtime is all that is needed.
target_link_libraries(patina_torch INTERFACE ${TORCH_LIBRARIES} ${OpenMP_CXX_LIBRARIES})
target_include_directories(patina_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(_patina_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(patina_torch INTERFACE ${_patina_torch_flags})

add_library(patina_opencv INTERFACE)
target_link_libraries(patina_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs)
target_include_directories(patina_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})

feature_summary(WHAT PACKAGES_FOUND QUIET_ON_EMPTY)
