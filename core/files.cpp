// SPDX-License-Identifier: Apache-2.0
#include "core/files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/text.h"

namespace patina::core {
namespace {

constexpr std::size_t kReadBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kMaxStemBytes = 200;  // leaves room for the rest of a temporary's name
constexpr int kMaxTemporaries = 10000;      // of one name, tried in a row
constexpr std::string_view kTemporaryMark = ".patina-tmp-";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int number() const { return number_; }
  /// False if the system reports a late write error.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space or write elsewhere";
    case EACCES:
    case EPERM:
    case EROFS:
      return "mend the permissions or choose another place";
    case ENAMETOOLONG:
      return "choose a shorter name";
    default:
      return "check the path";
  }
}

[[noreturn]] void fail(const fs::path& path, const std::string& verb, int error_number) {
  throw Error(ErrorKind::kDisk,
              path.string(),
              "cannot " + verb + " (" + std::generic_category().message(error_number) + ")",
              advice(error_number));
}

void require_within(std::uint64_t size, std::uint64_t max_bytes, const fs::path& path) {
  if (size > max_bytes) {
    throw Error(ErrorKind::kInput,
                path.string(),
                "larger than the limit of " + std::to_string(max_bytes) + " bytes",
                "check that it is the right file");
  }
}

/// Whole file as a vector or string.
template <typename Bytes>
Bytes read_bounded(const fs::path& path, std::uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
    fail(path, "be read", errno);
  }
  Bytes bytes;
  if (S_ISREG(status.st_mode)) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    require_within(size, max_bytes, path);
    bytes.reserve(static_cast<std::size_t>(size));
  }
  std::vector<char> block(kReadBlockBytes);
  for (;;) {
    const ssize_t got = ::read(file.number(), block.data(), block.size());
    if (got == 0) {
      return bytes;
    }
    if (got < 0 && errno != EINTR) {
      fail(path, "be read", errno);
    }
    bytes.insert(bytes.end(), block.begin(), block.begin() + std::max<ssize_t>(got, 0));
    require_within(bytes.size(), max_bytes, path);
  }
}

/// Unlinks a temporary unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(fs::path path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  TemporaryFile(TemporaryFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }

  void write(std::string_view bytes, const fs::path& final_path) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(file_.number(), bytes.data(), bytes.size());
      if (put < 0 && errno != EINTR) {
        fail(final_path, "be written", errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
    }
  }

  void rename_to(const fs::path& final_path) {
    if (::fsync(file_.number()) != 0 || !file_.close() ||
        ::rename(path_.c_str(), final_path.c_str()) != 0) {
      fail(final_path, "be written", errno);
    }
    path_.clear();
  }

 private:
  fs::path path_;
  Descriptor file_;
};

TemporaryFile open_temporary(const fs::path& final_path, FileAccess access) {
  const std::string stem = "." + final_path.filename().string().substr(0, kMaxStemBytes) +
                           std::string(kTemporaryMark) + std::to_string(::getpid()) + "-";
  const mode_t mode = access == FileAccess::kSecret ? 0600 : 0666;
  for (int n = 0; n < kMaxTemporaries; ++n) {
    fs::path path = final_path.parent_path() / (stem + std::to_string(n));
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file.number() >= 0) {
      return {std::move(path), std::move(file)};
    }
    if (errno != EEXIST) {
      break;
    }
  }
  fail(final_path, "be written", errno);
}

void sync_parent_folder(const fs::path& path) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A folder that may be written but not read cannot be opened; some file systems cannot sync one.
  if (folder.number() >= 0 && ::fsync(folder.number()) != 0 && errno == EIO) {
    fail(path, "be made durable", errno);
  }
}

/// Renaming over a device would remove it, over a folder fails late.
void require_replaceable(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!path.has_filename() || fs::is_directory(status)) {
    throw Error(ErrorKind::kDisk, path.string(), "is a folder, not a file", "name a file in it");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error(ErrorKind::kDisk,
                path.string(),
                "is not a regular file",
                "name a file that may be replaced");
  }
}

std::optional<pid_t> parse_pid(std::string_view digits) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && pid > 0 ? std::optional<pid_t>(pid) : std::nullopt;
}

/// The process a temporary belongs to, or nothing if the name is not that of a temporary.
std::optional<pid_t> owner_of_temporary(const std::string& name) {
  const std::size_t mark = name.rfind(kTemporaryMark);
  const std::size_t dash = name.rfind('-');
  const std::size_t start = mark + kTemporaryMark.size();
  if (name.front() != '.' || mark == std::string::npos || dash < start) {
    return std::nullopt;
  }
  const bool numbered = dash + 1 < name.size() &&
                        name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
  return numbered ? parse_pid(std::string_view(name).substr(start, dash - start)) : std::nullopt;
}

bool is_running_elsewhere(pid_t pid) {
  return pid != ::getpid() && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& path, std::uint64_t max_bytes) {
  return read_bounded<std::vector<std::uint8_t>>(path, max_bytes);
}

std::string read_text_file(const fs::path& path, std::uint64_t max_bytes) {
  return read_bounded<std::string>(path, max_bytes);
}

std::string read_saved_text(const fs::path& path, std::uint64_t max_bytes) {
  if (auto text = decode_saved_text(read_text_file(path, max_bytes))) return std::move(*text);
  throw Error(
      ErrorKind::kInput, path.string(), "is neither UTF-8 nor UTF-16 text", "save it as UTF-8");
}

void write_pieces_atomic(const fs::path& path,
                         const std::vector<std::string_view>& pieces,
                         FileAccess access) {
  require_replaceable(path);
  TemporaryFile temporary = open_temporary(path, access);
  for (const std::string_view piece : pieces) {
    temporary.write(piece, path);
  }
  temporary.rename_to(path);
  sync_parent_folder(path);
}

void write_file_atomic(const fs::path& path,
                       const void* data,
                       std::size_t size,
                       FileAccess access) {
  write_pieces_atomic(path, {std::string_view(static_cast<const char*>(data), size)}, access);
}

void write_file_atomic(const fs::path& path, std::string_view text, FileAccess access) {
  write_pieces_atomic(path, {text}, access);
}

void write_file_atomic(const fs::path& path,
                       const std::vector<std::uint8_t>& bytes,
                       FileAccess access) {
  write_file_atomic(path, bytes.data(), bytes.size(), access);
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    fail(path, "be made a folder", error.value());
  }
}

bool is_temporary(const std::string& name) { return owner_of_temporary(name).has_value(); }

void remove_stale_temporaries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> stale;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(folder, options, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::optional<pid_t> owner = owner_of_temporary(entry->path().filename().string());
    std::error_code ignored;
    const bool is_file = fs::is_regular_file(entry->symlink_status(ignored));
    if (owner && is_file && !is_running_elsewhere(*owner)) {
      stale.push_back(entry->path());
    }
  }
  for (const fs::path& path : stale) {
    fs::remove(path, error);
  }
}

}  // namespace patina::core
