// SPDX-License-Identifier: Apache-2.0
// Settings that numeric libraries read from the environment while they are loaded, before main()
// runs: a program that wants others sets them and starts itself again. For main() alone.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace patina::cli {

/// Names and values of environment variables.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// What a processor computes with, as far as it decides which code is right for it.
struct VectorUnits {
  bool avx2 = false;    ///< AVX2 and FMA.
  bool avx512 = false;  ///< AVX-512 F, BW, CD, DQ and VL.
};
VectorUnits find_vector_units();

/// What makes LibTorch's libraries fast, less what the user has set. OpenMP's threads sleep while
/// they wait (spinning, they take turns with whatever else runs here), and OpenBLAS uses the code
/// for the vector units that are there (of processors that are newer than itself it knows none, and
/// uses SSE3). `is_set` tells whether a variable has a value.
Settings choose_library_settings(const VectorUnits& units,
                                 const std::function<bool(const std::string&)>& is_set);

/// Adds the settings to the environment and executes `program` with the same arguments. Returns only
/// where there is nothing to set, or where the program cannot be executed.
void restart_with(const Settings& settings, const std::string& program, char** argv);

/// The path of the running program; "" where the system does not tell.
std::string own_path();

}  // namespace patina::cli
