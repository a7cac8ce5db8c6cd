// SPDX-License-Identifier: Apache-2.0
#include "extractors/quality/ciede2000_torch.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/error.h"

namespace patina::extractors {
namespace {

constexpr std::int64_t kChunkPixels = 4096;

[[noreturn]] void refuse(const char* where, const std::string& what, const char* todo) {
  throw core::Error(core::ErrorKind::kInput, where, what, todo);
}

std::string shape_text(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes() << ' ' << tensor.scalar_type();
  return text.str();
}

void check_pair(const char* where, const torch::Tensor& clean, const torch::Tensor& coated) {
  if (coated.dim() != 4 || coated.size(1) != 3 || coated.size(2) * coated.size(3) == 0) {
    refuse(where, "the coated tensor is " + shape_text(coated), "pass [N,3,H,W] with H, W >= 1");
  }
  if (clean.sizes() != coated.sizes() || clean.scalar_type() != coated.scalar_type()) {
    refuse(where,
           "the clean tensor is " + shape_text(clean) + ", the coated one " + shape_text(coated),
           "pass two tensors of one shape and dtype");
  }
  if (coated.scalar_type() != torch::kFloat32 && coated.scalar_type() != torch::kFloat64) {
    refuse(where, "the tensors are " + shape_text(coated), "convert them to float32 or float64");
  }
}

/// A batch of image pairs cut into chunks of pixels, so that work and order of summation are the
/// same for any number of threads.
template <class T>
struct Batch {
  const T* clean;
  const T* coated;
  std::int64_t samples;
  std::int64_t pixels;

  std::int64_t chunks_per_sample() const { return (pixels + kChunkPixels - 1) / kChunkPixels; }
  PlanarPair<T> pair(std::int64_t sample) const {
    return {clean + 3 * pixels * sample, coated + 3 * pixels * sample, pixels};
  }
  PixelRange range(std::int64_t chunk) const {
    return {chunk * kChunkPixels, std::min(pixels, (chunk + 1) * kChunkPixels)};
  }
};

template <class T>
Batch<T> batch_of(const torch::Tensor& clean, const torch::Tensor& coated) {
  return {
      clean.data_ptr<T>(), coated.data_ptr<T>(), coated.size(0), coated.size(2) * coated.size(3)};
}

/// Calls work(sample, range, index of the chunk) for every chunk, in parallel.
template <class T, class Work>
void for_each_chunk(const Batch<T>& batch, const Work& work) {
  const std::int64_t per_sample = batch.chunks_per_sample();
  at::parallel_for(0, batch.samples * per_sample, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) work(i / per_sample, batch.range(i % per_sample), i);
  });
}

/// Mean squared difference per sample. `gradient`, if defined ([N,3,H,W]), receives the derivative
/// of each sample's sum.
template <class T>
std::vector<double> mean_squares(const torch::Tensor& clean,
                                 const torch::Tensor& coated,
                                 const Ciede2000Options& options,
                                 const torch::Tensor& gradient) {
  const Batch<T> batch = batch_of<T>(clean, coated);
  T* out = gradient.defined() ? gradient.data_ptr<T>() : nullptr;
  const std::int64_t per_sample = batch.chunks_per_sample();
  std::vector<double> sums(static_cast<std::size_t>(batch.samples * per_sample));
  for_each_chunk(batch, [&](std::int64_t sample, PixelRange range, std::int64_t chunk) {
    T* sample_gradient = out == nullptr ? nullptr : out + 3 * batch.pixels * sample;
    sums[static_cast<std::size_t>(chunk)] = ciede2000_squared_sum(
        batch.pair(sample), range, options, sample_gradient);
  });
  std::vector<double> means(static_cast<std::size_t>(batch.samples));
  for (std::size_t n = 0; n < means.size(); ++n) {
    const auto first = sums.begin() + static_cast<std::ptrdiff_t>(n) * per_sample;
    means[n] = std::accumulate(first, first + per_sample, 0.0) / static_cast<double>(batch.pixels);
  }
  return means;
}

template <class T>
void fill_map(const torch::Tensor& clean,
              const torch::Tensor& coated,
              const Ciede2000Options& options,
              const torch::Tensor& map) {
  const Batch<T> batch = batch_of<T>(clean, coated);
  T* out = map.data_ptr<T>();
  for_each_chunk(batch, [&](std::int64_t sample, PixelRange range, std::int64_t) {
    ciede2000_map(batch.pair(sample), range, options, out + batch.pixels * sample);
  });
}

torch::Tensor planar(const torch::Tensor& image) {  // [N,3,H,W] on the CPU
  return image.detach().to(torch::kCPU).contiguous();
}

class LossNode : public torch::autograd::Function<LossNode> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& clean,
                               const torch::Tensor& coated,
                               const Ciede2000Options& options,
                               bool with_gradient) {
    const torch::Tensor first = planar(clean);
    const torch::Tensor second = planar(coated);
    torch::Tensor gradient;
    if (with_gradient) gradient = torch::empty_like(second);
    const std::vector<double> means = second.scalar_type() == torch::kFloat64
                                          ? mean_squares<double>(first, second, options, gradient)
                                          : mean_squares<float>(first, second, options, gradient);
    const torch::Tensor mean = torch::tensor(means, torch::kFloat64);  // [N]
    const auto target = coated.options().requires_grad(false);
    if (with_gradient) {
      const torch::Tensor free = (mean >= kCiede2000LossFloor).to(torch::kFloat64);
      const torch::Tensor weight = free / static_cast<double>(second.size(2) * second.size(3));
      context->save_for_backward({gradient.to(target), weight.to(target)});
    }
    return mean.clamp_min(kCiede2000LossFloor).to(target);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outer) {
    if (torch::GradMode::is_enabled()) {
      throw core::Error(core::ErrorKind::kUnsupported,
                        "ciede2000_loss",
                        "its gradient is computed without a graph and has no derivative",
                        "call backward() without create_graph");
    }
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const torch::Tensor weight = (outer[0] * saved[1]).view({-1, 1, 1, 1});  // [N,1,1,1]
    return {torch::Tensor(), saved[0] * weight, torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor ciede2000_loss(const torch::Tensor& clean,
                             const torch::Tensor& coated,
                             const Ciede2000Options& options) {
  check_pair("ciede2000_loss", clean, coated);
  validate(options);
  const bool recording = torch::GradMode::is_enabled();
  if (recording && clean.requires_grad()) {
    refuse("ciede2000_loss", "the clean tensor requires a gradient", "detach() it");
  }
  return LossNode::apply(clean, coated, options, recording && coated.requires_grad());
}

torch::Tensor ciede2000_map(const torch::Tensor& clean,
                            const torch::Tensor& coated,
                            const Ciede2000Options& options) {
  check_pair("ciede2000_map", clean, coated);
  validate(options);
  const torch::Tensor first = planar(clean);
  const torch::Tensor second = planar(coated);
  const torch::Tensor map = torch::empty({second.size(0), second.size(2), second.size(3)},
                                         second.options());  // [N,H,W]
  if (second.scalar_type() == torch::kFloat64) {
    fill_map<double>(first, second, options, map);
  } else {
    fill_map<float>(first, second, options, map);
  }
  return map.to(coated.device());
}

}  // namespace patina::extractors
