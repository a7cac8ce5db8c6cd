// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/coat_run.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/run_identity.h"
#include "keys/commitment.h"

namespace patina::coat {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

json image_to_json(const CoatedImage& image) {
  return {{"relative", image.relative},
          {"sha256", image.sha256},
          {"width_px", image.width_px},
          {"height_px", image.height_px},
          {"psnr_db", core::number_or_null(image.quality.psnr_db)},
          {"ssim", image.quality.ssim},
          {"delta_e_mean", image.quality.delta_e_mean},
          {"delta_e_p99", image.quality.delta_e_p99},
          {"strength", image.strength},
          {"size_ratio", image.size_ratio},
          {"score_clean", image.score_clean},
          {"score_coated", image.score_coated},
          {"remarks", image.remarks}};
}

CoatedImage image_from_json(const json& item) {
  CoatedImage image;
  image.relative = item.at("relative").get<std::string>();
  image.sha256 = item.at("sha256").get<std::string>();
  image.width_px = item.at("width_px").get<int>();
  image.height_px = item.at("height_px").get<int>();
  const json& psnr = item.at("psnr_db");
  image.quality.psnr_db = psnr.is_null() ? std::numeric_limits<double>::infinity()
                                         : psnr.get<double>();
  image.quality.ssim = item.at("ssim").get<double>();
  image.quality.delta_e_mean = item.at("delta_e_mean").get<double>();
  image.quality.delta_e_p99 = item.at("delta_e_p99").get<double>();
  image.strength = item.at("strength").get<double>();
  image.size_ratio = item.at("size_ratio").get<double>();
  image.score_clean = item.at("score_clean").get<double>();
  image.score_coated = item.at("score_coated").get<double>();
  image.remarks = item.at("remarks").get<std::vector<std::string>>();
  image.resumed = true;
  return image;
}

fs::path state_folder(const CoatOptions& options) {
  fs::path folder = options.key_path;
  if (options.use_key) {
    folder += "." + core::to_hex(core::sha256(fs::absolute(options.output).string())).substr(0, 8);
  }
  folder += ".run";
  return folder;
}

void add_options(core::RunIdentity& identity, CoatOptions options) {
  identity.add("--output", fs::absolute(options.output).string());
  identity.add("--method", options.method.name);
  std::vector<core::OptionField> fields = find_method(options.method.name).describe(options.method);
  const std::vector<core::OptionField> fidelity = describe(options.fidelity);
  fields.insert(fields.end(), fidelity.begin(), fidelity.end());
  for (const core::OptionField& field : fields) {
    if (field.secret) {
      identity.add_digest(field.flag, core::sha256(core::value_text(field)));
    } else {
      identity.add(field.flag, core::value_text(field));
    }
  }
  identity.add("--seed", options.seed ? std::to_string(*options.seed) : "drawn");
  identity.add("--format", options.files.format ? to_string(*options.files.format) : "as input");
  const std::optional<int>& quality = options.files.quality_percent;
  identity.add("--quality", quality ? std::to_string(*quality) : "as input");
  identity.add("--strip-gps", options.files.strip_gps);
  identity.add("--max-size-ratio", options.files.max_size_ratio);
}

core::RunIdentity identify(const CoatOptions& options,
                           const std::vector<images::ImageEntry>& entries) {
  core::RunIdentity identity;
  add_options(identity, options);
  core::Sha256 images;
  for (const images::ImageEntry& entry : entries) {
    std::error_code ignored;
    images.update(entry.relative.generic_string() + " " +
                  std::to_string(fs::file_size(entry.path, ignored)) + "\n");
  }
  identity.add_digest("images", images.finish());
  return identity;
}

std::vector<fs::path> list_missing(const std::vector<fs::path>& folders) {
  std::vector<fs::path> missing;
  std::error_code ignored;
  for (const fs::path& folder : folders) {
    for (fs::path at = fs::absolute(folder).lexically_normal(); !fs::exists(at, ignored);
         at = at.parent_path()) {
      if (at.has_filename()) missing.push_back(at);
    }
  }
  return missing;
}

}  // namespace

CoatRun::CoatRun(const CoatOptions& options, const std::vector<images::ImageEntry>& entries)
    : key_path_(options.key_path),
      missing_(list_missing({options.output, fs::absolute(options.key_path).parent_path()})),
      folder_(
          {options.output, state_folder(options), keys::kCommitmentFile, core::FileAccess::kSecret},
          identify(options, entries)) {
  folder_.require_ours();
  const bool fresh = folder_.state() == core::RunState::kEmpty;
  if (fresh && !options.use_key && fs::exists(options.key_path)) {
    throw Error(ErrorKind::kInput,
                options.key_path.string(),
                "exists and would be overwritten",
                "coat with it (--use-key), or name another --key");
  }
  folder_.begin();
  if (folder_.kept().is_null()) return;
  try {
    const json& kept = folder_.kept();
    seed_ = std::stoull(kept.at("seed").get<std::string>());
    for (const json& item : kept.at("images")) images_.push_back(image_from_json(item));
  } catch (const std::exception&) {
    throw Error(ErrorKind::kInput,
                state_folder(options).string(),
                "is damaged",
                "delete the folder and start again");
  }
}

std::uint64_t CoatRun::keep_seed(std::uint64_t seed) {
  if (!seed_) {
    seed_ = seed;
    keep();
  }
  return *seed_;
}

std::optional<CoatedImage> CoatRun::finished(const std::string& relative,
                                             const fs::path& coated_file) const {
  const auto found = std::find_if(images_.begin(), images_.end(), [&](const CoatedImage& image) {
    return image.relative == relative;
  });
  if (found == images_.end() || !fs::exists(coated_file)) return std::nullopt;
  if (core::to_hex(core::sha256_file(coated_file)) != found->sha256) return std::nullopt;
  return *found;
}

void CoatRun::add_finished(const CoatedImage& image) {
  images_.push_back(image);
  keep();
}

void CoatRun::abandon(bool made_key) {
  std::error_code ignored;
  if (!images_.empty() || fs::exists(checkpoint(), ignored)) return;
  folder_.remove_state();
  if (made_key) fs::remove(key_path_, ignored);
  for (const fs::path& folder : missing_) fs::remove(folder, ignored);  // Only where it is empty.
}

void CoatRun::keep() {
  json images = json::array();
  for (const CoatedImage& image : images_) images.push_back(image_to_json(image));
  folder_.keep({{"seed", std::to_string(seed_.value_or(0))}, {"images", std::move(images)}});
}

}  // namespace patina::coat
