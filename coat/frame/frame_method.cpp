// SPDX-License-Identifier: Apache-2.0
#include "coat/frame/frame_method.h"

#include <algorithm>
#include <cmath>

#include "coat/frame/visibility.h"
#include "core/error.h"
#include "core/rng.h"
#include "extractors/frame/frame_key.h"
#include "images/pixels/centre_square.h"
#include "keys/key_tensors.h"

namespace patina::coat::frame {

using core::Error;
using core::ErrorKind;

namespace {

constexpr double kFrameGain = 0.15;  // Brings the standard strength of 1.5 to 38 dB on paintings.
// PSNR of the images that are measured where no fidelity is asked for.
constexpr double kPlainPsnrDb = 38.0;
constexpr std::size_t kMeasuredImages = 64;  // At most so many of a set are measured on.
constexpr double kOutsideShare = 0.1;        // nu [Siren 2025, Eq. 5].
constexpr double kLeastRadius = 1.0;         // The deviation of any image's statistic over keys.

/// Statistics of images of the set with the mark, as strong as they will be released.
std::vector<double> measure_coated(const FrameMark& mark, const KeyRequest& request) {
  const double psnr_db = request.fidelity.min_psnr_db > 0.0 ? request.fidelity.min_psnr_db
                                                            : kPlainPsnrDb;
  const extractors::FrameReader reader = extractors::frame_reader(mark.index, mark.amplitudes);
  core::Rng rng = core::Rng(request.seed).fork("frame images");
  std::vector<double> statistics;
  for (const std::size_t i : rng.permutation(request.count)) {
    if (statistics.size() == kMeasuredImages) break;
    try {
      const images::Image image = request.image_at(i);
      const bool unseen = request.fidelity.level == Fidelity::kHigh;
      const CoatingPattern pattern = unseen ? unseen_pattern(image, mark)
                                            : frame_pattern(image, mark);
      const double allowed = std::pow(10.0, -psnr_db / 20.0) / std::max(pattern_rms(pattern), 1e-9);
      const double strength = unseen ? std::min(allowed, request.fidelity.strength) : allowed;
      statistics.push_back(reader.statistic(apply_pattern(image, pattern, strength)));
    } catch (const Error&) {
      continue;  // Reported, with its reason, when its turn to be coated comes.
    }
  }
  return statistics;
}

/// Two deviations above the mean, so that few coated images lie beyond it.
double coated_center(const std::vector<double>& statistics) {
  double sum = 0.0, squares = 0.0;
  for (const double statistic : statistics) {
    sum += statistic;
    squares += statistic * statistic;
  }
  const auto n = static_cast<double>(statistics.size());
  const double mean = sum / n;
  const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  return std::max(1.0, mean + 2.0 * deviation);
}

void put_mark(keys::KeyPart& scoring, const FrameMark& mark, double center) {
  std::vector<double> index;
  for (const extractors::FrameIndex& at : mark.index) {
    index.push_back(at[0]);
    index.push_back(at[1]);
  }
  const auto count = static_cast<std::int64_t>(mark.index.size());
  scoring.tensors["frame/index"] = keys::blob_from_values(index, {count, 2});
  scoring.tensors["frame/amplitudes"] = keys::blob_from_values(mark.amplitudes, {count});
  scoring.tensors["center"] = keys::blob_from_values({center}, {1});
}

}  // namespace

std::vector<core::OptionField> describe(FrameOptions& options) {
  return {{"--latents",
           "N",
           "side, in latents of 8 pixels, of the images of the models expected; 16 fits the "
           "built-in base, 64 fits Stable Diffusion at 512 pixels, where it is not measured",
           core::WholeField{&options.latents, 8, 256}}};
}

MethodWords words() {
  return {
      "a mark that models personalised on the images learn",
      "frame mark",
      "The key holds weights w for some hundred cosines of an image's centre square. With z the "
      "amounts of them in the image less its local mean, each place weighted the less the "
      "busier it is, evened out over frequency, the statistic s = sqrt(K) <z,w> / (|z| |w|) has "
      "mean 0 and variance 1 over keys for any image, since a key's signs are drawn at random. "
      "The score sqrt(d² + 1) − 1, d = max(0, c − s), grows with the distance from the centre "
      "c, above which few coated images lie [after Siren, IEEE S&P 2025, Sec. 4.4].",
      "The score is within the range that holds nine in ten of the owner's coated images. Images "
      "of a model trained on coated ones usually lie outside it, nearer than others."};
}

double coated_radius(std::vector<double> statistics, double center, double nu) {
  std::sort(statistics.begin(), statistics.end());
  const auto outside = static_cast<std::size_t>(nu * static_cast<double>(statistics.size()));
  return std::max(kLeastRadius, center - statistics[outside]);
}

keys::CoatKey make_key(const KeyRequest& request, const FrameOptions& options) {
  const FrameMark mark = draw_mark(learnable_spectrum(options.latents), request.seed);
  const std::vector<double> statistics = measure_coated(mark, request);
  if (statistics.empty()) {
    throw Error(ErrorKind::kInput, "IMAGES", "none of the images can be read", "check the files");
  }
  const double center = coated_center(statistics);
  keys::CoatKey key;
  key.nu = kOutsideShare;
  key.radius = coated_radius(statistics, center, key.nu);
  put_mark(key.scoring, mark, center);
  return key;
}

FrameMark read_mark(const keys::KeyPart& scoring) {
  FrameMark mark;
  mark.index = extractors::read_frame_index(scoring);
  mark.amplitudes = keys::read_values(scoring, "frame/amplitudes");
  if (mark.amplitudes.size() != mark.index.size()) {
    throw Error(ErrorKind::kInput,
                "key",
                "frame/index and frame/amplitudes do not go together",
                "use the key as it was written");
  }
  return mark;
}

namespace {

// The mark times what each place hides, over all of an image.
CoatingPattern masked_mark(const images::Image& image,
                           const FrameMark& mark,
                           const std::vector<float>& hiding,
                           double gain) {
  CoatingPattern pattern{image.width_px, image.height_px, {}};
  pattern.steps.resize(image.sample_count());
  const images::Rect frame = images::centre_square(image.width_px, image.height_px);
  constexpr int kStripRows = 64;
  std::size_t next = 0;
  for (int y = 0; y < image.height_px; y += kStripRows) {
    const int rows = std::min(kStripRows, image.height_px - y);
    for (const float value : mark_plane(mark, frame, {0, y, image.width_px, rows})) {
      const double steps = gain / kPatternStep * hiding[next] * value;
      const auto step = static_cast<std::int8_t>(std::lround(std::clamp(steps, -127.0, 127.0)));
      std::fill_n(pattern.steps.begin() + static_cast<std::ptrdiff_t>(3 * next), 3, step);
      ++next;
    }
  }
  return pattern;
}

}  // namespace

CoatingPattern frame_pattern(const images::Image& image, const FrameMark& mark) {
  return masked_mark(image, mark, hiding_plane(image), kFrameGain);
}

CoatingPattern unseen_pattern(const images::Image& image, const FrameMark& mark) {
  return masked_mark(
      image, mark, unseen_plane(image, latents_of(mark)), 1.0 / FidelityOptions().strength);
}

Coating make_coating(const keys::CoatKey& key) {
  const FrameMark mark = read_mark(key.scoring);
  const extractors::FrameSphere sphere = extractors::read_frame_sphere(key.scoring);
  Coating coating;
  coating.pattern = [mark](const images::Image& image) { return frame_pattern(image, mark); };
  coating.unseen_pattern = [mark](const images::Image& image) {
    return unseen_pattern(image, mark);
  };
  coating.read = [sphere](const images::Image& image) {
    const double statistic = sphere.reader.statistic(image);
    return Reading{statistic / sphere.center, extractors::frame_score(statistic, sphere.center)};
  };
  coating.stops_at_centre = false;
  return coating;
}

}  // namespace patina::coat::frame
