// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/inputs.h"

#include <set>

#include "coat/internal/release.h"
#include "core/error.h"
#include "core/files.h"
#include "images/image_io.h"

namespace patina::coat {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;

namespace {

constexpr int kMinSide = 64;

[[noreturn]] void refuse(const std::string& where,
                         const std::string& what,
                         const std::string& todo) {
  throw Error(ErrorKind::kInput, where, what, todo);
}

void check_names(const std::vector<images::ImageEntry>& entries, const CoatOptions& options) {
  std::set<std::string> names;
  for (const images::ImageEntry& entry : entries) {
    const std::string name = released_name(entry, options).generic_string();
    if (!names.insert(name).second) {
      refuse(name,
             "two inputs would be written under this name",
             "rename one of them or drop --format");
    }
  }
}

void require_given(bool given, const char* flag) {
  if (!given) throw Error(ErrorKind::kUsage, flag, "not given", "see patina coat --help");
}

}  // namespace

std::vector<images::ImageEntry> find_images(const CoatOptions& options) {
  std::vector<images::ImageEntry> entries = images::list_images(options.inputs);
  if (entries.empty()) {
    refuse(options.inputs.front().string(),
           "no images in it",
           "name files or folders with JPEG, PNG, WebP, TIFF or BMP images");
  }
  check_names(entries, options);
  return entries;
}

void check_places(const CoatOptions& options) {
  require_given(!options.output.empty(), "--output");
  require_given(!options.key_path.empty(), "--key");
  for (const fs::path& input : options.inputs) {
    if (core::is_inside(options.output, input)) {
      refuse(options.output.string(),
             "lies inside the input " + input.string(),
             "choose another -o folder");
    }
    if (core::is_inside(input, options.output)) {
      refuse(options.output.string(),
             "contains the input " + input.string(),
             "choose another -o folder");
    }
  }
  if (core::is_inside(options.key_path, options.output)) {
    refuse(options.key_path.string(),
           "lies inside the output folder, which is for publishing",
           "keep the key somewhere else");
  }
}

images::ImageFile read_for_coating(const fs::path& path) {
  images::ImageFile file = images::read_image(path);
  if (file.image.width_px < kMinSide || file.image.height_px < kMinSide) {
    refuse(path.string(),
           std::to_string(file.image.width_px) + "x" + std::to_string(file.image.height_px) +
               " pixels, a coating needs at least 64 a side",
           "enlarge it or leave it out");
  }
  return file;
}

void copy_caption(const images::ImageEntry& entry, const CoatOptions& options) {
  const auto caption = images::find_caption(entry.path);
  if (!caption) return;
  fs::path target = options.output / entry.relative;
  target.replace_extension(caption->extension());
  core::write_file_atomic(target, core::read_file(*caption, 1 << 20));
}

}  // namespace patina::coat
