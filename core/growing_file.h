// SPDX-License-Identifier: Apache-2.0
// A file that only grows, by pieces that are there whole or not at all: journals and transcripts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace patina::core {

/// Not for use by several threads at once.
class GrowingFile {
 public:
  /// Opens or creates, and cuts the file to `size` bytes. No symbolic link is followed. Throws
  /// Error{kDisk}.
  GrowingFile(std::filesystem::path path, std::uint64_t size);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  /// Appends and returns where the piece begins; what was written in part is cut off again. Throws
  /// Error{kDisk}.
  std::uint64_t append(std::string_view piece);
  /// To the disk. Throws Error{kDisk}.
  void sync();

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace patina::core
