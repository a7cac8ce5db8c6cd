// SPDX-License-Identifier: Apache-2.0
// What a picture says about itself.
#include <algorithm>
#include <cstdio>

#include "core/byte_reader.h"
#include "core/hash.h"
#include "core/numbers.h"
#include "core/text.h"
#include "images/containers/png_chunks.h"
#include "images/image_io.h"
#include "serve/internal/api.h"

namespace patina::serve {
namespace {

// PNG's texts hold no null: what follows one would be hidden from many readers.
std::string without_nulls(const std::string& text) {
  std::string clean;
  for (const char c : text) {
    if (c == '\0') {
      core::append_utf8(clean, 0xFFFD);
    } else {
      clean += c;
    }
  }
  return clean;
}

std::vector<std::uint8_t> text_chunk(const std::string& text) {
  const bool ascii = std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::vector<std::uint8_t> body;
  core::append(body, std::string_view("parameters\0", 11));
  // An iTXt chunk that is not compressed and names no language and no translated keyword.
  if (!ascii) core::append(body, std::string_view("\0\0\0\0", 4));
  core::append(body, text);
  std::vector<std::uint8_t> chunk;
  images::append_png_chunk(chunk, ascii ? "tEXt" : "iTXt", body);
  return chunk;
}

// A value with a comma, colon or line end is a JSON string there.
std::string quoted_value(const std::string& value) {
  if (value.find_first_of(",:\n") == std::string::npos) return value;
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string infotext(const ModelCard& card,
                     const diffusion::GenerateOptions& options,
                     const std::string& sampler) {
  std::string text = options.prompt;
  if (!options.negative_prompt.empty()) text += "\nNegative prompt: " + options.negative_prompt;
  text += "\nSteps: " + std::to_string(options.steps) + ", Sampler: " + sampler +
          ", Schedule type: Automatic, CFG scale: " + core::general_text(options.guidance_scale) +
          ", Seed: " + std::to_string(options.seed) +
          ", Size: " + std::to_string(options.width_px) + "x" + std::to_string(options.height_px) +
          ", Model hash: " + card.sha256.substr(0, 10) + ", Model: " + quoted_value(card.name);
  if (!card.loras.empty()) {
    std::string hashes;
    for (const ServedLora& lora : card.loras) {
      hashes += (hashes.empty() ? "" : ", ") + lora.name + ": " + lora.sha256.substr(0, 12);
    }
    text += ", Lora hashes: " + quoted_value(hashes);
  }
  return text + ", Version: patina";
}

std::string encode_png(const images::Image& image, const std::string& parameters) {
  images::ImageFile file;
  file.image = image;
  file.metadata.container = images::ImageFormat::kPNG;
  file.metadata.container_blocks = text_chunk(without_nulls(parameters));
  const std::vector<std::uint8_t> bytes = images::encode_image(file);
  return std::string(bytes.begin(), bytes.end());
}

std::string PictureShelf::put(std::string png) {
  const std::string name = core::to_hex(core::sha256(png)).substr(0, 32) + ".png";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (pictures_.emplace(name, std::move(png)).second) order_.push_back(name);
  while (order_.size() > kMost) {
    pictures_.erase(order_.front());
    order_.pop_front();
  }
  return name;
}

std::optional<std::string> PictureShelf::get(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pictures_.find(name);
  return found == pictures_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

}  // namespace patina::serve
