// SPDX-License-Identifier: Apache-2.0
// Against the public Siren code (PyTorch 1.13): networks in both norm modes, JND, hypersphere
// losses, JPEG and the gradients of a training step. Cases are discovered in the set at hand.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "coat/siren/coating_torch.h"
#include "coat/siren/generator_torch.h"
#include "coat/siren/hypersphere_torch.h"
#include "extractors/quality/ciede2000_torch.h"
#include "extractors/siren/hidden_torch.h"
#include "keys/coat_key.h"
#include "tensors/blobs_torch.h"
#include "tensors/images_torch.h"
#include "tensors/modules_torch.h"
#include "tests/golden/golden_set.h"
#include "transforms/jnd_torch.h"
#include "transforms/jpeg_torch.h"

namespace patina::coat::siren {
namespace {

using extractors::ForwardMode;
using extractors::HiddenExtractor;
using extractors::NormMode;

class SirenGolden : public ::testing::Test {
 protected:
  void open(const std::string& name) {
    const auto set = golden::open_golden_set("siren");
    if (!set || !set->has(name)) GTEST_SKIP() << "no golden set with " << name;
    file_ = set->file(name);
  }
  bool missing() const { return !file_.has_value(); }
  bool has(const std::string& name) const { return file_->contains(name); }
  torch::Tensor at(const std::string& name) const {
    return tensors::tensor_from_view(file_->at(name));
  }
  std::vector<std::string> cases(const std::string& prefix, int depth = 1) const {
    return golden::groups(*file_, prefix, depth);
  }
  std::map<std::string, core::TensorBlob> blobs() const {
    std::map<std::string, core::TensorBlob> all;
    for (const auto& [name, view] : file_->tensors()) {
      all[name] = {view.dtype, view.shape, {view.data, view.data + view.size_bytes}};
    }
    return all;
  }

  std::optional<core::SafetensorsFile> file_;
};

double largest_difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  return (actual.detach().to(torch::kFloat64) - expected.to(torch::kFloat64))
      .abs()
      .max()
      .item<double>();
}

double relative_to_max(const torch::Tensor& actual, const torch::Tensor& expected) {
  return largest_difference(actual, expected.view(actual.sizes())) /
         (expected.to(torch::kFloat64).abs().max().item<double>() + 1e-300);
}

struct Networks {
  Generator generator{nullptr};
  HiddenExtractor extractor{nullptr};
};

Networks load_networks(const std::map<std::string, core::TensorBlob>& tensors) {
  Networks networks;
  networks.generator = Generator(generator_config(tensors, "encoder/", "golden"));
  networks.extractor = HiddenExtractor(extractors::extractor_config(tensors, "decoder/", "golden"));
  tensors::import_module(*networks.generator, "encoder/", tensors, "golden");
  tensors::import_module(*networks.extractor, "decoder/", tensors, "golden");
  return networks;
}

ForwardMode mode_named(const std::string& name) {
  return {name == "eval" ? NormMode::kRunning : NormMode::kPerImage, false};
}

TEST_F(SirenGolden, NetworksGiveTheReferencesCoatingsAndFeaturesInBothNormModes) {
  open("models.safetensors");
  if (missing()) return;
  torch::NoGradGuard no_grad;
  Networks networks = load_networks(blobs());
  const torch::Tensor message = 2.0 * at("encoder/msg") - 1.0;
  int checked = 0;
  for (const std::string& name : cases("")) {
    if (!has(name + "/image")) continue;
    const torch::Tensor image = at(name + "/image").unsqueeze(0);
    const torch::Tensor input = tensors::normalised_from_unit(image);
    const torch::Tensor mask = transforms::jnd_mask(image);
    EXPECT_LT(largest_difference(mask[0], at(name + "/mask")), 5e-7) << name;
    for (const std::string& mode : cases(name + "/")) {
      const std::string base = name + "/" + mode + "/";
      if (!has(base + "delta")) continue;
      SCOPED_TRACE(base);
      const torch::Tensor delta = networks.generator->forward(input, message, mode_named(mode));
      EXPECT_LT(largest_difference(delta[0], at(base + "delta")), 2e-5);
      const torch::Tensor coated = apply_coating(image, delta, mask, {1.5, 0.0, 0.0, 0.0});
      EXPECT_LT(largest_difference(coated[0], at(base + "coated_rgb")), 2e-6);
      const torch::Tensor clean_feature = networks.extractor->forward(input, mode_named(mode));
      EXPECT_LT(relative_to_max(clean_feature, at(base + "feature_clean")), 1e-5);
      const torch::Tensor coated_feature = networks.extractor->forward(
          tensors::normalised_from_unit(coated), mode_named(mode));
      EXPECT_LT(relative_to_max(coated_feature, at(base + "feature_coated")), 1e-5);
      const torch::Tensor squared = squared_distance(coated_feature, at("decoder/center"));
      EXPECT_LT(relative_to_max(coating_score(squared), at(base + "score_coated")), 1e-5);
      ++checked;
    }
  }
  EXPECT_GT(checked, 0);
}

TEST_F(SirenGolden, JndMapsAreTheReferences) {
  open("jnd.safetensors");
  if (missing()) return;
  for (const std::string& name : cases("")) {
    SCOPED_TRACE(name);
    const torch::Tensor image = (has(name + "/image_u8")
                                     ? at(name + "/image_u8").to(torch::kFloat32) / 255.0
                                     : at(name + "/image"))
                                    .unsqueeze(0);
    // The stored float32 map went through normalising and back; near black, sqrt magnifies what
    // that rounds off.
    EXPECT_LT(largest_difference(transforms::jnd_heatmap(image)[0], at(name + "/heatmap")), 2e-5);
    EXPECT_LT(largest_difference(transforms::jnd_heatmap(image)[0], at(name + "/heatmap_ref")),
              5e-7);
    EXPECT_LT(largest_difference(transforms::jnd_heatmap(image.to(torch::kFloat64))[0],
                                 at(name + "/heatmap_ref")),
              5e-7);
    if (has(name + "/mask")) {
      EXPECT_LT(largest_difference(transforms::jnd_mask(image)[0], at(name + "/mask")), 5e-7);
    }
  }
}

TEST_F(SirenGolden, ScoresAreTheReferences) {
  open("losses.safetensors");
  if (missing()) return;
  const torch::Tensor squared = squared_distance(at("score/features").to(torch::kFloat64),
                                                 at("score/center").to(torch::kFloat64));
  EXPECT_LT(largest_difference(torch::sqrt(squared), at("score/distance")), 1e-9);
  EXPECT_LT(((coating_score(squared) - at("score/stable")) / at("score/stable").clamp_min(1e-300))
                .abs()
                .max()
                .item<double>(),
            1e-9);
}

struct Sphere {
  torch::Tensor positive, negative, center, squared_positive, squared_negative;
};

TEST_F(SirenGolden, HypersphereLossesAndGradientsAreTheReferences) {
  open("losses.safetensors");
  if (missing()) return;
  for (const std::string& name : cases("")) {
    if (!has(name + "/official/loss_positive")) continue;
    SCOPED_TRACE(name);
    const torch::Tensor center = at(name + "/center").to(torch::kFloat64);
    torch::Tensor positive = at(name + "/positive").to(torch::kFloat64).set_requires_grad(true);
    torch::Tensor negative = at(name + "/negative").to(torch::kFloat64).set_requires_grad(true);
    const torch::Tensor score = coating_score(squared_distance(positive, center));
    const torch::Tensor outside = negative_loss(
        squared_distance(negative, center), 0.0, NegativeForm::kLogHuberPublic);
    EXPECT_LT(relative_to_max(score, at(name + "/official/loss_positive")), 1e-9);
    EXPECT_LT(relative_to_max(outside, at(name + "/official/loss_negative")), 1e-9);
    const auto slope = [](const torch::Tensor& loss, const torch::Tensor& input) {
      return torch::autograd::grad({loss.mean()}, {input})[0];
    };
    EXPECT_LT(relative_to_max(slope(score, positive), at(name + "/official/grad_mean_positive")),
              1e-9);
    EXPECT_LT(relative_to_max(slope(outside, negative), at(name + "/official/grad_mean_negative")),
              1e-9);
  }
}

TEST_F(SirenGolden, RadiusQuantileAndLineSearchAreTheReferences) {
  open("losses.safetensors");
  if (missing()) return;
  for (const std::string& name : cases("")) {
    if (!has(name + "/radius_table")) continue;
    SCOPED_TRACE(name);
    const torch::Tensor squared = squared_distance(at(name + "/positive").to(torch::kFloat64),
                                                   at(name + "/center").to(torch::kFloat64));
    const torch::Tensor table = at(name + "/radius_table");
    for (std::int64_t row = 0; row < table.size(0); ++row) {
      const auto column = [&](int i) { return table[row][i].item<double>(); };
      const double nu = column(0);
      EXPECT_NEAR(radius_by_quantile(squared.sqrt(), nu), column(1), 1e-9 * column(1))
          << "nu " << nu;
      const double radius = radius_by_line_search(squared.sqrt(), nu);
      EXPECT_GE(radius, column(3) * (1 - 1e-9)) << "nu " << nu;
      EXPECT_LE(radius, column(4) * (1 + 1e-9)) << "nu " << nu;
      EXPECT_NEAR(
          positive_loss(squared, column(1), nu).item<double>(), column(6), 1e-9 * column(6));
      EXPECT_NEAR(positive_loss(squared, radius, nu).item<double>(), column(7), 1e-9 * column(7));
    }
  }
}

TEST_F(SirenGolden, NegativeFormsAreTheReferencesAtTheQuantileRadius) {
  open("losses.safetensors");
  if (missing()) return;
  const std::map<std::string, NegativeForm> forms = {
      {"eq6_hinge", NegativeForm::kHinge},
      {"eq6_log_dist2", NegativeForm::kLogDistance2},
      {"eq6_log_huber", NegativeForm::kLogHuber},
      {"eq6_log_huber_0.3_1e-9", NegativeForm::kLogHuberPublic},
      {"eq6_log_margin", NegativeForm::kLogMargin}};
  for (const std::string& name : cases("")) {
    for (const std::string& group : cases(name + "/")) {
      if (group.rfind("nu", 0) != 0) continue;
      SCOPED_TRACE(name + "/" + group);
      const torch::Tensor center = at(name + "/center").to(torch::kFloat64);
      torch::Tensor positive = at(name + "/positive").to(torch::kFloat64).set_requires_grad(true);
      const torch::Tensor squared = squared_distance(positive, center);
      const double nu = std::stod(group.substr(2));
      const double radius = radius_by_quantile(squared.sqrt(), nu);
      const torch::Tensor slope = torch::autograd::grad({positive_loss(squared, radius, nu)},
                                                        {positive})[0];
      // A sample exactly on the boundary has two one-sided slopes: it is left out.
      const torch::Tensor off_boundary =
          ((squared.detach().sqrt() - radius).abs() > 1e-9).unsqueeze(1);
      EXPECT_LT(
          relative_to_max(slope * off_boundary,
                          at(name + "/" + group + "/eq5_grad_at_quantile_radius") * off_boundary),
          1e-9);
      const torch::Tensor outside = squared_distance(at(name + "/negative").to(torch::kFloat64),
                                                     center);
      for (const auto& [form_name, form] : forms) {
        const torch::Tensor expected = at(name + "/" + group + "/" + form_name);
        EXPECT_LT(largest_difference(negative_loss(outside, radius, form), expected),
                  1e-9 * (1.0 + expected.abs().max().item<double>()))
            << form_name;
      }
    }
  }
}

TEST_F(SirenGolden, JpegWithThePublicRoundingIsTheReferences) {
  open("robustness.safetensors");
  if (missing()) return;
  for (const std::string& quality : cases("jpeg/")) {
    SCOPED_TRACE("quality " + quality);
    const std::string base = "jpeg/" + quality + "/";
    transforms::JpegOptions options;
    options.quality_percent = std::stod(quality);
    EXPECT_NEAR(transforms::jpeg_table_factor(options.quality_percent),
                at(base + "factor").item<double>(),
                1e-12);
    options.rounding = transforms::JpegRounding::kCubic;
    options.transposed_tables = true;
    torch::Tensor image = at("image").clone().set_requires_grad(true);
    const torch::Tensor out = transforms::jpeg_round_trip(image, options);
    EXPECT_LT(largest_difference(out, at(base + "out")), 2e-5);
    if (has(base + "grad")) {
      const torch::Tensor slope = torch::autograd::grad(
          {out}, {image}, {at(base + "cotangent")})[0];
      EXPECT_LT(relative_to_max(slope, at(base + "grad")), 1e-3);
    }
  }
}

struct StepLoss {
  torch::Tensor total, mse, lab, positive, negative;
};

// The public code's loss at image weight 1 and secret weight 10, CIELAB at its published scale.
StepLoss published_loss(Networks& networks,
                        const torch::Tensor& images,
                        const torch::Tensor& message,
                        const torch::Tensor& center) {
  const ForwardMode mode{NormMode::kRunning, true};
  const torch::Tensor input = tensors::normalised_from_unit(images);
  const torch::Tensor delta = networks.generator->forward(
      input, message.expand({images.size(0), -1}), mode);
  const torch::Tensor coated = apply_coating(
      images, delta, transforms::jnd_mask(images), {1.5, 0.0, 0.0, 0.0});
  const torch::Tensor clean_features = networks.extractor->forward(input, mode);
  const torch::Tensor coated_features = networks.extractor->forward(
      tensors::normalised_from_unit(coated), mode);
  extractors::Ciede2000Options published;
  published.scale = extractors::LabScale::kPublished;
  published.stabiliser = 1e-4;
  StepLoss loss;
  loss.lab = extractors::ciede2000_loss(images, coated, published).mean();
  loss.mse = (coated - images).square().mean();
  loss.positive = coating_score(squared_distance(coated_features, center)).mean();
  loss.negative = negative_loss(
                      squared_distance(clean_features, center), 0.0, NegativeForm::kLogHuberPublic)
                      .mean();
  loss.total = ((loss.mse + 1e-3 * loss.lab) + 10.0 * (loss.positive + loss.negative) / 2.0) / 11.0;
  return loss;
}

TEST_F(SirenGolden, GradientsOfTheFirstTrainingStepAreTheReferences) {
  open("models.safetensors");
  if (missing()) return;
  Networks networks = load_networks(blobs());
  networks.generator->to(torch::kFloat64);
  networks.extractor->to(torch::kFloat64);
  const torch::Tensor message = (2.0 * at("encoder/msg") - 1.0).to(torch::kFloat64);
  const torch::Tensor center = at("decoder/center").to(torch::kFloat64);
  open("trainstep.safetensors");
  const torch::Tensor images = at("images").to(torch::kFloat64);
  const StepLoss loss = published_loss(networks, images, message, center);
  const torch::Tensor expected = at("loss_table")[0];
  const torch::Tensor terms[] = {loss.total, loss.mse, loss.lab, loss.positive, loss.negative};
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(terms[i].item<double>(),
                expected[i].item<double>(),
                1e-6 * std::abs(expected[i].item<double>()))
        << "column " << i;
  }
  loss.total.backward();
  std::map<std::string, torch::Tensor> slopes;
  for (const auto& item : networks.generator->named_parameters())
    slopes["encoder/" + item.key()] = item.value().grad();
  for (const auto& item : networks.extractor->named_parameters())
    slopes["decoder/" + item.key()] = item.value().grad();
  for (const auto& [name, slope] : slopes) {
    const bool before_norm = name.find("layers.0.bias") !=
                             std::string::npos;  // Zero but for rounding.
    if (before_norm || !has("grad_step1/" + name)) continue;
    EXPECT_LT(relative_to_max(slope, at("grad_step1/" + name)), 1e-5) << name;
  }
}

}  // namespace
}  // namespace patina::coat::siren
