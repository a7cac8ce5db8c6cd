// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/opencv_codec.h"

#include <array>
#include <utility>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "core/error.h"
#include "images/codecs/image_formats.h"
#include "images/codecs/samples.h"

namespace patina::images {
namespace {

template <typename Sample>
void take_rows(const cv::Mat& pixels, ImageFile& file) {
  const int channels = pixels.channels();
  std::vector<std::uint16_t> row(static_cast<std::size_t>(pixels.cols) *
                                 static_cast<std::size_t>(channels));
  for (int y = 0; y < pixels.rows; ++y) {
    const Sample* in = pixels.ptr<Sample>(y);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = in[i];
    if (channels >= 3) {
      for (std::size_t i = 0; i < row.size(); i += static_cast<std::size_t>(channels)) {
        std::swap(row[i], row[i + 2]);
      }
    }
    scatter_row(file, y, row.data(), channels);
  }
}

cv::Mat mat_of(const ImageFile& file) {
  const int channels = stored_channels(file);
  cv::Mat pixels(file.image.height_px, file.image.width_px, CV_8UC(channels));
  const auto row_samples = static_cast<std::size_t>(file.image.width_px * channels);
  std::vector<std::uint16_t> row(row_samples);
  for (int y = 0; y < pixels.rows; ++y) {
    gather_row(file, y, row.data());
    auto* out = pixels.ptr<std::uint8_t>(y);
    for (std::size_t i = 0; i < row_samples; ++i) out[i] = static_cast<std::uint8_t>(row[i]);
    if (channels < 3) continue;
    for (std::size_t i = 0; i < row_samples; i += static_cast<std::size_t>(channels)) {
      std::swap(out[i], out[i + 2]);
    }
  }
  return pixels;
}

}  // namespace

void decode_with_opencv(const core::Bytes& bytes, const std::string& where, ImageFile& file) {
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    std::throw_with_nested(damaged(where, error.err));
  }
  if (pixels.empty()) throw damaged(where, "its pixels cannot be decoded");
  const int channels = pixels.channels();
  const bool known = (pixels.depth() == CV_8U || pixels.depth() == CV_16U) &&
                     (channels == 1 || channels == 3 || channels == 4);
  if (!known) throw unsupported_variety(where, "a sample type that is not handled");
  allocate(file, {pixels.cols, pixels.rows, pixels.depth() == CV_16U ? 16 : 8, {}}, channels);
  file.grey = channels == 1;
  if (pixels.depth() == CV_16U) {
    take_rows<std::uint16_t>(pixels, file);
  } else {
    take_rows<std::uint8_t>(pixels, file);
  }
}

core::Bytes encode_with_opencv(const ImageFile& file, int option, int value) {
  std::vector<int> parameters;
  if (option != 0) parameters = {option, value};
  core::Bytes out;
  bool done = false;
  try {
    done = cv::imencode(file_extension(file.encoding.format), mat_of(file), out, parameters);
  } catch (const cv::Exception& error) {
    std::throw_with_nested(core::Error(core::ErrorKind::kUnsupported,
                                       to_string(file.encoding.format),
                                       error.err,
                                       "choose another format"));
  }
  if (!done || out.empty()) {
    throw core::Error(core::ErrorKind::kUnsupported,
                      to_string(file.encoding.format),
                      "the encoder refused the picture",
                      "choose another format");
  }
  return out;
}

}  // namespace patina::images
