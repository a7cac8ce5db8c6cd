// SPDX-License-Identifier: Apache-2.0
#include "cli/model.h"

#include "core/files.h"
#include "diffusion/personalize/personalize.h"

namespace patina::cli {

std::string take_model(const std::filesystem::path& personalized,
                       diffusion::GeneratorOptions& model) {
  if (personalized.empty()) {
    if (model.base.empty()) model.base = core::data_file("base");
    return {};
  }
  const diffusion::PersonalizedModel found = diffusion::open_personalized(personalized);
  model.base = found.base;
  model.loras.insert(model.loras.begin(), found.loras.begin(), found.loras.end());
  model.embeddings.insert(
      model.embeddings.begin(), found.embeddings.begin(), found.embeddings.end());
  return found.prompt;
}

}  // namespace patina::cli
