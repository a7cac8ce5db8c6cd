// SPDX-License-Identifier: Apache-2.0
// Counts the floating-point operations of matrix products and convolutions that LibTorch runs in a
// scope (a multiplication and an addition are two); everything else is left out, backward passes
// too.
#pragma once

#include <atomic>
#include <cstdint>

#include <ATen/record_function.h>
#include <torch/types.h>

namespace patina::bench {

class FlopCounter {
 public:
  FlopCounter() {
    total() = 0;
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback(nullptr, &FlopCounter::on_end)
                                        .needsInputs(true)
                                        .needsOutputs(true)
                                        .scopes({at::RecordScope::FUNCTION}));
  }
  ~FlopCounter() { at::removeCallback(handle_); }
  FlopCounter(const FlopCounter&) = delete;
  FlopCounter& operator=(const FlopCounter&) = delete;

  static double flops() { return static_cast<double>(total().load()); }

 private:
  static std::atomic<std::int64_t>& total() {
    static std::atomic<std::int64_t> count{0};
    return count;
  }

  static void on_end(const at::RecordFunction& function, at::ObserverContext* /*context*/) {
    const std::string name = function.name();
    const bool convolution = name == "aten::convolution";
    if (!convolution && name != "aten::linear" && name != "aten::bmm") return;
    const auto inputs = function.inputs();
    const auto& outputs = function.outputs();
    if (inputs.size() < 2 || outputs.empty() || !outputs[0].isTensor()) return;
    const at::Tensor second = inputs[1].toTensor();
    const std::int64_t out = outputs[0].toTensor().numel();
    // Products behind each output: a filter's weights, or the inner dimension.
    const std::int64_t inner = convolution ? second.numel() / second.size(0) : second.size(1);
    total() += 2 * out * inner;
  }

  at::CallbackHandle handle_ = 0;
};

}  // namespace patina::bench
