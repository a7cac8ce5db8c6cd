// SPDX-License-Identifier: Apache-2.0
// For a block of queries: s = q k^T / sqrt(d), p = exp(s - l) with l = logsumexp(s), o = p v.
// Backward keeps only l: dv = p^T do, ds = p * (do v^T - rowsum(do * o)), dq = ds k / sqrt(d), dk =
// ds^T q / sqrt(d) [Dao 2022, Alg. 4].
#include <algorithm>
#include <cmath>
#include <limits>

#include <torch/autograd.h>

#include "diffusion/networks/attention_torch.h"
#include "diffusion/networks/internal/bfloat16_kernels.h"

namespace patina::diffusion {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Scores of one block: 2 MiB in bfloat16, which stays near the caches.
constexpr std::int64_t kScoresPerBlock = 1 << 20;

std::int64_t block_for(const Tensor& q, const Tensor& k, std::int64_t wanted) {
  if (wanted > 0) return wanted;
  const std::int64_t row = std::max<std::int64_t>(1, q.size(0) * k.size(1));  // [B*H,K,d]
  return std::clamp<std::int64_t>(kScoresPerBlock / row, 16, std::max<std::int64_t>(q.size(1), 16));
}

double scale_of(const Tensor& q) { return 1.0 / std::sqrt(static_cast<double>(q.size(2))); }

// [BH,n,d], [BH,K,d] -> [BH,n,K] float32, already scaled.
Tensor block_scores(const Tensor& q, const Tensor& k, std::int64_t first, bool causal) {
  Tensor scores = torch::bmm(q, k.transpose(1, 2)).to(torch::kFloat32).mul_(scale_of(q));
  if (causal) {
    const Tensor rows = torch::arange(first, first + q.size(1), q.device()).unsqueeze(1);
    const Tensor hidden = torch::arange(k.size(1), q.device()).unsqueeze(0) > rows;
    scores.masked_fill_(hidden, -std::numeric_limits<float>::infinity());
  }
  return scores;
}

// Weights of one block, not yet divided by their row's sum.
struct BlockWeights {
  Tensor weights;  // [BH,n,K] in the values' dtype
  Tensor sums;     // [BH,n,1] float32
  Tensor largest;  // [BH,n,1] float32: the scores were reduced by it
};

BlockWeights block_weights(const Tensor& q, const Tensor& k, std::int64_t first, bool causal) {
  BlockWeights result;
  if (!causal && q.device().is_cpu() && q.scalar_type() == torch::kBFloat16) {
    result.weights = torch::bmm(q, k.transpose(1, 2)).contiguous();
    result.sums = torch::empty({q.size(0), q.size(1), 1});
    result.largest = torch::empty_like(result.sums);
    internal::exp_rows_bfloat16(static_cast<std::uint16_t*>(result.weights.data_ptr()),
                                q.size(0) * q.size(1),
                                k.size(1),
                                static_cast<float>(scale_of(q)),
                                result.sums.data_ptr<float>(),
                                result.largest.data_ptr<float>());
    return result;
  }
  Tensor scores = block_scores(q, k, first, causal);
  result.largest = scores.amax(2, true);
  scores.sub_(result.largest).exp_();
  result.sums = scores.sum(2, true);
  result.weights = scores.to(q.scalar_type());
  return result;
}

struct BlockedAttention : torch::autograd::Function<BlockedAttention> {
  static Tensor forward(AutogradContext* context,
                        const Tensor& q,
                        const Tensor& k,
                        const Tensor& v,
                        bool causal,
                        std::int64_t block) {
    std::vector<Tensor> outputs;
    std::vector<Tensor> sums;
    for (std::int64_t first = 0; first < q.size(1); first += block) {
      const std::int64_t n = std::min(block, q.size(1) - first);
      const BlockWeights block_of = block_weights(q.narrow(1, first, n), k, first, causal);
      outputs.push_back(torch::bmm(block_of.weights, v).div_(block_of.sums.to(v.scalar_type())));
      sums.push_back(block_of.largest + block_of.sums.log());
    }
    Tensor output = outputs.size() == 1 ? outputs[0] : torch::cat(outputs, 1);
    context->save_for_backward({q, k, v, output, torch::cat(sums, 1)});
    context->saved_data["causal"] = causal;
    context->saved_data["block"] = block;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& q = saved[0];
    const Tensor& k = saved[1];
    const Tensor& v = saved[2];
    const bool causal = context->saved_data["causal"].toBool();
    const std::int64_t block = context->saved_data["block"].toInt();
    const double scale = scale_of(q);
    const Tensor grad = gradients[0];
    const Tensor along = (grad * saved[3]).sum(2, true, torch::kFloat32);
    Tensor grad_q = torch::empty_like(q);
    Tensor grad_k = torch::zeros_like(k, k.options().dtype(torch::kFloat32));
    Tensor grad_v = torch::zeros_like(v, v.options().dtype(torch::kFloat32));
    for (std::int64_t first = 0; first < q.size(1); first += block) {
      const std::int64_t n = std::min(block, q.size(1) - first);
      const Tensor q_block = q.narrow(1, first, n);
      const Tensor grad_block = grad.narrow(1, first, n);
      const Tensor weights =
          block_scores(q_block, k, first, causal).sub_(saved[4].narrow(1, first, n)).exp_();
      grad_v += torch::bmm(weights.to(v.scalar_type()).transpose(1, 2), grad_block);
      Tensor grad_scores = torch::bmm(grad_block, v.transpose(1, 2)).to(torch::kFloat32);
      grad_scores = grad_scores.sub_(along.narrow(1, first, n)).mul_(weights).mul_(scale);
      grad_scores = grad_scores.to(q.scalar_type());
      grad_q.narrow(1, first, n).copy_(torch::bmm(grad_scores, k));
      grad_k += torch::bmm(grad_scores.transpose(1, 2), q_block);
    }
    return {grad_q, grad_k.to(k.scalar_type()), grad_v.to(v.scalar_type()), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor blocked_attention(
    const Tensor& q, const Tensor& k, const Tensor& v, bool causal, std::int64_t block) {
  const auto flat = [](const Tensor& x) { return x.flatten(0, 1).contiguous(); };
  const Tensor q_flat = flat(q);
  const Tensor k_flat = flat(k);
  const Tensor output = BlockedAttention::apply(
      q_flat, k_flat, flat(v), causal, block_for(q_flat, k_flat, block));
  return output.view(q.sizes());
}

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(q, k, v, c10::nullopt, 0.0, causal);
#else
  return blocked_attention(q, k, v, causal);
#endif
}

}  // namespace patina::diffusion
