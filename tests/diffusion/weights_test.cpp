// SPDX-License-Identifier: Apache-2.0
// Loading named weights: what is refused, what is not copied, and how adapters act.
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/networks/layers_torch.h"
#include "diffusion/networks/weights_torch.h"
#include "tensors/blobs_torch.h"
#include "tensors/compute_torch.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::diffusion {
namespace {

using core::ErrorKind;
using torch::Tensor;

class WeightLoading : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::map<std::string, Tensor>& tensors) {
    std::map<std::string, core::TensorBlob> blobs;
    for (const auto& [key, tensor] : tensors) blobs[key] = tensors::blob_from_tensor(tensor);
    core::write_safetensors(scratch_ / name, blobs, {});
  }
  WeightLoader loader(const std::vector<std::string>& names, const tensors::Compute& compute = {}) {
    std::vector<core::SafetensorsFile> files;
    for (const std::string& name : names) {
      files.push_back(core::SafetensorsFile::open(scratch_ / name));
    }
    return WeightLoader(std::move(files), "unet", compute);
  }
  // A loader over one linear layer "a" of 2 inputs and 3 outputs, in which `bad` replaces the
  // weight.
  WeightLoader with_weight(const Tensor& bad) {
    write("m.safetensors", {{"a.weight", bad}, {"a.bias", torch::zeros({3})}});
    return loader({"m.safetensors"});
  }
  core::ScratchFolder scratch_;
};

Linear layer_a(WeightLoader& from) { return linear(Scope(from) / "a", 2, 3); }

TEST_F(WeightLoading, GathersShards) {
  write("1.safetensors", {{"a.weight", torch::ones({3, 2})}});
  write("2.safetensors", {{"a.bias", torch::ones({3})}});
  WeightLoader from = loader({"1.safetensors", "2.safetensors"});
  const Linear layer = layer_a(from);
  EXPECT_EQ(from.finish().num_parameters(), 9);
  EXPECT_TRUE(layer(torch::ones({1, 2})).equal(torch::full({1, 3}, 3.0)));
}

TEST_F(WeightLoading, LeavesFloat32InTheMappedFile) {
  write("m.safetensors", {{"a.weight", torch::ones({3, 2})}, {"a.bias", torch::ones({3})}});
  const core::SafetensorsFile file = core::SafetensorsFile::open(scratch_ / "m.safetensors");
  WeightLoader from({file}, "unet", {});
  const Linear layer = layer_a(from);
  EXPECT_EQ(layer.weight->value.data_ptr(), file.at("a.weight").data);
}

TEST_F(WeightLoading, ConvertsToTheWantedDtypeButKeepsNormsInFloat32) {
  write("m.safetensors",
        {{"n.weight", torch::ones({4}, torch::kFloat16)},
         {"n.bias", torch::zeros({4}, torch::kFloat64)},
         {"c.weight", torch::ones({2, 2, 3, 3})},
         {"c.bias", torch::ones({2}, torch::kBFloat16)}});
  tensors::Compute compute;
  compute.dtype = torch::kBFloat16;
  compute.channels_last = true;
  WeightLoader from = loader({"m.safetensors"}, compute);
  const GroupNorm norm = group_norm(Scope(from) / "n", 4, 2, 1e-5);
  const Conv2d conv = conv2d(Scope(from) / "c", 2, 2, 3);
  EXPECT_EQ(norm.weight->value.scalar_type(), torch::kFloat32);
  EXPECT_EQ(conv.weight->value.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(conv.weight->value.is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST_F(WeightLoading, NamesMissingWeights) {
  write("m.safetensors", {{"a.weight", torch::ones({3, 2})}});
  WeightLoader from = loader({"m.safetensors"});
  layer_a(from);
  const core::Error error = core::caught([&] { from.finish(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_EQ(error.where(), "unet");
  EXPECT_EQ(error.problem(), "lacks the weights \"a.bias\"");
}

TEST_F(WeightLoading, NamesUnexpectedWeightsButTheFirstFive) {
  std::map<std::string, Tensor> tensors = {{"a.weight", torch::ones({3, 2})},
                                           {"a.bias", torch::ones({3})}};
  for (const char* name : {"b1", "b2", "b3", "b4", "b5", "b6", "b7"})
    tensors[name] = torch::ones({1});
  write("m.safetensors", tensors);
  WeightLoader from = loader({"m.safetensors"});
  layer_a(from);
  EXPECT_EQ(
      core::caught([&] { from.finish(); }).problem(),
      "holds the weights \"b1\", \"b2\", \"b3\", \"b4\", \"b5\" and 2 more, which config.json "
      "has no place for");
}

TEST_F(WeightLoading, RefusesAnotherShape) {
  WeightLoader from = with_weight(torch::ones({2, 3}));
  const core::Error error = core::caught([&] { layer_a(from); });
  EXPECT_EQ(error.problem(), "shape [2,3], the configuration asks for [3,2]");
  EXPECT_NE(error.where().find("m.safetensors, tensor \"a.weight\""), std::string::npos);
}

TEST_F(WeightLoading, RefusesIntegers) {
  WeightLoader from = with_weight(torch::ones({3, 2}, torch::kInt32));
  EXPECT_EQ(core::caught([&] { layer_a(from); }).problem(), "dtype I32 is not a floating type");
}

TEST_F(WeightLoading, RefusesWhatIsNotFiniteInEveryDtype) {
  for (const auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      Tensor weight = torch::ones({3, 2}, dtype);
      weight[2][1] = bad;
      WeightLoader from = with_weight(weight);
      EXPECT_EQ(core::caught([&] { layer_a(from); }).problem(), "holds a value that is not finite")
          << torch::toString(dtype) << ' ' << bad;
    }
  }
}

TEST_F(WeightLoading, RefusesATensorInTwoShards) {
  write("1.safetensors", {{"a.weight", torch::ones({3, 2})}});
  write("2.safetensors", {{"a.weight", torch::ones({3, 2})}});
  EXPECT_EQ(core::caught([&] {
              loader({"1.safetensors", "2.safetensors"});
            }).problem(),
            "tensor \"a.weight\" is in two shards");
}

TEST_F(WeightLoading, TrainingLeavesTheFileAsItIs) {
  write("m.safetensors", {{"a.weight", torch::ones({3, 2})}, {"a.bias", torch::ones({3})}});
  WeightLoader from = loader({"m.safetensors"});
  layer_a(from);
  Weights weights = from.finish();
  weights.make_trainable([](const std::string& name) { return name == "a.weight"; });
  {
    const torch::NoGradGuard no_grad;
    weights.find("a.weight")->value.fill_(7.0);
  }
  EXPECT_EQ(weights.trainable().size(), 1U);
  const core::SafetensorsFile again = core::SafetensorsFile::open(scratch_ / "m.safetensors");
  EXPECT_TRUE(tensors::tensor_over(again, again.at("a.weight")).equal(torch::ones({3, 2})));
}

TEST(WeightLoader, DrawsTheSameNetworkFromTheSameSeed) {
  const auto drawn = [](std::uint64_t seed) {
    WeightLoader from(seed, {});
    return layer_a(from).weight->value;
  };
  EXPECT_TRUE(drawn(5).equal(drawn(5)));
  EXPECT_FALSE(drawn(5).equal(drawn(6)));
}

TEST(Adapter, ReplacesTheWeightWhileItIsAttachedAndLearnsInItsPlace) {
  WeightLoader from(1, {});
  const Linear layer = layer_a(from);
  const Tensor x = torch::ones({1, 2});
  const Tensor before = layer(x);
  const Tensor shift = torch::full({3, 2}, 0.5).requires_grad_(true);
  layer.weight->adapters.push_back({{shift}, [shift](const Tensor& w) { return w + shift; }});
  const Tensor during = layer(x);
  EXPECT_TRUE(torch::allclose(during, before + 1.0));
  during.sum().backward();
  EXPECT_TRUE(shift.grad().equal(torch::ones({3, 2})));
  layer.weight->adapters.clear();
  EXPECT_TRUE(layer(x).equal(before));
}

}  // namespace
}  // namespace patina::diffusion
