// SPDX-License-Identifier: Apache-2.0
#include "coat/coat.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <set>

#include <nlohmann/json.hpp>

#include "coat/internal/key_making.h"
#include "coat/internal/release.h"
#include "coat/internal/run_folder.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"
#include "images/image_list.h"
#include "stats/roc.h"

namespace patina::coat {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using keys::CoatKey;

namespace {

constexpr const char* kCommitmentFile = "commitment.json";
constexpr int kMinSide = 64;
constexpr Method kMethods[] = {
    Method::kFrame, Method::kSiren, Method::kDctDwtSvd, Method::kFingerprint, Method::kWarp};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void refuse(const std::string& where,
                         const std::string& what,
                         const std::string& todo) {
  throw Error(ErrorKind::kInput, where, what, todo);
}

void check_places(const CoatOptions& options) {
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
  if (fs::exists(options.output) && !fs::is_directory(options.output)) {
    refuse(options.output.string(), "is a file", "choose another -o folder");
  }
}

fs::path run_folder_path(const CoatOptions& options) {
  fs::path folder = options.key_path;
  if (options.use_key) {
    folder += "." + core::to_hex(core::sha256(fs::absolute(options.output).string())).substr(0, 8);
  }
  folder += ".run";
  return folder;
}

// Either nothing is there, or an unfinished run of ours is.
void check_untouched(const CoatOptions& options, const fs::path& run_folder) {
  if (fs::exists(options.output / kCommitmentFile)) {
    refuse(options.output.string(),
           "holds a finished coating",
           "choose another -o folder, or delete it");
  }
  const bool resuming = fs::exists(run_folder / "journal.json");
  if (!resuming && fs::exists(options.output) && !fs::is_empty(options.output)) {
    refuse(options.output.string(), "is not empty", "choose another -o folder, or empty it");
  }
  if (!resuming && !options.use_key && fs::exists(options.key_path)) {
    refuse(options.key_path.string(),
           "exists and would be overwritten",
           "coat with it (--use-key), or name another --key");
  }
}

std::string run_identity(const std::vector<images::ImageEntry>& entries,
                         const CoatOptions& options) {
  core::Sha256 digest;
  const auto add = [&digest](const std::string& text) { digest.update(text + "\n"); };
  add(fs::absolute(options.output).string());
  add(to_string(options.method) + std::string(" ") + std::to_string(options.latents));
  add(options.message);
  add(std::to_string(options.steps) + " " + std::to_string(options.strength) + " " +
      std::to_string(options.min_psnr_db));
  add(std::to_string(options.learnability_weight) + " " + options.base.string() + " " +
      std::to_string(options.surrogate_steps) + " " + options.class_prompt);
  add(std::to_string(options.percept_weight) + " " + std::to_string(options.secret_weight) + " " +
      std::to_string(options.mse_weight));
  add(options.seed ? std::to_string(*options.seed) : "drawn");
  add(options.format ? to_string(*options.format) : "as input");
  add(std::to_string(options.quality_percent.value_or(0)) + " " +
      std::to_string(options.strip_gps) + " " + std::to_string(options.max_size_ratio));
  for (const images::ImageEntry& entry : entries) {
    std::error_code ignored;
    add(entry.relative.generic_string() + " " + std::to_string(fs::file_size(entry.path, ignored)));
  }
  return core::to_hex(digest.finish());
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

CoatKey obtain_key(const std::vector<images::ImageEntry>& entries,
                   const CoatOptions& options,
                   RunFolder& run,
                   const core::Observer& observer) {
  if (options.use_key || fs::exists(options.key_path)) {
    return keys::read_coat_key(options.key_path, options.passphrase);
  }
  run.keep_seed(options.seed ? *options.seed : core::entropy_seed());
  CoatKey key = make_key(entries, options, run.seed(), run.checkpoint(), observer);
  keys::write_coat_key(options.key_path, key, options.passphrase);
  return key;
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

// Captions travel with their images.
void copy_caption(const images::ImageEntry& entry, const CoatOptions& options) {
  fs::path caption = entry.path;
  caption.replace_extension(".txt");
  if (!fs::is_regular_file(caption)) return;
  fs::path target = options.output / entry.relative;
  target.replace_extension(".txt");
  core::write_file_atomic(target, core::read_file(caption, 1 << 20));
}

/// Coats the entries one after the other, decoding the next on a second thread.
class Batch {
 public:
  Batch(const CoatKey& key, const CoatOptions& options, RunFolder& run)
      : options_(options), run_(run), coating_(keyed_coating(key, options)) {}

  void coat_all(const std::vector<images::ImageEntry>& entries,
                CoatResult& result,
                const core::Observer& observer) {
    std::future<images::ImageFile> next = decode(entries, 0);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      std::future<images::ImageFile> current = std::move(next);
      next = decode(entries, i + 1);
      coat_one(entries[i], current, result);
      observer.report({"coating",
                       static_cast<std::int64_t>(i + 1),
                       static_cast<std::int64_t>(entries.size()),
                       entries[i].relative.generic_string()});
    }
  }

 private:
  std::future<images::ImageFile> decode(const std::vector<images::ImageEntry>& entries,
                                        std::size_t i) const {
    if (i >= entries.size()) return {};
    return std::async(std::launch::async,
                      [path = entries[i].path] { return read_for_coating(path); });
  }

  void coat_one(const images::ImageEntry& entry,
                std::future<images::ImageFile>& decoded,
                CoatResult& result) {
    const fs::path name = released_name(entry, options_);
    const fs::path target = options_.output / name;
    const auto earlier = run_.finished(name.generic_string(), target);
    images::ImageFile clean;
    try {
      clean = prepare_output(decoded.get(), options_);
    } catch (const Error& error) {
      if (options_.strict || error.kind() == ErrorKind::kCancelled) throw;
      result.skipped.push_back({entry.path.string(), error.problem()});
      return;
    }
    if (earlier) {
      result.images.push_back(*earlier);
      return;
    }
    auto [release, image] = make_release(clean, coating_, options_);
    image.relative = name.generic_string();
    image.sha256 = core::to_hex(core::sha256(release.bytes));
    core::make_folder(target.parent_path());
    copy_caption(entry, options_);
    core::write_file_atomic(target, release.bytes);
    run_.add_finished(image);
    result.images.push_back(image);
  }

  const CoatOptions& options_;
  RunFolder& run_;
  KeyedCoating coating_;
};

void summarise(CoatResult& result) {
  std::vector<double> coated, clean;
  result.mean_quality = {0.0, 0.0, 0.0, 0.0};
  for (const CoatedImage& image : result.images) {
    coated.push_back(image.score_coated);
    clean.push_back(image.score_clean);
    result.mean_quality.psnr_db += image.quality.psnr_db;
    result.mean_quality.ssim += image.quality.ssim;
    result.mean_quality.delta_e_mean += image.quality.delta_e_mean;
    result.mean_quality.delta_e_p99 += image.quality.delta_e_p99;
  }
  const auto n = static_cast<double>(result.images.size());
  result.mean_quality.psnr_db /= n;
  result.mean_quality.ssim /= n;
  result.mean_quality.delta_e_mean /= n;
  result.mean_quality.delta_e_p99 /= n;
  const auto mean = [n](const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum / n;
  };
  result.calibration.image_count = static_cast<std::int64_t>(result.images.size());
  result.calibration.coated_score_mean = mean(coated);
  result.calibration.coated_score_max = *std::max_element(coated.begin(), coated.end());
  result.calibration.clean_score_mean = mean(clean);
  result.calibration.clean_score_min = *std::min_element(clean.begin(), clean.end());
  result.calibration.auc = stats::roc_area({coated, clean}).area;
}

struct ReleasedFile {
  std::string path;
  std::string sha256;
};

std::vector<ReleasedFile> released_files(const fs::path& output) {
  std::vector<ReleasedFile> files;
  for (const auto& item : fs::recursive_directory_iterator(output)) {
    if (!item.is_regular_file()) continue;
    files.push_back({item.path().lexically_relative(output).generic_string(),
                     core::to_hex(core::sha256_file(item.path()))});
  }
  std::sort(
      files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string merkle_root_of(const std::vector<ReleasedFile>& files) {
  std::vector<std::string> leaves;
  for (const ReleasedFile& file : files) leaves.push_back(file.path + '\0' + file.sha256);
  return core::to_hex(core::merkle_root(leaves));
}

void write_commitment(const CoatOptions& options,
                      const std::vector<ReleasedFile>& files,
                      const std::string& merkle_root) {
  const std::vector<std::uint8_t> salt = core::random_bytes(16);
  const std::vector<std::uint8_t> key_bytes = core::read_file(options.key_path);
  core::Sha256 digest;
  digest.update(salt.data(), salt.size());
  digest.update(key_bytes.data(), key_bytes.size());
  nlohmann::ordered_json document = {{"format", "patina-commitment"},
                                     {"version", 1},
                                     {"created", core::utc_now()},
                                     {"tool", {{"version", core::kVersion}}},
                                     {"key_sha256_salted", core::to_hex(digest.finish())},
                                     {"salt", core::to_hex(salt.data(), salt.size())},
                                     {"merkle_root", merkle_root},
                                     {"files", nlohmann::ordered_json::array()}};
  for (const ReleasedFile& file : files) {
    document["files"].push_back({{"path", file.path}, {"sha256", file.sha256}});
  }
  core::write_file_atomic(options.output / kCommitmentFile, document.dump(2) + "\n");
}

// Where coated images and key are to go; a preview needs neither.
void require_places(const CoatOptions& options) {
  const auto require = [](bool holds, const char* flag) {
    if (!holds) throw Error(ErrorKind::kUsage, flag, "not given", "see patina coat --help");
  };
  require(!options.output.empty(), "--output");
  require(!options.key_path.empty(), "--key");
}

}  // namespace

const char* to_string(Method method) {
  switch (method) {
    case Method::kFrame:
      return "frame";
    case Method::kSiren:
      return "siren";
    case Method::kDctDwtSvd:
      return "dct-dwt-svd";
    case Method::kFingerprint:
      return "fingerprint";
    case Method::kWarp:
      break;
  }
  return "warp";
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method method : kMethods) names.emplace_back(to_string(method));
  return names;
}

Method method_from_name(const std::string& name) {
  for (const Method method : kMethods) {
    if (name == to_string(method)) return method;
  }
  throw Error(ErrorKind::kUsage,
              core::in_quotes(name),
              "is no method of coating",
              "use frame, siren, dct-dwt-svd, fingerprint or warp");
}

void validate(const CoatOptions& options) {
  const auto require = [](bool holds, const char* flag, const std::string& what) {
    if (!holds) throw Error(ErrorKind::kUsage, flag, what, "see patina coat --help");
  };
  require(!options.inputs.empty(), "IMAGES", "none given");
  require(!options.use_key || !options.key_path.empty(), "--use-key", "not given");
  require(options.latents >= 8 && options.latents <= 256,
          "--latents",
          std::to_string(options.latents) + " is outside 8 to 256");
  require(options.steps >= 0 && options.steps <= 100000,
          "--steps",
          std::to_string(options.steps) + " is outside 0 to 100000");
  const std::pair<const char*, double> weights[] = {{"--learnability", options.learnability_weight},
                                                    {"--human-vision", options.percept_weight},
                                                    {"--hypersphere", options.secret_weight},
                                                    {"--squared-difference", options.mse_weight}};
  for (const auto& [flag, weight] : weights) {
    require(
        weight >= 0.0 && weight <= 1000.0, flag, std::to_string(weight) + " is outside 0 to 1000");
  }
  require(options.surrogate_steps >= 0 && options.surrogate_steps <= 100000,
          "--surrogate-steps",
          std::to_string(options.surrogate_steps) + " is outside 0 to 100000");
  require(options.strength > 0.0 && options.strength <= 4.0,
          "--strength",
          std::to_string(options.strength) + " is outside (0, 4]");
  require(
      options.min_psnr_db == 0.0 || (options.min_psnr_db >= 20.0 && options.min_psnr_db <= 60.0),
      "--min-psnr",
      std::to_string(options.min_psnr_db) + " is neither 0 nor in [20, 60]");
  require(options.max_size_ratio >= 1.0, "--max-size-ratio", "is under 1");
  const int quality = options.quality_percent.value_or(95);
  require(quality >= 1 && quality <= 100,
          "--quality",
          std::to_string(quality) + " is outside 1 to 100");
}

CoatResult coat_images(const CoatOptions& options, const core::Observer& observer) {
  validate(options);
  require_places(options);
  const std::vector<images::ImageEntry> entries = find_images(options);
  check_places(options);
  const fs::path run_folder = run_folder_path(options);
  check_untouched(options, run_folder);
  core::make_folder(options.output);
  core::remove_stale_temporaries(options.output);
  RunFolder run(run_folder, run_identity(entries, options));

  CoatResult result;
  const auto training_start = std::chrono::steady_clock::now();
  CoatKey key = obtain_key(entries, options, run, observer);
  result.training_seconds = seconds_since(training_start);

  const auto coating_start = std::chrono::steady_clock::now();
  Batch(key, options, run).coat_all(entries, result, observer);
  if (result.images.empty()) {
    run.discard();
    const std::string first = result.skipped.empty()
                                  ? ""
                                  : " (first: " + result.skipped.front().reason + ")";
    refuse(options.inputs.front().string(),
           "none of its images could be coated" + first,
           "check the files");
  }
  summarise(result);
  const std::vector<ReleasedFile> files = released_files(options.output);
  result.merkle_root = merkle_root_of(files);
  if (!options.use_key) {
    key.calibration = result.calibration;
    key.released_merkle_root = result.merkle_root;
    keys::write_coat_key(options.key_path, key, options.passphrase);
  }
  write_commitment(options, files, result.merkle_root);
  run.discard();
  result.key_sha256 = core::to_hex(core::sha256_file(options.key_path));
  result.seed = key.seed;
  result.radius = key.radius;
  result.steps = static_cast<int>(key.training_steps);
  result.coating_seconds = seconds_since(coating_start);
  return result;
}

}  // namespace patina::coat
