// SPDX-License-Identifier: Apache-2.0
// What is to be coated, and whether it may go where the user wants it.
#include <gmock/gmock.h>

#include "coat/internal/inputs.h"
#include "coat/internal/release.h"
#include "core/files.h"
#include "images/image_io.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/images/sample_image.h"

namespace patina::coat {
namespace {

class CoatPlaces : public testing::Test {
 protected:
  CoatPlaces() {
    core::make_folder(folder_ / "in");
    options_.inputs = {folder_ / "in"};
    options_.output = folder_ / "out";
    options_.key_path = folder_ / "owner.key";
  }

  void add(const std::string& name, int width_px = 64, int height_px = 64) const {
    images::ImageFile file;
    file.image = images::sample_image(width_px, height_px, 1);
    core::make_folder((folder_ / name).parent_path());
    core::write_file_atomic(folder_ / name, images::encode_image(file));
  }
  void add_text(const std::string& name, const std::string& text) const {
    core::make_folder((folder_ / name).parent_path());
    core::write_file_atomic(folder_ / name, text);
  }
  std::string refusal() const {
    return core::caught_text([&] { check_places(options_); });
  }
  std::vector<std::string> released() const {
    std::vector<std::string> names;
    for (const images::ImageEntry& entry : find_images(options_)) {
      names.push_back(released_name(entry, options_).generic_string());
    }
    return names;
  }

  core::ScratchFolder folder_;
  CoatOptions options_;
};

TEST_F(CoatPlaces, BesideEachOtherAreAllowed) { EXPECT_NO_THROW(check_places(options_)); }

TEST_F(CoatPlaces, MustBeGiven) {
  options_.key_path.clear();
  EXPECT_EQ(refusal(), "--key: not given; see patina coat --help.");
  options_.output.clear();
  EXPECT_EQ(refusal(), "--output: not given; see patina coat --help.");
  EXPECT_EQ(core::caught([&] { check_places(options_); }).kind(), core::ErrorKind::kUsage);
}

TEST_F(CoatPlaces, OfOutputInAnInputAreRefused) {
  for (const char* output : {"in", "in/out", "in/deep/out", "in/../in/out", "out/../in"}) {
    options_.output = folder_ / output;
    EXPECT_EQ(refusal(),
              (folder_ / output).string() + ": lies inside the input " + (folder_ / "in").string() +
                  "; choose another -o folder.");
  }
}

TEST_F(CoatPlaces, OfAnInputInTheOutputAreRefused) {
  options_.output = folder_.path();
  EXPECT_EQ(refusal(),
            folder_.path().string() + ": contains the input " + (folder_ / "in").string() +
                "; choose another -o folder.");
}

TEST_F(CoatPlaces, AreCheckedForEveryInput) {
  core::make_folder(folder_ / "more");
  options_.inputs.push_back(folder_ / "more");
  options_.output = folder_ / "more/out";
  EXPECT_THAT(refusal(),
              testing::HasSubstr("lies inside the input " + (folder_ / "more").string()));
}

TEST_F(CoatPlaces, AreFollowedThroughSymbolicLinks) {
  std::filesystem::create_directory_symlink(folder_ / "in", folder_ / "link");
  options_.output = folder_ / "link/out";
  EXPECT_THAT(refusal(), testing::HasSubstr("lies inside the input"));
}

TEST_F(CoatPlaces, ThatOnlyBeginAlikeAreAllowed) {
  options_.output = folder_ / "in-coated";
  options_.key_path = folder_ / "in-coated.key";
  EXPECT_NO_THROW(check_places(options_));
}

TEST_F(CoatPlaces, OfAKeyInTheOutputAreRefused) {
  for (const char* key : {"out/owner.key", "out/deep/owner.key", "in/../out/owner.key"}) {
    options_.key_path = folder_ / key;
    EXPECT_EQ(refusal(),
              (folder_ / key).string() +
                  ": lies inside the output folder, which is for publishing; "
                  "keep the key somewhere else.");
  }
}

TEST_F(CoatPlaces, OfAKeyAmongTheInputsAreTheOwnersAffair) {
  options_.key_path = folder_ / "in/owner.key";
  EXPECT_NO_THROW(check_places(options_));
}

TEST_F(CoatPlaces, MustHoldAnImage) {
  add_text("in/notes.txt", "no image");
  EXPECT_EQ(core::caught_text([&] { find_images(options_); }),
            (folder_ / "in").string() +
                ": no images in it; name files or folders with JPEG, PNG, "
                "WebP, TIFF or BMP images.");
}

TEST_F(CoatPlaces, KeepTheTreeAndItsNames) {
  add("in/b.png");
  add("in/a/c.png");
  add_text("in/a/c.txt", "a caption");
  EXPECT_THAT(released(), testing::UnorderedElementsAre("b.png", "a/c.png"));
}

TEST_F(CoatPlaces, TakeTheEndingOfTheFormatAskedFor) {
  add("in/b.png");
  add("in/a/c.d.png");
  const std::pair<images::ImageFormat, std::string> cases[] = {
      {images::ImageFormat::kJPEG, ".jpg"},
      {images::ImageFormat::kPNG, ".png"},
      {images::ImageFormat::kWebP, ".webp"},
      {images::ImageFormat::kTIFF, ".tif"},
      {images::ImageFormat::kBMP, ".bmp"}};
  for (const auto& [format, ending] : cases) {
    options_.files.format = format;
    EXPECT_THAT(released(), testing::UnorderedElementsAre("b" + ending, "a/c.d" + ending));
  }
}

TEST_F(CoatPlaces, RefuseTwoImagesUnderOneName) {
  add("in/a/one.png");
  add("in/a/one.bmp");
  EXPECT_NO_THROW(find_images(options_));
  options_.files.format = images::ImageFormat::kJPEG;
  EXPECT_EQ(core::caught_text([&] { find_images(options_); }),
            "a/one.jpg: two inputs would be written under this name; rename one of them or drop "
            "--format.");
}

TEST_F(CoatPlaces, TakeImagesOf64PixelsASideAndMore) {
  const std::tuple<int, int, bool> cases[] = {
      {64, 64, true}, {64, 200, true}, {63, 64, false}, {64, 63, false}, {200, 1, false}};
  for (const auto& [width, height, taken] : cases) {
    add("in/a.png", width, height);
    if (taken) {
      EXPECT_EQ(read_for_coating(folder_ / "in/a.png").image.width_px, width);
      continue;
    }
    EXPECT_EQ(core::caught_text([&] { read_for_coating(folder_ / "in/a.png"); }),
              (folder_ / "in/a.png").string() + ": " + std::to_string(width) + "x" +
                  std::to_string(height) +
                  " pixels, a coating needs at least 64 a side; enlarge it or leave it out.");
  }
}

TEST_F(CoatPlaces, CarryACaptionBesideItsImage) {
  add("in/a/c.png");
  add_text("in/a/c.txt", "ein Bild, größer\n");
  core::make_folder(folder_ / "out/a");
  copy_caption(find_images(options_).front(), options_);
  EXPECT_EQ(core::read_text_file(folder_ / "out/a/c.txt"), "ein Bild, größer\n");
}

TEST_F(CoatPlaces, CarryNothingWhereThereIsNoCaption) {
  add("in/a.png");
  core::make_folder(folder_ / "in/a.txt");  // A folder is no caption.
  core::make_folder(folder_ / "out");
  copy_caption(find_images(options_).front(), options_);
  EXPECT_EQ(core::count_entries(folder_ / "out"), 0);
}

}  // namespace
}  // namespace patina::coat
