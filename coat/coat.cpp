// SPDX-License-Identifier: Apache-2.0
#include "coat/coat.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "coat/internal/coat_run.h"
#include "coat/internal/inputs.h"
#include "coat/internal/release.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "keys/commitment.h"
#include "stats/roc.h"

namespace patina::coat {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using keys::CoatKey;

namespace {

KeyRequest request_key(const CoatOptions& options, const std::vector<images::ImageEntry>& entries) {
  KeyRequest request;
  request.count = entries.size();
  request.image_at = [&entries](std::size_t i) {
    return images::read_image(entries[i].path).image;
  };
  for (const images::ImageEntry& entry : entries) request.files.push_back(entry.path);
  request.fidelity = options.fidelity;
  request.compute = options.compute;
  return request;
}

CoatKey obtain_key(const std::vector<images::ImageEntry>& entries,
                   const CoatOptions& options,
                   CoatRun& run,
                   const core::Observer& observer) {
  if (options.use_key || fs::exists(options.key_path)) {
    return open_key(options.key_path, options.passphrase);
  }
  KeyRequest request = request_key(options, entries);
  request.seed = run.keep_seed(options.seed ? *options.seed : core::entropy_seed());
  request.checkpoint = run.checkpoint();
  request.observer = observer;
  CoatKey key = make_key(request, options.method);
  keys::write_coat_key(options.key_path, key, options.passphrase);
  return key;
}

/// Coats the entries one after the other, decoding the next on a second thread.
class ImageCoater {
 public:
  ImageCoater(const CoatKey& key, const CoatOptions& options, CoatRun& run)
      : options_(options),
        run_(run),
        coating_(make_coating(key, {options.compute, options.max_tile_pixels})) {
    if (options.fidelity.level == Fidelity::kHigh && coating_.replaced) {
      throw Error(ErrorKind::kUsage,
                  "--fidelity",
                  "high has no effect with the method " + key.method,
                  "leave it out, or choose another --method");
    }
  }

  void coat_all(const std::vector<images::ImageEntry>& entries,
                CoatResult& result,
                const core::Observer& observer) {
    Decoding next = decode(entries, 0);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Decoding current = std::move(next);
      next = decode(entries, i + 1);
      if (current.earlier) {
        result.images.push_back(*current.earlier);
      } else {
        coat_one(entries[i], current.file, result);
      }
      observer.report({"coating",
                       static_cast<std::int64_t>(i + 1),
                       static_cast<std::int64_t>(entries.size()),
                       entries[i].relative.generic_string()});
    }
  }

 private:
  struct Decoding {
    std::optional<CoatedImage>
        earlier;  ///< Done in an earlier attempt, so that nothing is decoded.
    std::future<images::ImageFile> file;
  };

  Decoding decode(const std::vector<images::ImageEntry>& entries, std::size_t i) const {
    if (i >= entries.size()) return {};
    const fs::path name = released_name(entries[i], options_);
    Decoding decoding;
    decoding.earlier = run_.finished(name.generic_string(), options_.output / name);
    if (!decoding.earlier) {
      decoding.file = std::async(std::launch::async,
                                 [path = entries[i].path] { return read_for_coating(path); });
    }
    return decoding;
  }

  void coat_one(const images::ImageEntry& entry,
                std::future<images::ImageFile>& decoded,
                CoatResult& result) {
    images::ImageFile clean;
    try {
      clean = prepare_output(decoded.get(), options_);
    } catch (const Error& error) {
      if (options_.strict || error.kind() == ErrorKind::kCancelled) throw;
      result.skipped.push_back({entry.path.string(), error.problem()});
      return;
    }
    const fs::path name = released_name(entry, options_);
    auto [release, image] = make_release(clean, coating_, options_);
    image.relative = name.generic_string();
    image.sha256 = core::to_hex(core::sha256(release.bytes));
    core::make_folder((options_.output / name).parent_path());
    copy_caption(entry, options_);
    core::write_file_atomic(options_.output / name, release.bytes);
    run_.add_finished(image);
    result.images.push_back(image);
  }

  const CoatOptions& options_;
  CoatRun& run_;
  Coating coating_;
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

[[noreturn]] void refuse_nothing_coated(const CoatOptions& options, const CoatResult& result) {
  const std::string first = result.skipped.empty()
                                ? ""
                                : " (first: " + result.skipped.front().reason + ")";
  throw Error(ErrorKind::kInput,
              options.inputs.front().string(),
              "none of its images could be coated" + first,
              "check the files");
}

// What is left to do once all images are released: the key learns what it can do, the public is
// given the commitment.
void seal_release(const CoatOptions& options, CoatKey& key, CoatResult& result) {
  const std::vector<keys::ReleasedFile> files = keys::list_released_files(options.output);
  result.merkle_root = keys::released_merkle_root(files);
  if (!options.use_key) {
    key.calibration = result.calibration;
    key.released_merkle_root = result.merkle_root;
    keys::write_coat_key(options.key_path, key, options.passphrase);
  }
  keys::write_commitment(options.output, files, options.key_path);
}

CoatResult coat_entries(const CoatOptions& options,
                        const std::vector<images::ImageEntry>& entries,
                        CoatRun& run,
                        const core::Observer& observer) {
  CoatResult result;
  const auto training_start = std::chrono::steady_clock::now();
  CoatKey key = obtain_key(entries, options, run, observer);
  result.training_seconds = core::seconds_since(training_start);

  const auto coating_start = std::chrono::steady_clock::now();
  ImageCoater(key, options, run).coat_all(entries, result, observer);
  if (result.images.empty()) refuse_nothing_coated(options, result);
  summarise(result);
  seal_release(options, key, result);
  run.discard();
  result.method = key.method;
  result.key_sha256 = core::to_hex(core::sha256_file(options.key_path));
  result.seed = key.seed;
  result.radius = key.radius;
  result.radius_score = describe_method(key).radius_score;
  result.steps = static_cast<int>(key.training_steps);
  result.coating_seconds = core::seconds_since(coating_start);
  return result;
}

void require(bool holds, const char* flag, const std::string& what) {
  if (!holds) throw Error(ErrorKind::kUsage, flag, what, "see patina coat --help");
}

}  // namespace

void validate(const CoatOptions& options) {
  require(!options.inputs.empty(), "IMAGES", "none given");
  require(!options.use_key || !options.key_path.empty(), "--use-key", "not given");
  MethodOptions method = options.method;
  FidelityOptions fidelity = options.fidelity;
  core::validate(find_method(method.name).describe(method));
  core::validate(describe(fidelity));
  require(options.files.max_size_ratio >= 1.0, "--max-size-ratio", "is under 1");
  const int quality = options.files.quality_percent.value_or(100);
  require(quality >= 1 && quality <= 100,
          "--quality",
          std::to_string(quality) + " is outside 1 to 100");
}

CoatResult coat_images(const CoatOptions& options, const core::Observer& observer) {
  validate(options);
  const std::vector<images::ImageEntry> entries = find_images(options);
  check_places(options);
  CoatRun run(options, entries);

  const bool had_key = fs::exists(options.key_path);
  try {
    return coat_entries(options, entries, run, observer);
  } catch (...) {
    run.abandon(!had_key && !options.use_key);
    throw;
  }
}

}  // namespace patina::coat
