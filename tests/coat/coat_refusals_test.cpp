// SPDX-License-Identifier: Apache-2.0
// Wrong inputs get one sentence and leave nothing behind.
#include <functional>

#include "core/error.h"
#include "images/pixels/image_file.h"
#include "tests/coat/scratch.h"

namespace patina::coat {
namespace {

using CoatRefuses = CoatScratch;

std::string sentence_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const core::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(CoatRefuses, AnEmptyFolder) {
  EXPECT_NE(
      sentence_of([&] { coat_images(options()); }).find("no images in it; name files or folders"),
      std::string::npos);
}

TEST_F(CoatRefuses, AFolderWithoutOneReadableImage) {
  add_text("fake.png", "text");
  EXPECT_NE(sentence_of([&] { coat_images(options()); }).find("none of the images can be read"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(root_ / "owner.key"));
}

TEST_F(CoatRefuses, OutputInsideInput) {
  add("a.png", picture(1));
  CoatOptions nested = options();
  nested.output = root_ / "in/out";
  EXPECT_NE(sentence_of([&] { coat_images(nested); }).find("lies inside the input"),
            std::string::npos);
}

TEST_F(CoatRefuses, InputInsideOutput) {
  add("a.png", picture(1));
  CoatOptions around = options();
  around.output = root_;
  EXPECT_NE(sentence_of([&] { coat_images(around); }).find("contains the input"),
            std::string::npos);
}

TEST_F(CoatRefuses, AKeyInsideThePublishedFolder) {
  add("a.png", picture(1));
  CoatOptions exposed = options();
  exposed.key_path = root_ / "out/owner.key";
  EXPECT_NE(sentence_of([&] { coat_images(exposed); }).find("which is for publishing"),
            std::string::npos);
}

TEST_F(CoatRefuses, AFinishedOutputAgain) {
  add("a.png", picture(1));
  coat_images(options());
  EXPECT_NE(sentence_of([&] { coat_images(options()); }).find("holds a finished run"),
            std::string::npos);
}

TEST_F(CoatRefuses, ToOverwriteAKey) {
  add("a.png", picture(1));
  coat_images(options());
  CoatOptions other = options();
  other.output = root_ / "other";
  EXPECT_NE(sentence_of([&] {
              coat_images(other);
            }).find("would be overwritten; coat with it (--use-key)"),
            std::string::npos);
}

TEST_F(CoatRefuses, AFolderWithForeignFiles) {
  add("a.png", picture(1));
  core::make_folder(root_ / "out");
  core::write_file_atomic(root_ / "out/notes.txt", std::string_view("mine"));
  EXPECT_NE(sentence_of([&] { coat_images(options()); }).find("is not empty"), std::string::npos);
}

TEST_F(CoatRefuses, TwoInputsUnderOneOutputName) {
  add("a.png", picture(1));
  add("a.jpg", picture(2, images::ImageFormat::kJPEG));
  CoatOptions png = options();
  png.files.format = images::ImageFormat::kPNG;
  EXPECT_NE(
      sentence_of([&] { coat_images(png); }).find("two inputs would be written under this name"),
      std::string::npos);
}

TEST_F(CoatRefuses, ImagesUnder64Pixels) {
  images::ImageFile tiny = picture(1);
  tiny.image = sample_image(63, 80, 1);
  add("tiny.png", tiny);
  EXPECT_NE(sentence_of([&] {
              coat_images(options());
            }).find("63x80 pixels, a coating needs at least 64 a side"),
            std::string::npos);
}

TEST_F(CoatRefuses, HighFidelityOfAMethodThatMakesTheImageInOnePiece) {
  add("one.png", picture(1));
  CoatOptions high = options();
  high.method.name = "dct-dwt-svd";
  high.fidelity.level = Fidelity::kHigh;
  EXPECT_NE(sentence_of([&] { coat_images(high); }).find("high has no effect with the method"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(high.key_path)) << "nothing is left behind";
}

TEST_F(CoatRefuses, OptionsOutOfRange) {
  const auto problem = [&](const std::function<void(CoatOptions&)>& spoil) {
    CoatOptions spoilt = options();
    spoil(spoilt);
    return sentence_of([&] { validate(spoilt); });
  };
  EXPECT_NE(problem([](CoatOptions& o) { o.fidelity.strength = 0.0; }).find("--strength"),
            std::string::npos);
  EXPECT_NE(problem([](CoatOptions& o) { o.method.siren.steps = -1; }).find("--steps"),
            std::string::npos);
  EXPECT_NE(problem([](CoatOptions& o) { o.files.quality_percent = 0; }).find("--quality"),
            std::string::npos);
  EXPECT_NE(problem([](CoatOptions& o) { o.files.max_size_ratio = 0.5; }).find("--max-size-ratio"),
            std::string::npos);
  EXPECT_NE(problem([](CoatOptions& o) {
              o.method.siren.hypersphere_weight = -1.0;
            }).find("--hypersphere"),
            std::string::npos);
}

}  // namespace
}  // namespace patina::coat
