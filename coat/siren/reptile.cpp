// SPDX-License-Identifier: Apache-2.0
#include <torch/utils.h>

#include "coat/siren/reptile_torch.h"
#include "core/error.h"
#include "tensors/modules_torch.h"
#include "transforms/crop_pool_torch.h"

namespace patina::coat::siren {

namespace {

void move_module(torch::nn::Module& to, const torch::nn::Module& target, double share) {
  const torch::NoGradGuard no_grad;
  const auto goals = target.named_parameters();
  for (auto& item : to.named_parameters()) {
    item.value().add_(goals[item.key()] - item.value(), share);
  }
}

// "ff0f..." of the leading bits a pair was taught, the others ones.
std::string random_message(core::Rng& rng, int bits) {
  std::string hex;
  for (int digit = 0; digit < 12; ++digit) {
    unsigned value = 0;
    for (int bit = 0; bit < 4; ++bit) {
      const bool taught = 4 * digit + bit < bits;
      value = value << 1U | (!taught || rng.bernoulli(0.5) ? 1U : 0U);
    }
    hex += "0123456789abcdef"[value];
  }
  return hex;
}

}  // namespace

Pair copy_pair(const Pair& pair) {
  std::map<std::string, core::TensorBlob> tensors;
  tensors::export_module(*pair.generator, "generator/", tensors);
  tensors::export_module(*pair.extractor, "extractor/", tensors);
  Pair copy;
  copy.coating = pair.coating;
  copy.norm = pair.norm;
  copy.input = pair.input;
  copy.message_bits = pair.message_bits;
  copy.generator = Generator(generator_config(tensors, "generator/", "pair"));
  copy.extractor = extractors::HiddenExtractor(
      extractors::extractor_config(tensors, "extractor/", "pair"));
  tensors::import_module(*copy.generator, "generator/", tensors, "pair");
  tensors::import_module(*copy.extractor, "extractor/", tensors, "pair");
  return copy;
}

void move_towards(Pair& to, const Pair& target, double share) {
  move_module(*to.generator, *target.generator, share);
  move_module(*to.extractor, *target.extractor, share);
}

std::vector<ReptileRound> reptile(Pair& pair,
                                  const std::vector<transforms::CropPool>& tasks,
                                  const ReptileOptions& options,
                                  const core::Observer& observer) {
  if (tasks.empty() || options.rounds < 1 ||
      !(options.step_size > 0.0 && options.step_size <= 1.0)) {
    throw core::Error(core::ErrorKind::kInput,
                      "meta-learning",
                      "needs a task, at least one round and a step size in (0, 1]",
                      "check the options");
  }
  std::vector<ReptileRound> rounds;
  for (int round = 0; round < options.rounds; ++round) {
    core::Rng rng = core::Rng(options.seed).fork("round " + std::to_string(round));
    ReptileRound done;
    done.task = rng.below(tasks.size());
    Pair copy = copy_pair(pair);
    TrainOptions inner = options.inner;
    inner.seed = rng.next_u64();
    inner.focus = false;  // The meta pair keeps all directions: keys will choose their own.
    const std::string message = random_message(rng, pair.message_bits);
    done.first_loss = held_out_loss(pair, tasks[done.task], message, inner);
    train_key(copy, tasks[done.task], message, inner);
    done.last_loss = held_out_loss(copy, tasks[done.task], message, inner);
    const double left = 1.0 - static_cast<double>(round) / options.rounds;
    move_towards(pair, copy, options.step_size * left);
    rounds.push_back(done);
    observer.report(
        {"meta-learning",
         round + 1,
         options.rounds,
         "loss " + std::to_string(done.first_loss) + " to " + std::to_string(done.last_loss)});
  }
  return rounds;
}

}  // namespace patina::coat::siren
