// SPDX-License-Identifier: Apache-2.0
#include "images/image_list.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "images/pixels/image_file.h"

namespace patina::images {
namespace {

namespace fs = std::filesystem;

bool has_image_extension(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension.size() > 1 && format_from_name(extension.substr(1)).has_value();
}

bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.empty() && name.front() == '.';
}

core::Error unreadable(const fs::path& path, const std::error_code& error) {
  return core::Error(core::ErrorKind::kDisk,
                     path.string(),
                     "cannot be read (" + error.message() + ")",
                     "mend its permissions");
}

/// Walks one input folder. Symbolic links are followed unless they lead back to a folder that is
/// being walked.
class FolderWalk {
 public:
  explicit FolderWalk(const fs::path& root) : root_(root) {}

  void run(std::vector<ImageEntry>& found) { visit(root_, found); }

 private:
  void visit(const fs::path& folder, std::vector<ImageEntry>& found) {
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (error) throw unreadable(folder, error);
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) return;
    open_.push_back(canonical);
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (!is_hidden(entry->path())) take(entry->path(), found);
    }
    if (error) throw unreadable(folder, error);
    open_.pop_back();
  }

  void take(const fs::path& path, std::vector<ImageEntry>& found) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);  // A dangling link is neither.
    if (fs::is_directory(status)) {
      visit(path, found);
    } else if (fs::is_regular_file(status) && has_image_extension(path)) {
      found.push_back({path, path.lexically_relative(root_)});
    }
  }

  fs::path root_;
  std::vector<fs::path> open_;  ///< Canonical folders from the root down to here.
};

void add_input(const fs::path& input, std::vector<ImageEntry>& found) {
  std::error_code error;
  const fs::file_status status = fs::status(input, error);
  if (!fs::exists(status)) {
    throw core::Error(
        core::ErrorKind::kInput, input.string(), "no such file or folder", "check the path");
  }
  if (fs::is_directory(status)) {
    FolderWalk(input).run(found);
  } else if (has_image_extension(input)) {
    found.push_back({input, input.filename()});
  }
}

void refuse_collisions(const std::vector<ImageEntry>& sorted) {
  const auto same = [](const ImageEntry& a, const ImageEntry& b) {
    return a.relative == b.relative;
  };
  const auto twin = std::adjacent_find(sorted.begin(), sorted.end(), same);
  if (twin == sorted.end()) return;
  throw core::Error(core::ErrorKind::kInput,
                    twin->path.string(),
                    "would get the same output name as " + (twin + 1)->path.string() + " (" +
                        twin->relative.generic_string() + ")",
                    "rename one of them or process them one after the other");
}

}  // namespace

std::vector<ImageEntry> list_images(const std::vector<fs::path>& inputs) {
  std::vector<ImageEntry> found;
  for (const fs::path& input : inputs) add_input(input, found);
  std::stable_sort(found.begin(), found.end(), [](const ImageEntry& a, const ImageEntry& b) {
    return a.relative.generic_string() < b.relative.generic_string();
  });
  refuse_collisions(found);
  return found;
}

std::optional<std::filesystem::path> find_caption(const std::filesystem::path& image) {
  std::error_code ignored;
  for (const char* ending : {".txt", ".caption", ".TXT", ".CAPTION"}) {
    std::filesystem::path file = image;
    file.replace_extension(ending);
    if (std::filesystem::is_regular_file(file, ignored)) return file;
  }
  return std::nullopt;
}

}  // namespace patina::images
