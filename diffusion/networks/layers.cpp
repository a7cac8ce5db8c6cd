// SPDX-License-Identifier: Apache-2.0
#include "diffusion/networks/checkpoint_torch.h"
#include "diffusion/networks/layers_torch.h"
#include "diffusion/networks/norms_torch.h"

namespace patina::diffusion {

using torch::Tensor;

namespace {

Tensor value_or_none(const WeightHandle& weight) { return weight ? weight->effective() : Tensor(); }

}  // namespace

const Tensor& Pass::seen(const std::string& path, const Tensor& output) const {
  if (trace) trace(path, output);
  return output;
}

Tensor Linear::operator()(const Tensor& x) const {
  return torch::linear(x, weight->effective(), value_or_none(bias));
}

Linear linear(const Scope& at, std::int64_t in, std::int64_t out, bool with_bias) {
  Linear layer;
  layer.weight = at.take("weight", {out, in}, Init::kFanIn);
  if (with_bias) layer.bias = at.take("bias", {out}, Init::kZero);
  return layer;
}

Tensor Conv2d::operator()(const Tensor& x) const {
  return torch::conv2d(x, weight->effective(), value_or_none(bias), stride, padding);
}

Conv2d conv2d(const Scope& at,
              std::int64_t in,
              std::int64_t out,
              std::int64_t kernel,
              std::int64_t stride,
              std::int64_t padding) {
  Conv2d layer;
  layer.weight = at.take("weight", {out, in, kernel, kernel}, Init::kFanIn);
  layer.bias = at.take("bias", {out}, Init::kZero);
  layer.stride = stride;
  layer.padding = padding < 0 ? kernel / 2 : padding;
  return layer;
}

Tensor GroupNorm::operator()(const Tensor& x) const {
  return group_normalised(x, groups, weight->effective(), bias->effective(), eps, false);
}

Tensor GroupNorm::with_silu(const Tensor& x) const {
  return group_normalised(x, groups, weight->effective(), bias->effective(), eps, true);
}

GroupNorm group_norm(const Scope& at, std::int64_t channels, std::int64_t groups, double eps) {
  GroupNorm layer;
  layer.weight = at.take("weight", {channels}, Init::kOne, true);
  layer.bias = at.take("bias", {channels}, Init::kZero, true);
  layer.groups = groups;
  layer.eps = eps;
  return layer;
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return layer_normalised(x, weight->effective(), bias->effective(), eps);
}

LayerNorm layer_norm(const Scope& at, std::int64_t width, double eps) {
  LayerNorm layer;
  layer.weight = at.take("weight", {width}, Init::kOne, true);
  layer.bias = at.take("bias", {width}, Init::kZero, true);
  layer.eps = eps;
  return layer;
}

Tensor ResnetBlock::operator()(const Tensor& x, const Tensor& silu_time, const Pass& pass) const {
  const Block block = [this](const std::vector<Tensor>& in) {
    Tensor h = conv1(norm1.with_silu(in[0]));  // [N,out,H,W]
    if (time_emb_proj.weight) {
      h = h + time_emb_proj(in[1]).unsqueeze(2).unsqueeze(3);  // [N,out,1,1]
    }
    h = conv2(norm2.with_silu(h));  // [N,out,H,W]
    return h + (conv_shortcut.weight ? conv_shortcut(in[0]) : in[0]);
  };
  std::vector<Tensor> inputs = {x};
  if (time_emb_proj.weight) inputs.push_back(silu_time);
  return pass.seen(path, pass.checkpoint ? checkpointed(block, inputs, weights) : block(inputs));
}

ResnetBlock resnet_block(const Scope& at, const ResnetShape& shape) {
  ResnetBlock block;
  block.path = at.path();
  block.norm1 = group_norm(at / "norm1", shape.in, shape.groups, shape.eps);
  block.conv1 = conv2d(at / "conv1", shape.in, shape.out, 3);
  if (shape.time_width > 0) {
    block.time_emb_proj = linear(at / "time_emb_proj", shape.time_width, shape.out);
  }
  block.norm2 = group_norm(at / "norm2", shape.out, shape.groups, shape.eps);
  block.conv2 = conv2d(at / "conv2", shape.out, shape.out, 3);
  if (shape.in != shape.out) {
    block.conv_shortcut = conv2d(at / "conv_shortcut", shape.in, shape.out, 1);
  }
  block.weights = at.taken();
  return block;
}

Tensor split_heads(const Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

Tensor join_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }

}  // namespace patina::diffusion
