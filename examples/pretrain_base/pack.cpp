// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/clock.h"
#include "core/pi.h"
#include "core/safetensors.h"
#include "diffusion/networks/weights_torch.h"
#include "pack_torch.h"
#include "tensors/blobs_torch.h"

namespace pretrain {

using namespace patina;
using torch::Tensor;

Pack read_pack(const std::filesystem::path& path, const torch::Device& device) {
  const auto file = core::SafetensorsFile::open(path);
  const auto tensor = [&](const char* name) { return tensors::tensor_over(file, file.at(name)); };
  Pack pack;
  pack.images = tensor("images").to(device);
  pack.tokens = tensor("tokens").clone();
  pack.empty = tensor("empty").clone();
  pack.vocab_size = std::stoll(file.metadata().at("vocab_size"));
  pack.eos_id = std::stoll(file.metadata().at("eos_id"));
  const Tensor held_out = tensor("held_out").clone();
  const Tensor repeats = tensor("repeats").clone();
  for (std::int64_t i = 0; i < held_out.size(0); ++i) {
    if (held_out.data_ptr<std::uint8_t>()[i] != 0) {
      pack.held_out.push_back(i);
      continue;
    }
    for (std::int64_t k = 0; k < repeats.data_ptr<std::int64_t>()[i]; ++k) pack.train.push_back(i);
  }
  return pack;
}

Tensor signed_images(const Pack& pack, const Tensor& rows) {
  return pack.images.index_select(0, rows.to(pack.images.device())).to(torch::kFloat32) / 127.5 -
         1.0;
}

std::vector<std::int64_t> draw(const std::vector<std::int64_t>& from, int count, core::Rng& rng) {
  std::vector<std::int64_t> rows;
  for (int i = 0; i < count; ++i) rows.push_back(from[rng.below(from.size())]);
  return rows;
}

Schedule::Schedule(int steps, double seconds, int warm_up)
    : steps_(steps), seconds_(seconds), warm_up_(warm_up) {}

double Schedule::elapsed_seconds() const { return core::seconds_since(start_); }

double Schedule::progress(int step) const {
  const double by_steps = static_cast<double>(step) / std::max(1, steps_);
  const double by_time = seconds_ > 0.0 ? elapsed_seconds() / seconds_ : 0.0;
  return std::min(1.0, std::max(by_steps, by_time));
}

double Schedule::factor(int step) const {
  constexpr double kLeast = 0.05;
  const double warm = std::min(1.0, (step + 1.0) / std::max(1, warm_up_));
  return warm *
         (kLeast + (1.0 - kLeast) * 0.5 * (1.0 + std::cos(patina::core::kPi * progress(step))));
}

}  // namespace pretrain
