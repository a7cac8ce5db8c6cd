// SPDX-License-Identifier: Apache-2.0
// The part of core/files.h that asks where things are.
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "core/files.h"

namespace patina::core {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel's own limit

/// `path` with its first symbolic link replaced by what it points to, or the same path without one.
fs::path follow_first_link(const fs::path& path) {
  fs::path done;
  for (auto part = path.begin(); part != path.end(); ++part) {
    const fs::path here = done / *part;
    std::error_code ignored;
    if (!fs::is_symlink(fs::symlink_status(here, ignored))) {
      done = here;
      continue;
    }
    fs::path target = done / fs::read_symlink(here, ignored);
    for (++part; part != path.end(); ++part) {
      target /= *part;
    }
    return target;
  }
  return path;
}

/// Absolute, without links or dots; the part that does not exist is taken literally. Unlike
/// weakly_canonical this also follows links that point to nothing.
fs::path resolve(const fs::path& path) {
  std::error_code error;
  fs::path current = fs::absolute(path, error);
  for (int i = 0; i <= kMaxLinks && !error; ++i) {
    const fs::path known = fs::weakly_canonical(current, error);
    current = follow_first_link(known);
    if (!error && current == known) {
      return known.has_filename() ? known : known.parent_path();
    }
  }
  throw Error(ErrorKind::kDisk,
              path.string(),
              "cannot be resolved (" + (error ? error.message() : "too many symbolic links") + ")",
              "check the path");
}

/// Empty where unset. Patina never changes its own environment, so reading it is safe in any
/// thread.
std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing writes to it
  return value == nullptr ? std::string_view() : std::string_view(value);
}

fs::path installed_beside_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path().parent_path() / "share" / "patina";
}

std::vector<fs::path> data_folders() {
  const std::string_view chosen = environment("PATINA_DATA_DIR");
  if (!chosen.empty()) {
    return {fs::path(chosen)};
  }
  return {PATINA_SOURCE_DATA_DIR, installed_beside_program(), PATINA_INSTALLED_DATA_DIR};
}

bool leads_out(const fs::path& relative) {
  const fs::path normal = relative.lexically_normal();
  return relative.empty() || relative.is_absolute() || *normal.begin() == "..";
}

}  // namespace

bool is_inside(const fs::path& inner, const fs::path& outer) {
  const fs::path below = resolve(inner);
  const fs::path above = resolve(outer);
  auto at = below.begin();
  for (const fs::path& part : above) {
    if (at == below.end() || *at != part) {
      return false;
    }
    ++at;
  }
  return true;
}

fs::path data_file(const std::string& relative) {
  if (leads_out(relative)) {
    throw Error(ErrorKind::kInput,
                in_quotes(relative),
                "is not a path inside the data folder",
                "name a file shipped with Patina");
  }
  std::string looked_in;
  for (const fs::path& folder : data_folders()) {
    std::error_code ignored;
    if (!folder.empty() && fs::exists(folder / relative, ignored)) {
      return folder / relative;
    }
    looked_in += (looked_in.empty() ? "" : ", ") + folder.string();
  }
  throw Error(ErrorKind::kInput,
              relative,
              "no such data file in " + looked_in,
              "install Patina again or set PATINA_DATA_DIR");
}

}  // namespace patina::core
