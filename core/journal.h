// SPDX-License-Identifier: Apache-2.0
// A journal whose lines are chained by their digests: each line names the digest of the one before,
// so that nothing can be taken out, put in or moved unseen. One JSON object a line, keys sorted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace patina::core {

class GrowingFile;

/// Not for use by several threads at once: a journal that threads share needs a mutex.
class Journal {
 public:
  /// Opens or creates; hands every line that is there to `on_line`, in order. A last line that was
  /// cut short is removed. Throws Error{kInput} naming the line where the chain breaks,
  /// Error{kDisk}.
  Journal(std::filesystem::path path,
          const std::function<void(const nlohmann::json& line)>& on_line);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Adds "n" and "prev" and appends the line. Throws Error{kDisk}.
  void append(nlohmann::json line);
  /// To the disk. Throws Error{kDisk}.
  void sync();

  std::uint64_t lines() const { return lines_; }
  /// SHA-256 of the last line, hexadecimal; 64 zeros while there is none.
  const std::string& head() const { return head_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<GrowingFile> file_;
  std::uint64_t lines_ = 0;
  std::string head_;
};

/// Reads a journal and checks its chain; returns its head. A cut last line counts as a break.
/// Throws as the constructor.
std::string read_chain(const std::filesystem::path& path,
                       const std::function<void(const nlohmann::json& line)>& on_line);

}  // namespace patina::core
