// SPDX-License-Identifier: Apache-2.0
#include "coat/internal/run_folder.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"

namespace patina::coat {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

namespace {

json to_json(const CoatedImage& image) {
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
          {"score_coated", image.score_coated}};
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
  image.resumed = true;
  return image;
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder, const std::string& identity)
    : folder_(std::move(folder)), identity_(identity) {
  const std::filesystem::path journal = folder_ / "journal.json";
  if (!std::filesystem::exists(journal)) {
    core::make_folder(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    return;
  }
  const json document = core::parse_json(core::read_text_file(journal), journal.string());
  if (document.value("identity", std::string()) != identity_) {
    throw Error(ErrorKind::kInput,
                folder_.string(),
                "holds an unfinished run with other options or images",
                "repeat that run's command to finish it, or delete the folder");
  }
  try {
    seed_ = std::stoull(document.at("seed").get<std::string>());
    has_seed_ = true;
    for (const json& item : document.at("images")) images_.push_back(image_from_json(item));
  } catch (const std::exception&) {
    throw Error(
        ErrorKind::kInput, journal.string(), "is damaged", "delete the folder and start again");
  }
}

std::optional<CoatedImage> RunFolder::finished(const std::string& relative,
                                               const std::filesystem::path& coated_file) const {
  const auto found = std::find_if(images_.begin(), images_.end(), [&](const CoatedImage& image) {
    return image.relative == relative;
  });
  if (found == images_.end() || !std::filesystem::exists(coated_file)) return std::nullopt;
  if (core::to_hex(core::sha256_file(coated_file)) != found->sha256) return std::nullopt;
  return *found;
}

void RunFolder::add_finished(const CoatedImage& image) {
  images_.push_back(image);
  write();
}

void RunFolder::keep_seed(std::uint64_t seed) {
  if (has_seed_) return;
  seed_ = seed;
  has_seed_ = true;
  write();
}

void RunFolder::discard() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RunFolder::write() const {
  json document = {
      {"identity", identity_}, {"seed", std::to_string(seed_)}, {"images", json::array()}};
  for (const CoatedImage& image : images_) document["images"].push_back(to_json(image));
  core::write_file_atomic(
      folder_ / "journal.json", core::dump_json(document), core::FileAccess::kSecret);
}

}  // namespace patina::coat
