// SPDX-License-Identifier: Apache-2.0
// Colour difference and image quality against PyTorch, scikit-image and SciPy. Cases are
// discovered in the set at hand; see tests/golden/golden_set.h for where it is looked for.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "extractors/quality/ciede2000.h"
#include "extractors/quality/quality.h"
#include "tests/golden/golden_set.h"

namespace patina::extractors {
namespace {

using golden::doubles;
using golden::groups;

constexpr double kFloor = 1e-4;  ///< Of the loss of a sample; below it there is no gradient.

/// One file of the set; skips where there is none.
class ColorGolden : public ::testing::Test {
 protected:
  void open(const std::string& name) {
    set_ = golden::open_golden_set("siren");
    if (!set_ || !set_->has(name)) GTEST_SKIP() << "no golden set with " << name;
    RecordProperty("golden_set", set_->folder().string());
    file_ = set_->file(name);
  }

  std::vector<double> tensor(const std::string& name) const { return doubles(*file_, name); }
  std::int64_t side(const std::string& name, std::size_t axis) const {
    return file_->at(name).shape.at(axis);
  }
  std::vector<std::string> cases_with(const std::string& tensor_name) const {
    std::vector<std::string> found;
    for (const std::string& name : groups(*file_, "")) {
      if (file_->contains(name + "/" + tensor_name)) found.push_back(name);
    }
    return found;
  }

  std::optional<golden::GoldenSet> set_;
  std::optional<core::SafetensorsFile> file_;
};

double largest(const std::vector<double>& values) {
  double result = 0.0;
  for (const double v : values) result = std::max(result, std::abs(v));
  return result;
}

template <class T>
double largest_gap(const std::vector<T>& actual, const std::vector<double>& expected) {
  EXPECT_EQ(actual.size(), expected.size());
  double result = 0.0;
  for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    result = std::max(result, std::abs(static_cast<double>(actual[i]) - expected[i]));
  }
  return result;
}

class Ciede2000Golden : public ColorGolden {
 protected:
  void SetUp() override { open("ciede2000.safetensors"); }

  struct Loss {
    std::vector<double> per_sample;  ///< Mean of the squared differences, no floor.
    std::vector<double> gradient;
  };

  /// Loss and gradient of a case with the kernel of type T.
  template <class T>
  Loss loss_of(const std::string& name, const Ciede2000Options& options) const {
    const std::vector<double> first = tensor(name + "/image1");
    const std::vector<double> second = tensor(name + "/image2");
    const std::vector<T> clean(first.begin(), first.end());
    const std::vector<T> coated(second.begin(), second.end());
    const std::int64_t pixels = side(name + "/image1", 2) * side(name + "/image1", 3);
    Loss loss;
    for (std::int64_t n = 0; n < side(name + "/image1", 0); ++n) {
      const PlanarPair<T> pair{
          clean.data() + 3 * pixels * n, coated.data() + 3 * pixels * n, pixels};
      std::vector<T> gradient(static_cast<std::size_t>(3 * pixels));
      const double mean = ciede2000_squared_sum(pair, {0, pixels}, options, gradient.data()) /
                          static_cast<double>(pixels);
      const double weight = mean < kFloor ? 0.0 : 1.0 / static_cast<double>(pixels);
      loss.per_sample.push_back(mean);
      for (const T g : gradient) loss.gradient.push_back(static_cast<double>(g) * weight);
    }
    return loss;
  }

  void expect_loss(const std::string& name, const std::string& kind, LabScale scale) const {
    SCOPED_TRACE(name + "/" + kind);
    const Ciede2000Options options{scale, 1e-4};
    const std::vector<double> expected = tensor(name + "/" + kind + "/loss");
    const std::vector<double> gradient = tensor(name + "/" + kind + "/grad");
    const Loss twice = loss_of<double>(name, options);
    const Loss single = loss_of<float>(name, options);
    for (std::size_t n = 0; n < expected.size(); ++n) {
      EXPECT_NEAR(std::max(twice.per_sample.at(n), kFloor), expected[n], 1e-9 * expected[n]);
      EXPECT_NEAR(std::max(single.per_sample.at(n), kFloor), expected[n], 1e-5 * expected[n]);
    }
    EXPECT_LE(largest_gap(twice.gradient, gradient), 1e-9 * largest(gradient));
    EXPECT_LE(largest_gap(single.gradient, gradient), 1e-3 * largest(gradient));
  }

  /// Stored as float32: L* up to 100 is good to 4e-6.
  void expect_lab(const std::string& name, const std::string& kind, LabScale scale) const {
    const std::vector<double> image = tensor(name + "/image1");
    const std::vector<double> lab = tensor(name + "/" + kind + "/lab1");
    const std::size_t pixels = static_cast<std::size_t>(side(name + "/image1", 2) *
                                                        side(name + "/image1", 3));
    std::vector<double> actual(lab.size());
    for (std::size_t i = 0; i < lab.size() / 3; ++i) {
      const std::size_t at = i / pixels * 3 * pixels + i % pixels;
      const Lab color = lab_from_srgb({image[at], image[at + pixels], image[at + 2 * pixels]},
                                      scale);
      actual[at] = color.l;
      actual[at + pixels] = color.a;
      actual[at + 2 * pixels] = color.b;
    }
    EXPECT_LE(largest_gap(actual, lab), 5e-6) << name << '/' << kind;
  }
};

TEST_F(Ciede2000Golden, DifferencesOfThePublishedPairs) {
  const std::vector<double> first = tensor("sharma/lab1");
  const std::vector<double> second = tensor("sharma/lab2");
  const std::vector<double> published = tensor("sharma/published");
  const std::vector<double> stabilised = tensor("sharma/official_eps1e-4");
  for (std::size_t i = 0; i < published.size(); ++i) {
    const Lab a{first[3 * i], first[3 * i + 1], first[3 * i + 2]};
    const Lab b{second[3 * i], second[3 * i + 1], second[3 * i + 2]};
    EXPECT_NEAR(ciede2000(a, b, {LabScale::kCie, 0.0}), published[i], 5.1e-5) << "pair " << i + 1;
    EXPECT_NEAR(ciede2000(a, b, {LabScale::kCie, 1e-4}), stabilised[i], 1e-9) << "pair " << i + 1;
  }
}

TEST_F(Ciede2000Golden, LabOfImages) {
  for (const std::string& name : cases_with("official/lab1")) {
    expect_lab(name, "official", LabScale::kPublished);
  }
  for (const std::string& name : cases_with("true_lab/lab1")) {
    expect_lab(name, "true_lab", LabScale::kCie);
  }
}

TEST_F(Ciede2000Golden, LossAndGradientAtThePublishedScale) {
  for (const std::string& name : cases_with("official/grad")) {
    expect_loss(name, "official", LabScale::kPublished);
  }
}

TEST_F(Ciede2000Golden, LossAndGradientAtTheScaleOfCie) {
  for (const std::string& name : cases_with("true_lab/grad")) {
    expect_loss(name, "true_lab", LabScale::kCie);
  }
}

TEST_F(Ciede2000Golden, ExactMapsAndLosses) {
  const Ciede2000Options exact{LabScale::kCie, 0.0};
  for (const std::string& name : cases_with("true_lab/de_map_eps0")) {
    const std::vector<double> clean = tensor(name + "/image1");
    const std::vector<double> coated = tensor(name + "/image2");
    const std::vector<double> expected = tensor(name + "/true_lab/de_map_eps0");
    const std::int64_t pixels = side(name + "/image1", 2) * side(name + "/image1", 3);
    std::vector<double> map(expected.size());
    for (std::int64_t n = 0; n < side(name + "/image1", 0); ++n) {
      const PlanarPair<double> pair{
          clean.data() + 3 * pixels * n, coated.data() + 3 * pixels * n, pixels};
      ciede2000_map(pair, {0, pixels}, exact, map.data() + pixels * n);
    }
    EXPECT_LE(largest_gap(map, expected), 1e-6 * std::max(1.0, largest(expected))) << name;
    if (!file_->contains(name + "/true_lab/loss_eps0")) continue;
    const std::vector<double> losses = tensor(name + "/true_lab/loss_eps0");
    const std::vector<double> actual = loss_of<double>(name, exact).per_sample;
    EXPECT_LE(largest_gap(actual, losses), 1e-9 * largest(losses)) << name;
  }
}

class QualityGolden : public ColorGolden {
 protected:
  void SetUp() override { open("quality.safetensors"); }
};

TEST_F(QualityGolden, PsnrAndSsim) {
  const nlohmann::json index = set_->index();
  const nlohmann::json& values = index["files"]["quality.safetensors"]["values"];
  for (const std::string& name : cases_with("image1")) {
    SCOPED_TRACE(name);
    const std::vector<double> first = tensor(name + "/image1");
    const std::vector<double> second = tensor(name + "/image2");
    const std::vector<float> clean(first.begin(), first.end());
    const std::vector<float> coated(second.begin(), second.end());
    const PlanesPair pair{clean.data(),
                          coated.data(),
                          static_cast<int>(side(name + "/image1", 0)),
                          static_cast<int>(side(name + "/image1", 1)),
                          static_cast<int>(side(name + "/image1", 2))};
    if (file_->contains(name + "/ssim_map")) {
      EXPECT_LE(largest_gap(ssim_map(pair), tensor(name + "/ssim_map")), 1e-6);
    }
    if (!values.contains(name)) continue;
    EXPECT_NEAR(ssim(pair), values[name]["ssim"].get<double>(), 1e-9);
    if (values[name]["psnr"].is_null()) {
      EXPECT_TRUE(std::isinf(psnr_db(pair)));
    } else {
      EXPECT_NEAR(psnr_db(pair), values[name]["psnr"].get<double>(), 1e-9);
    }
  }
}

}  // namespace
}  // namespace patina::extractors
