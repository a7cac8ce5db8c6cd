// SPDX-License-Identifier: Apache-2.0
#include "cli/model.h"

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

TEST(TakeModel, KeepsTheBaseThatIsGiven) {
  diffusion::GeneratorOptions model;
  model.base = "models/own";
  EXPECT_EQ(take_model({}, model), "");
  EXPECT_EQ(model.base, "models/own");
}

TEST(TakeModel, FillsInTheBuiltInBase) {
  diffusion::GeneratorOptions model;
  EXPECT_EQ(take_model({}, model), "") << "a base has no caption of its own";
  EXPECT_EQ(model.base.filename(), "base");
}

TEST(TakeModel, RefusesAFolderThatNothingWasPersonalisedInto) {
  const core::ScratchFolder empty;
  diffusion::GeneratorOptions model;
  const core::Error error = core::caught([&] { take_model(empty.path(), model); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::cli
