// SPDX-License-Identifier: Apache-2.0
#include "queryers/directory.h"

#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/text.h"
#include "images/image_io.h"
#include "images/image_list.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;

struct Item {
  fs::path path;
  std::string source;
};

class Files : public Suspect {
 public:
  Files(SuspectInfo info, std::vector<Item> items, const DirectoryOptions& options)
      : info_(std::move(info)), items_(std::move(items)), options_(options) {
    info_.expected_samples = static_cast<std::int64_t>(items_.size());
  }

  SuspectInfo info() const override { return info_; }

  void collect(const std::function<void(Sample&&)>& on_sample,
               const std::function<void(Refusal&&)>& on_refusal) override {
    for (const Item& item : items_) {
      std::string problem;
      Sample sample = read(item, problem);
      if (problem.empty()) {
        on_sample(std::move(sample));
      } else {
        on_refusal({item.source, problem});
      }
    }
  }

 private:
  // One unreadable file among many is a result, so its error becomes `problem`.
  Sample read(const Item& item, std::string& problem) const {
    Sample sample;
    try {
      sample.bytes = core::read_file(item.path, options_.max_file_bytes);
    } catch (const core::Error& error) {
      problem = error.problem();
      return sample;
    }
    sample.source = item.source;
    sample.sha256 = core::to_hex(core::sha256(sample.bytes));
    return sample;
  }

  SuspectInfo info_;
  std::vector<Item> items_;
  DirectoryOptions options_;
};

void require_folder(const fs::path& folder) {
  std::error_code failure;
  const fs::file_status status = fs::status(folder, failure);
  const std::string where = core::printable(folder.string());
  if (status.type() == fs::file_type::not_found) {
    throw core::Error(core::ErrorKind::kInput, where, "does not exist", "name a folder of images");
  }
  if (status.type() != fs::file_type::directory) {
    throw core::Error(
        core::ErrorKind::kInput, where, "is not a folder", "name the folder that holds the images");
  }
}

void require_images(const std::vector<images::ImageEntry>& entries, const std::string& where) {
  if (entries.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      where,
                      "holds no image (JPEG, PNG, WebP, TIFF or BMP)",
                      "add images or name another folder");
  }
}

}  // namespace

std::unique_ptr<Suspect> open_directory(const fs::path& folder, const DirectoryOptions& options) {
  require_folder(folder);
  const std::string location = core::printable(folder.string());
  const std::vector<images::ImageEntry> entries = images::list_images({folder});
  require_images(entries, location);
  std::vector<Item> items;
  for (const images::ImageEntry& entry : entries) {
    items.push_back({entry.path, core::printable(entry.relative.string())});
  }
  return std::make_unique<Files>(
      SuspectInfo{"directory", location, 0, {}}, std::move(items), options);
}

std::unique_ptr<Suspect> open_files(const std::vector<fs::path>& inputs,
                                    const DirectoryOptions& options) {
  std::string location;
  std::vector<Item> items;
  for (const fs::path& input : inputs) {
    location += (location.empty() ? "" : ", ") + core::printable(input.string());
    std::error_code ignored;
    if (fs::is_regular_file(input,
                            ignored)) {  // Named by the user: an image whatever its extension.
      items.push_back({input, core::printable(input.string())});
      continue;
    }
    // One input at a time: files of one name in two folders are different sources here.
    for (const images::ImageEntry& entry : images::list_images({input})) {
      items.push_back({entry.path, core::printable(entry.path.string())});
    }
  }
  if (items.empty()) require_images({}, location);
  return std::make_unique<Files>(SuspectInfo{"files", location, 0, {}}, std::move(items), options);
}

}  // namespace patina::queryers
