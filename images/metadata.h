// SPDX-License-Identifier: Apache-2.0
// What image files say about how they were made: PNG text chunks, EXIF, web UIs' infotext, ComfyUI
// graphs. A claim of whoever wrote the file, never proof; the file itself is not touched. Entry
// point: read_image_metadata.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "images/pixels/image_file.h"

namespace patina::images {

/// A web UI's infotext, read as AUTOMATIC1111's generation_parameters_copypaste.py reads it: the
/// last line holds "Key: value" pairs if there are at least three; from a line that begins with
/// "Negative prompt:" on, all lines are the negative prompt.
struct Infotext {
  std::string prompt;
  std::string negative_prompt;
  std::map<std::string, std::string> values;  ///< "Seed", "Model hash", "Lora hashes", ...
};
Infotext parse_infotext(std::string_view text);

/// The facts that a file tells: {"producer", "texts", "prompt", "negative_prompt", "seed", "steps",
/// "sampler", "guidance_scale", "model", "model_hash", "loras", "c2pa"}; null if it tells nothing.
/// Numbers are texts as they stand. Texts beyond 4 KiB are cut, with their digest beside them.
nlohmann::json read_image_metadata(const std::vector<std::uint8_t>& bytes,
                                   const ImageHeader& header);

}  // namespace patina::images
