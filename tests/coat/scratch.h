// SPDX-License-Identifier: Apache-2.0
// A folder of sample photographs to coat, fresh for every test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coat/coat.h"
#include "core/files.h"
#include "images/image_io.h"
#include "tensors/compute.h"
#include "tests/coat/sample_pair.h"

namespace patina::coat {

class CoatScratch : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::temp_directory_path() /
            (std::string("patina-") + test->test_suite_name() + "-" + test->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "in");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  images::ImageFile picture(std::uint64_t seed,
                            images::ImageFormat format = images::ImageFormat::kPNG) const {
    images::ImageFile file;
    file.image = sample_image(96, 80, seed);
    file.encoding.format = format;
    return file;
  }
  void add(const std::string& name, const images::ImageFile& file) const {
    std::filesystem::create_directories((root_ / "in" / name).parent_path());
    core::write_file_atomic(root_ / "in" / name, images::encode_image(file));
  }
  void add_text(const std::string& name, const std::string& text) const {
    core::write_file_atomic(root_ / "in" / name, text);
  }
  CoatOptions options() const {
    CoatOptions options;
    options.method.name = "siren";
    options.inputs = {root_ / "in"};
    options.output = root_ / "out";
    options.key_path = root_ / "owner.key";
    options.method.siren.steps = 2;
    options.method.siren.sphere_crops = 4;
    options.seed = 7;
    options.files.max_size_ratio =
        3.0;  // Sample images of a few kilobytes; the limit has its own test.
    options.compute.precision = tensors::Precision::kFloat32;
    return options;
  }

  std::filesystem::path root_;
};

}  // namespace patina::coat
