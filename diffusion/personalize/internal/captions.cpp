// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/internal/captions.h"

#include <filesystem>

#include "core/files.h"

namespace patina::diffusion {

std::string fill_caption(std::string caption, const PersonalizeOptions& options) {
  const std::size_t at = caption.find("{}");
  if (at == std::string::npos) return caption;
  return caption.replace(at, 2, learns_token(options.method) ? options.token : options.initializer);
}

std::string read_caption(const images::ImageEntry& entry, const PersonalizeOptions& options) {
  constexpr std::uint64_t kMaxBytes = 1 << 16;
  const auto file = images::find_caption(entry.path);
  if (!file) return fill_caption(options.prompt, options);
  std::string caption = core::read_saved_text(*file, kMaxBytes);
  const std::size_t end = caption.find_last_not_of(" \t\r\n");
  caption.resize(end == std::string::npos ? 0 : end + 1);
  return fill_caption(std::move(caption), options);
}

}  // namespace patina::diffusion
