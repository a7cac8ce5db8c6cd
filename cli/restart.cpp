// SPDX-License-Identifier: Apache-2.0
#include "cli/restart.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace patina::cli {

VectorUnits find_vector_units() {
  VectorUnits units;
#if defined(__x86_64__)
  units.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  units.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vl");
#endif
  return units;
}

Settings choose_library_settings(const VectorUnits& units,
                                 const std::function<bool(const std::string&)>& is_set) {
  Settings settings;
  if (!is_set("OMP_WAIT_POLICY") && !is_set("GOMP_SPINCOUNT")) {
    settings.emplace_back("OMP_WAIT_POLICY", "PASSIVE");
  }
  if (!is_set("OPENBLAS_CORETYPE") && (units.avx2 || units.avx512)) {
    settings.emplace_back("OPENBLAS_CORETYPE", units.avx512 ? "SKYLAKEX" : "HASWELL");
  }
  return settings;
}

void restart_with(const Settings& settings, const std::string& program, char** argv) {
  if (settings.empty() || program.empty()) return;
  for (const auto& [name, value] : settings) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): main() has started no thread
    setenv(name.c_str(), value.c_str(), 1);
  }
  execv(program.c_str(), argv);
}

std::string own_path() {
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? std::string() : path.string();
}

}  // namespace patina::cli
