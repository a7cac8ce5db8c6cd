// SPDX-License-Identifier: Apache-2.0
// SSIM [Wang 2004, Eq. 13], per pixel, with Gaussian-weighted means m, variances v and covariance
// c:
//   ((2 m_x m_y + C1) (2 c + C2)) / ((m_x^2 + m_y^2 + C1) (v_x + v_y + C2)), C1 = 0.01^2, C2 =
//   0.03^2.
// Images pass through in bands of rows with five more rows on either side, so that every pixel of a
// band sees its whole window.
#include "extractors/quality/quality.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <sstream>
#include <string>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "extractors/quality/ciede2000.h"

namespace patina::extractors {
namespace {

constexpr int kRadius = 5;  // int(3.5 sigma + 0.5)
constexpr int kBandPixels = 1 << 19;
constexpr double kDeltaEBin = 2e-4;
constexpr std::size_t kDeltaEBins = 1500000;  // up to 300, beyond any pair of sRGB colours

/// Reads `rows` rows from row y on into `planar`, one plane per channel.
using ReadRows = std::function<void(int y, int rows, float* planar)>;

struct Source {
  int channels = 0;
  int height_px = 0;
  int width_px = 0;
  ReadRows clean;
  ReadRows coated;
};

/// Rows [begin, end) of the images with their surroundings [first, first + rows).
struct Band {
  int begin = 0;
  int end = 0;
  int first = 0;
  int rows = 0;
  std::size_t plane = 0;  // values per channel
  std::vector<float> clean;
  std::vector<float> coated;
};

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

void for_each_band(const Source& source, int halo, const std::function<void(const Band&)>& visit) {
  const int height = std::clamp(
      kBandPixels / source.width_px, 4 * kRadius, source.height_px + 4 * kRadius);
  Band band;
  for (int y = 0; y < source.height_px; y += height) {
    band.begin = y;
    band.end = std::min(source.height_px, y + height);
    band.first = std::max(0, band.begin - halo);
    band.rows = std::min(source.height_px, band.end + halo) - band.first;
    band.plane = area(band.rows, source.width_px);
    const std::size_t values = band.plane * static_cast<std::size_t>(source.channels);
    band.clean.resize(values);
    band.coated.resize(values);
    source.clean(band.first, band.rows, band.clean.data());
    source.coated(band.first, band.rows, band.coated.data());
    visit(band);
  }
}

ReadRows rows_of(const images::Image& image) {
  return [&image](int y, int rows, float* planar) {
    images::read_unit(image, images::Rect{0, y, image.width_px, rows}, planar);
  };
}

ReadRows rows_of(const float* planes, const PlanesPair& size) {
  return [planes, size](int y, int rows, float* planar) {
    const std::size_t plane = area(size.height_px, size.width_px);
    const std::size_t part = area(rows, size.width_px);
    for (int c = 0; c < size.channels; ++c) {
      const float* from = planes + plane * static_cast<std::size_t>(c) + area(y, size.width_px);
      planar = std::copy_n(from, part, planar);
    }
  };
}

Source source_of(const PlanesPair& pair) {
  return {pair.channels,
          pair.height_px,
          pair.width_px,
          rows_of(pair.clean, pair),
          rows_of(pair.coated, pair)};
}

void require_window(int width_px, int height_px) {
  if (std::min(width_px, height_px) > 2 * kRadius) return;
  std::ostringstream what;
  what << "the images are " << width_px << "x" << height_px << " px, under the window of 11 px";
  throw core::Error(core::ErrorKind::kInput, "ssim", what.str(), "compare larger images");
}

/// Gaussian-weighted mean over the window, borders reflected half a sample out.
cv::Mat smoothed(const cv::Mat& values) {
  const cv::Mat kernel = cv::getGaussianKernel(2 * kRadius + 1, 1.5, CV_64F);
  cv::Mat result;
  cv::sepFilter2D(
      values, result, CV_64F, kernel, kernel, cv::Point(-1, -1), 0.0, cv::BORDER_REFLECT);
  return result;
}

/// SSIM of one channel of a band, surroundings included (there it is not that of the image).
cv::Mat ssim_of(const Band& band, int channel, int width_px) {
  const std::size_t offset = band.plane * static_cast<std::size_t>(channel);
  cv::Mat x;
  cv::Mat y;
  // OpenCV has no view of constant data; neither call writes to it.
  cv::Mat(band.rows, width_px, CV_32F, const_cast<float*>(band.clean.data() + offset))
      .convertTo(x, CV_64F);
  cv::Mat(band.rows, width_px, CV_32F, const_cast<float*>(band.coated.data() + offset))
      .convertTo(y, CV_64F);
  const cv::Mat mean_x = smoothed(x);
  const cv::Mat mean_y = smoothed(y);
  const cv::Mat square_x = smoothed(x.mul(x));
  const cv::Mat square_y = smoothed(y.mul(y));
  const cv::Mat cross = smoothed(x.mul(y));
  cv::Mat map(band.rows, width_px, CV_64F);
  const auto at = [](const cv::Mat& m, std::size_t i) { return m.ptr<double>()[i]; };
  for (std::size_t i = 0; i < band.plane; ++i) {
    const double mx = at(mean_x, i);
    const double my = at(mean_y, i);
    const double variances = at(square_x, i) - mx * mx + at(square_y, i) - my * my;
    const double covariance = at(cross, i) - mx * my;
    constexpr double kC1 = 0.01 * 0.01;
    constexpr double kC2 = 0.03 * 0.03;
    map.ptr<double>()[i] = ((2.0 * mx * my + kC1) * (2.0 * covariance + kC2)) /
                           ((mx * mx + my * my + kC1) * (variances + kC2));
  }
  return map;
}

/// Sum of the SSIM maps of a band without the outer 5 px of the image.
double ssim_sum(const Source& source, const Band& band) {
  const int top = std::max(band.begin, kRadius) - band.first;
  const int bottom = std::min(band.end, source.height_px - kRadius) - band.first;
  if (top >= bottom) return 0.0;
  const cv::Rect inner(kRadius, top, source.width_px - 2 * kRadius, bottom - top);
  double sum = 0.0;
  for (int c = 0; c < source.channels; ++c) {
    sum += cv::sum(ssim_of(band, c, source.width_px)(inner))[0];
  }
  return sum;
}

double ssim_mean(const Source& source, double sum) {
  const std::size_t inner = area(source.height_px - 2 * kRadius, source.width_px - 2 * kRadius);
  return sum / (static_cast<double>(inner) * source.channels);
}

/// Values of a channel in the band's own rows: offset of the first, and their number.
struct OwnRows {
  std::size_t offset = 0;
  std::size_t count = 0;
};

OwnRows own_rows(const Band& band, int width_px) {
  return {area(band.begin - band.first, width_px), area(band.end - band.begin, width_px)};
}

double squared_error(const Source& source, const Band& band) {
  const OwnRows own = own_rows(band, source.width_px);
  double sum = 0.0;
  for (int c = 0; c < source.channels; ++c) {
    const std::size_t start = band.plane * static_cast<std::size_t>(c) + own.offset;
    for (std::size_t i = start; i < start + own.count; ++i) {
      const double difference = static_cast<double>(band.clean[i]) -
                                static_cast<double>(band.coated[i]);
      sum += difference * difference;
    }
  }
  return sum;
}

double psnr_from(const Source& source, double squared_sum) {
  if (squared_sum == 0.0) return std::numeric_limits<double>::infinity();
  const double values = static_cast<double>(area(source.height_px, source.width_px)) *
                        source.channels;
  return -10.0 * std::log10(squared_sum / values);
}

/// Sum and histogram of colour differences: a percentile without keeping the pixels.
struct DeltaEStatistics {
  double sum = 0.0;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> bins = std::vector<std::uint64_t>(kDeltaEBins);
};

void add_delta_e(const Source& source, const Band& band, DeltaEStatistics& statistics) {
  const OwnRows own = own_rows(band, source.width_px);
  const PlanarPair<float> pair{
      band.clean.data(), band.coated.data(), static_cast<std::int64_t>(band.plane)};
  const std::int64_t begin = static_cast<std::int64_t>(own.offset);
  const PixelRange range{begin, begin + static_cast<std::int64_t>(own.count)};
  std::vector<float> delta_e(band.plane);
  ciede2000_map(pair, range, Ciede2000Options{LabScale::kCie, 0.0}, delta_e.data());
  for (std::size_t i = own.offset; i < own.offset + own.count; ++i) {
    const double value = static_cast<double>(delta_e[i]);
    statistics.sum += value;
    const auto bin = static_cast<std::size_t>(value / kDeltaEBin);
    ++statistics.bins[std::min(bin, kDeltaEBins - 1)];
  }
  statistics.count += own.count;
}

/// Lower edge of the bin that holds the smallest value with 99 % of the pixels at or below it.
double percentile_99(const DeltaEStatistics& statistics) {
  const std::uint64_t wanted = statistics.count - statistics.count / 100;
  std::uint64_t below = 0;
  std::size_t bin = 0;
  while (bin + 1 < kDeltaEBins && below + statistics.bins[bin] < wanted)
    below += statistics.bins[bin++];
  return static_cast<double>(bin) * kDeltaEBin;
}

}  // namespace

Quality measure_quality(const images::Image& clean, const images::Image& coated) {
  if (clean.width_px != coated.width_px || clean.height_px != coated.height_px) {
    std::ostringstream what;
    what << "the clean image is " << clean.width_px << "x" << clean.height_px
         << " px, the coated one " << coated.width_px << "x" << coated.height_px;
    throw core::Error(core::ErrorKind::kInput,
                      "measure_quality",
                      what.str(),
                      "compare an image with its own coated version");
  }
  require_window(clean.width_px, clean.height_px);
  const Source source{3, clean.height_px, clean.width_px, rows_of(clean), rows_of(coated)};
  double squared_sum = 0.0;
  double ssim_total = 0.0;
  DeltaEStatistics delta_e;
  for_each_band(source, kRadius, [&](const Band& band) {
    squared_sum += squared_error(source, band);
    ssim_total += ssim_sum(source, band);
    add_delta_e(source, band, delta_e);
  });
  return {psnr_from(source, squared_sum),
          ssim_mean(source, ssim_total),
          delta_e.sum / static_cast<double>(delta_e.count),
          percentile_99(delta_e)};
}

double psnr_db(const PlanesPair& pair) {
  const Source source = source_of(pair);
  double squared_sum = 0.0;
  for_each_band(source, 0, [&](const Band& band) { squared_sum += squared_error(source, band); });
  return psnr_from(source, squared_sum);
}

double ssim(const PlanesPair& pair) {
  require_window(pair.width_px, pair.height_px);
  const Source source = source_of(pair);
  double sum = 0.0;
  for_each_band(source, kRadius, [&](const Band& band) { sum += ssim_sum(source, band); });
  return ssim_mean(source, sum);
}

std::vector<float> ssim_map(const PlanesPair& pair) {
  require_window(pair.width_px, pair.height_px);
  const Source source = source_of(pair);
  const std::size_t plane = area(pair.height_px, pair.width_px);
  std::vector<float> result(plane * static_cast<std::size_t>(pair.channels));
  for_each_band(source, kRadius, [&](const Band& band) {
    const OwnRows own = own_rows(band, pair.width_px);
    for (int c = 0; c < pair.channels; ++c) {
      const cv::Mat map = ssim_of(band, c, pair.width_px);
      float* out = result.data() + plane * static_cast<std::size_t>(c) +
                   area(band.begin, pair.width_px);
      const double* values = map.ptr<double>() + own.offset;
      std::transform(
          values, values + own.count, out, [](double v) { return static_cast<float>(v); });
    }
  });
  return result;
}

}  // namespace patina::extractors
