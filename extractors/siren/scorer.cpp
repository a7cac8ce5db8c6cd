// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "extractors/siren/network_input_torch.h"
#include "extractors/siren/scorer_torch.h"
#include "extractors/siren/siren_key.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"
#include "tensors/images_torch.h"
#include "tensors/modules_torch.h"

namespace patina::extractors {

namespace {

// A batch of tiles is kept near the size at which activations (64 channels, bfloat16) stay in a
// shared third-level cache; measured in bench/README.md.
constexpr std::uint64_t kBatchPixels = 128 * 1024;

constexpr std::int64_t kTileAlign = 16;

HiddenExtractor read_network(const keys::KeyPart& scoring) {
  const std::string where = "key";
  HiddenExtractor network(extractor_config(scoring.tensors, "extractor/", where));
  tensors::import_module(*network, "extractor/", scoring.tensors, where);
  return network;
}

torch::Tensor read_center(const keys::KeyPart& scoring) {
  const auto found = scoring.tensors.find("center");
  if (found == scoring.tensors.end()) {
    throw core::Error(core::ErrorKind::kInput,
                      "key",
                      "tensor center is missing",
                      "use the key as it was written");
  }
  return tensors::tensor_from_blob(found->second).to(torch::kFloat64).flatten();  // [D]
}

class HypersphereScorer : public keys::Extractor {
 public:
  HypersphereScorer(const keys::CoatKey& key,
                    const keys::MethodRecord& method,
                    const ScorerOptions& options)
      : features_(key, options), center_(read_center(key.scoring)) {
    const auto dtype = tensors::choose_compute(options.compute).dtype;
    info_ = keys::describe_extractor(
        key, method, dtype == torch::kFloat32 ? "float32" : "bfloat16");
  }

  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    if (images.empty()) return {};
    const torch::Tensor features = features_.features(images).to(torch::kFloat64);  // [N,D]
    if (features.size(1) != center_.size(0)) {
      throw core::Error(core::ErrorKind::kInput, "key", "centre and features differ in length");
    }
    const torch::Tensor squared = (features - center_).square().sum(1).contiguous();
    const torch::Tensor scores = (squared / (torch::sqrt(squared + 1.0) + 1.0)).contiguous();
    return {scores.data_ptr<double>(), scores.data_ptr<double>() + scores.numel()};
  }

  keys::ExtractorInfo info() const override { return info_; }

 private:
  FeatureExtractor features_;
  torch::Tensor center_;
  keys::ExtractorInfo info_;
};

}  // namespace

FoldedStack::FoldedStack(std::vector<ConvNormGelu>& blocks,
                         torch::ScalarType dtype,
                         const torch::Device& device) {
  for (ConvNormGelu& block : blocks) convs_.push_back(fold(block, dtype, device));
}

torch::Tensor FoldedStack::forward(torch::Tensor x) const {
  for (const FoldedConv& conv : convs_) {
    x = gelu_any_layout(torch::conv2d(x, conv.weight, conv.bias, 1, conv.weight.size(2) / 2));
  }
  return x;
}

images::Rect with_halo(const images::Rect& rect, int halo, int width_px, int height_px) {
  const int left = std::max(0, rect.x - halo), top = std::max(0, rect.y - halo);
  const int right = std::min(width_px, rect.x + rect.width + halo);
  const int bottom = std::min(height_px, rect.y + rect.height + halo);
  return {left, top, right - left, bottom - top};
}

std::vector<images::Rect> tile_rects(int width_px, int height_px, std::uint64_t max_pixels) {
  const auto side = static_cast<std::int64_t>(std::sqrt(static_cast<double>(max_pixels)));
  const auto aligned = std::max<std::int64_t>(kTileAlign, side / kTileAlign * kTileAlign);
  const bool fits = static_cast<std::uint64_t>(width_px) * static_cast<std::uint64_t>(height_px) <=
                    max_pixels;
  const int step = fits ? std::max(width_px, height_px) : static_cast<int>(aligned);
  std::vector<images::Rect> tiles;
  for (int y = 0; y < height_px; y += step) {
    for (int x = 0; x < width_px; x += step) {
      tiles.push_back({x, y, std::min(step, width_px - x), std::min(step, height_px - y)});
    }
  }
  return tiles;
}

FeatureExtractor::FeatureExtractor(const keys::CoatKey& key, const ScorerOptions& options)
    : FeatureExtractor(read_network(key.scoring), read_norms(key.scoring), options) {}

FeatureExtractor::FeatureExtractor(HiddenExtractor network,
                                   const NetworkNorms& norms,
                                   const ScorerOptions& options)
    : network_(std::move(network)),
      norm_(norms.norm),
      input_(norms.input),
      options_(options),
      device_(tensors::choose_compute(options.compute).device),
      dtype_(tensors::choose_compute(options.compute).dtype) {
  tensors::use_threads(options.compute.num_threads);
  network_->to(device_);
  if (norm_ == NormMode::kRunning) stack_ = FoldedStack(network_->blocks, dtype_, device_);
}

// Sums of the last block's activations over `rect`, [N,D] float64. All images have one size.
torch::Tensor FeatureExtractor::batch_sums(const std::vector<const images::Image*>& images,
                                           const images::Rect& rect) {
  const images::Rect read = with_halo(rect,
                                      stack_.halo() + input_halo(input_),
                                      images.front()->width_px,
                                      images.front()->height_px);
  std::vector<torch::Tensor> units;
  for (const images::Image* image : images)
    units.push_back(tensors::tensor_from_image(*image, read));
  const torch::Tensor x = network_input(torch::cat(units).to(device_), input_)
                              .to(dtype_)
                              .contiguous(at::MemoryFormat::ChannelsLast);
  const torch::Tensor y = stack_.forward(x)
                              .slice(2, rect.y - read.y, rect.y - read.y + rect.height)
                              .slice(3, rect.x - read.x, rect.x - read.x + rect.width);
  return y.sum({2, 3}, false, torch::kFloat32).to(torch::kCPU, torch::kFloat64);
}

torch::Tensor FeatureExtractor::pooled_folded(const std::vector<const images::Image*>& images) {
  const int width = images.front()->width_px, height = images.front()->height_px;
  const double pixels = static_cast<double>(width) * height;
  const std::uint64_t tile_pixels = std::min<std::uint64_t>(options_.max_tile_pixels, kBatchPixels);
  const std::vector<images::Rect> tiles = tile_rects(width, height, tile_pixels);
  const auto per_image = static_cast<std::uint64_t>(tiles.front().width) *
                         static_cast<std::uint64_t>(tiles.front().height);
  const std::size_t batch = std::max<std::uint64_t>(1, kBatchPixels / per_image);
  std::vector<torch::Tensor> pooled;
  for (std::size_t begin = 0; begin < images.size(); begin += batch) {
    const std::vector<const images::Image*> part(
        images.begin() + static_cast<std::ptrdiff_t>(begin),
        images.begin() + static_cast<std::ptrdiff_t>(std::min(images.size(), begin + batch)));
    torch::Tensor sums;
    for (const images::Rect& tile : tiles) {
      const torch::Tensor tile_sums = batch_sums(part, tile);
      sums = sums.defined() ? sums + tile_sums : tile_sums;
    }
    pooled.push_back(sums / pixels);
  }
  return torch::cat(pooled).to(torch::kFloat32);
}

torch::Tensor FeatureExtractor::pooled_whole(const std::vector<const images::Image*>& images) {
  std::vector<torch::Tensor> pooled;
  for (const images::Image* image : images) {
    const torch::Tensor x =
        network_input(tensors::tensor_from_image(*image).to(device_), input_).to(dtype_);
    pooled.push_back(network_->pooled(x, {norm_, false}).cpu().to(torch::kFloat32));
  }
  return torch::cat(pooled);
}

torch::Tensor FeatureExtractor::features(const std::vector<const images::Image*>& images) {
  c10::InferenceMode inference;
  std::map<std::pair<int, int>, std::vector<std::size_t>> by_size;
  for (std::size_t i = 0; i < images.size(); ++i) {
    by_size[{images[i]->height_px, images[i]->width_px}].push_back(i);
  }
  torch::Tensor pooled;
  for (const auto& [size, indices] : by_size) {
    std::vector<const images::Image*> group;
    for (const std::size_t index : indices) group.push_back(images[index]);
    const torch::Tensor part = norm_ == NormMode::kRunning ? pooled_folded(group)
                                                           : pooled_whole(group);
    if (!pooled.defined()) {
      pooled = torch::empty({static_cast<std::int64_t>(images.size()), part.size(1)});
    }
    for (std::size_t i = 0; i < indices.size(); ++i) {
      pooled[static_cast<std::int64_t>(indices[i])].copy_(part[static_cast<std::int64_t>(i)]);
    }
  }
  return network_->linear->forward(pooled.to(device_)).cpu();
}

std::unique_ptr<keys::Extractor> make_hypersphere_scorer(const keys::CoatKey& key,
                                                         const keys::MethodRecord& method,
                                                         const ScorerOptions& options) {
  return std::make_unique<HypersphereScorer>(key, method, options);
}

}  // namespace patina::extractors
