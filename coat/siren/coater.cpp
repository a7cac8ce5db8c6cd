// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <torch/utils.h>

#include "coat/siren/coater_torch.h"
#include "core/error.h"
#include "extractors/siren/network_input_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "transforms/jnd_torch.h"

namespace patina::coat::siren {

using extractors::FoldedConv;

namespace {

constexpr int kMinSide = 16;
constexpr std::uint64_t kBatchPixels = 128 * 1024;  // As the scorer's: activations stay in cache.

transforms::FrameSides sides_of(const images::Rect& read, const images::Image& image) {
  return {read.y == 0,
          read.y + read.height == image.height_px,
          read.x == 0,
          read.x + read.width == image.width_px};
}

// unit [1,3,h,w] float32 -> pattern bytes at (x,y).
void store_pattern(const torch::Tensor& unit, CoatingPattern& pattern, int x, int y) {
  const torch::Tensor steps = torch::round(unit[0] / kPatternStep)
                                  .clamp(-127, 127)
                                  .to(torch::kCPU, torch::kInt8)
                                  .permute({1, 2, 0})
                                  .contiguous();  // [h,w,3]
  const auto height = steps.size(0), width = steps.size(1);
  const auto* from = steps.data_ptr<std::int8_t>();
  for (std::int64_t row = 0; row < height; ++row) {
    const std::size_t at = (static_cast<std::size_t>(y + row) *
                                static_cast<std::size_t>(pattern.width_px) +
                            static_cast<std::size_t>(x)) *
                           3;
    std::copy_n(
        from + row * width * 3, width * 3, pattern.steps.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace

Coater::Coater(Pair& pair, const std::string& message_hex, const CoaterOptions& options)
    : generator_(pair.generator),
      norm_(pair.norm),
      input_(pair.input),
      coating_(pair.coating),
      options_(options),
      device_(tensors::choose_compute(options.compute).device),
      dtype_(tensors::choose_compute(options.compute).dtype),
      message_(message_tensor(message_hex)) {
  torch::NoGradGuard no_grad;
  tensors::use_threads(options.compute.num_threads);
  generator_->to(device_);
  message_ = message_.to(device_);
  if (norm_ == extractors::NormMode::kPerImage) return;
  head_ = extractors::FoldedStack(generator_->conv_bns, dtype_, device_);
  const FoldedConv whole = extractors::fold(generator_->after_concat, torch::kFloat32, device_);
  const auto bits = message_.size(1);
  // The message is constant over the image, so its convolution is one vector, but for the borders.
  const torch::Tensor planes = message_.view({1, -1, 1, 1}).expand({1, bits, 3, 3});
  const torch::Tensor share = torch::conv2d(
      planes, whole.weight.slice(1, 0, bits), {}, 1, 1);  // [1,D,3,3]
  const torch::Tensor inside = share.slice(2, 1, 2).slice(3, 1, 2);
  message_edge_ = (share - inside).to(dtype_);
  mix_ = {whole.weight.slice(1, bits).to(dtype_).contiguous(at::MemoryFormat::ChannelsLast),
          (whole.bias + inside.flatten()).to(dtype_)};
  final_ = {generator_->final_layer->weight.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast),
            generator_->final_layer->bias.to(dtype_)};
}

// Row, column and corner terms: edge(row) + edge(column) counts a corner twice, hence the
// difference.
void Coater::add_message(torch::Tensor& mixed, const transforms::FrameSides& sides) const {
  const auto edge = [&](int y, int x) { return message_edge_.select(2, y).select(2, x); };  // [1,D]
  const auto H = mixed.size(2), W = mixed.size(3);
  const bool row_here[2] = {sides.top, sides.bottom}, column_here[2] = {sides.left, sides.right};
  for (int i = 0; i < 2; ++i) {
    if (row_here[i]) mixed.select(2, i == 0 ? 0 : H - 1).add_(edge(2 * i, 1).unsqueeze(-1));
    if (column_here[i]) mixed.select(3, i == 0 ? 0 : W - 1).add_(edge(1, 2 * i).unsqueeze(-1));
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      if (!row_here[i] || !column_here[j]) continue;
      const torch::Tensor corner = edge(2 * i, 2 * j) - edge(2 * i, 1) - edge(1, 2 * j);
      mixed.select(2, i == 0 ? 0 : H - 1).select(2, j == 0 ? 0 : W - 1).add_(corner);
    }
  }
}

torch::Tensor Coater::delta_folded(const torch::Tensor& normalised,
                                   const transforms::FrameSides& sides) const {
  const torch::Tensor x = normalised.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  const torch::Tensor joined = torch::cat({head_.forward(x), x}, 1)
                                   .contiguous(at::MemoryFormat::ChannelsLast);  // [N,67,H,W]
  torch::Tensor mixed = torch::conv2d(joined, mix_.weight, mix_.bias, 1, 1);
  add_message(mixed, sides);
  const torch::Tensor y = torch::conv2d(
      extractors::gelu_any_layout(mixed), final_.weight, final_.bias);
  return torch::tanh(y.to(torch::kFloat32)).contiguous();  // [N,3,H,W]
}

torch::Tensor Coater::tile_coating(const torch::Tensor& unit,
                                   const images::Rect& at,
                                   const transforms::FrameSides& sides) {
  const torch::Tensor normalised = extractors::network_input(
      dithered(unit, coating_.dither, at.x, at.y), input_);
  const torch::Tensor delta = norm_ == extractors::NormMode::kRunning
                                  ? delta_folded(normalised, sides)
                                  : generator_
                                        ->forward(normalised.to(dtype_), message_, {norm_, false})
                                        .to(torch::kFloat32);
  return tensors::imagenet_std(unit.options()) * band_pass(delta, coating_) *
         transforms::jnd_mask(unit, sides);
}

torch::Tensor Coater::coating(const torch::Tensor& unit) {
  c10::InferenceMode inference;
  return tile_coating(unit.to(device_), {}, {}).cpu();
}

CoatingPattern Coater::pattern(const images::Image& image) {
  if (image.width_px < kMinSide || image.height_px < kMinSide) {
    throw core::Error(
        core::ErrorKind::kInput, "image", "a side is under 16 pixels", "enlarge it first");
  }
  c10::InferenceMode inference;
  CoatingPattern pattern{image.width_px, image.height_px, {}};
  pattern.steps.resize(image.sample_count());
  const int halo = extractors::input_halo(input_) + head_.halo() + 1 +
                   std::max(band_radius(coating_), transforms::kJndHalo);
  const bool whole = norm_ == extractors::NormMode::kPerImage;
  const std::uint64_t tile_pixels = whole ? image.sample_count()
                                          : std::min<std::uint64_t>(options_.max_tile_pixels,
                                                                    kBatchPixels);
  for (const images::Rect& tile :
       extractors::tile_rects(image.width_px, image.height_px, tile_pixels)) {
    const images::Rect read = extractors::with_halo(tile, halo, image.width_px, image.height_px);
    const torch::Tensor unit = tensors::tensor_from_image(image, read).to(device_);
    const torch::Tensor coating = tile_coating(unit, read, sides_of(read, image))
                                      .slice(2, tile.y - read.y, tile.y - read.y + tile.height)
                                      .slice(3, tile.x - read.x, tile.x - read.x + tile.width);
    store_pattern(coating, pattern, tile.x, tile.y);
  }
  return pattern;
}

}  // namespace patina::coat::siren
