// SPDX-License-Identifier: Apache-2.0
// Says what a file or folder holds without loading it: LoRA, textual-inversion embedding, model
// folder, Patina key or any safetensors file. What it says comes from strangers, so every text is
// stripped of control characters and cut. Of a Patina key nothing secret is told. Entry point:
// inspect. LibTorch-free.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace patina::diffusion {

struct Fact {
  std::string label;  ///< "Base model"
  std::string value;
};

struct Inspection {
  std::string kind;         ///< "LoRA", "textual-inversion embedding", "model folder", ...
  std::vector<Fact> facts;  ///< For people.
  std::string json;         ///< For programs: one object, "kind" included, with exact numbers.
};

/// Throws Error{kDisk} for what cannot be read, Error{kInput} for a damaged file or folder,
/// Error{kUnsupported} for a pickle (naming its kind) or a model of another architecture.
Inspection inspect(const std::filesystem::path& path);

}  // namespace patina::diffusion
