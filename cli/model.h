// SPDX-License-Identifier: Apache-2.0
// The model that generate and serve load: the built-in base, a folder, or a personalised model.
#pragma once

#include <filesystem>
#include <string>

#include "diffusion/generate/generate.h"

namespace patina::cli {

/// Fills in the base where none is given, or what the folder of a personalised model names; returns
/// the caption that this model was trained with, else "". Throws what open_personalized throws.
std::string take_model(const std::filesystem::path& personalized,
                       diffusion::GeneratorOptions& model);

}  // namespace patina::cli
