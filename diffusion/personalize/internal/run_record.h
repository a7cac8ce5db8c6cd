// SPDX-License-Identifier: Apache-2.0
// What the output folder says about its run: personalization.json, losses.csv.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "diffusion/personalize/personalize.h"

namespace patina::diffusion {

inline constexpr const char* kRecordFile = "personalization.json";
inline constexpr const char* kLossesFile = "losses.csv";

/// What the record says beside the options and the result.
struct RunFacts {
  std::string base_sha256;               ///< digest_base().
  std::vector<std::string> image_names;  ///< Names of the images trained on.
};

/// SHA-256 over the weights of UNet, autoencoder and text encoder of a model folder. Throws
/// Error{kDisk}.
std::string digest_base(const std::filesystem::path& base);

/// The record of a finished run; steps and learning rate of the options must be filled in.
nlohmann::json describe_run(const PersonalizeOptions& options,
                            const RunFacts& facts,
                            const PersonalizeResult& result);
/// The result of a finished run out of its record.
PersonalizeResult result_from_record(const nlohmann::json& record);

/// The model files in an output folder, of whatever method; they may be there before the record is.
PersonalizedModel find_model(const std::filesystem::path& folder,
                             const std::filesystem::path& base,
                             const std::string& prompt);

/// Writes losses.csv and returns its path.
std::filesystem::path write_losses(const std::filesystem::path& folder,
                                   const std::vector<double>& losses);

}  // namespace patina::diffusion
