// SPDX-License-Identifier: Apache-2.0
#include "core/growing_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "core/error.h"

namespace patina::core {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* verb, int reason) {
  throw Error(ErrorKind::kDisk,
              path.string(),
              std::string("cannot be ") + verb + " (" + std::strerror(reason) + ")",
              "free space or mend its permissions");
}

}  // namespace

GrowingFile::GrowingFile(std::filesystem::path path, std::uint64_t size)
    : path_(std::move(path)), size_(size) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file_ < 0) fail(path_, "opened", errno);
  if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
    const int reason = errno;
    ::close(file_);
    fail(path_, "cut to its length", reason);
  }
}

GrowingFile::~GrowingFile() { ::close(file_); }

std::uint64_t GrowingFile::append(std::string_view piece) {
  std::size_t done = 0;
  while (done < piece.size()) {
    const ssize_t count = ::pwrite(
        file_, piece.data() + done, piece.size() - done, static_cast<off_t>(size_ + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int reason = errno;
      // Where even this fails, the reader of the file finds a piece cut short at its end.
      [[maybe_unused]] const int ignored = ::ftruncate(file_, static_cast<off_t>(size_));
      fail(path_, "written", reason);
    }
    done += static_cast<std::size_t>(count);
  }
  const std::uint64_t begin = size_;
  size_ += piece.size();
  return begin;
}

void GrowingFile::sync() {
  if (::fdatasync(file_) != 0) fail(path_, "written to the disk", errno);
}

}  // namespace patina::core
