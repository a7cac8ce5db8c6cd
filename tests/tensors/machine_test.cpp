// SPDX-License-Identifier: Apache-2.0
// What is recorded of the machine beside a result.
#include "tensors/machine.h"

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::tensors {
namespace {

TEST(Machine, NamesThePrecisionThatAutoComesTo) {
  ComputeOptions options;
  const std::string precision = describe_machine(options).precision;
  EXPECT_TRUE(precision == "float32" || precision == "bfloat16") << precision;
  options.precision = Precision::kFloat32;
  EXPECT_EQ(describe_machine(options).precision, "float32");
}

TEST(Machine, CountsTheThreadsThatAreUsed) {
  ComputeOptions options;
  EXPECT_GE(describe_machine(options).threads, 1);
  {
    const core::ScopedEnvironment asked("OMP_NUM_THREADS", "5,2");
    EXPECT_EQ(describe_machine(options).threads, 5);
  }
  {
    const core::ScopedEnvironment nonsense("OMP_NUM_THREADS", "many");
    EXPECT_GE(describe_machine(options).threads, 1);
  }
  options.num_threads = 3;
  EXPECT_EQ(describe_machine(options).threads, 3);
}

#if defined(__x86_64__)
// LibTorch never chooses more than the processor has.
TEST(Machine, NamesAnInstructionSetThatTheProcessorHas) {
  const std::string chosen = describe_machine({}).instruction_set;
  if (chosen == "avx512") {
    EXPECT_TRUE(__builtin_cpu_supports("avx512f"));
  } else if (chosen == "avx2") {
    EXPECT_TRUE(__builtin_cpu_supports("avx2"));
  } else {
    EXPECT_TRUE(chosen == "no avx" || chosen == "default") << chosen;
  }
}
#endif

TEST(Machine, RefusesADeviceThatThereIsNone) {
  ComputeOptions options;
  options.device = "abacus";
  EXPECT_EQ(core::caught([&] { describe_machine(options); }).kind(), core::ErrorKind::kUsage);
}

}  // namespace
}  // namespace patina::tensors
