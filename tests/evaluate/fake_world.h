// SPDX-License-Identifier: Apache-2.0
// A world in which the chain takes milliseconds: keys, models and images are a few bytes that say
// whose mark they carry, and the scorer of a key reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evaluate/chain/chain.h"
#include "tests/core/scratch_folder.h"

namespace patina::evaluate {

namespace fs = std::filesystem;

enum class Stage { kCoat, kPersonalize, kGenerate, kScore };

/// What the scorer of a key answers to.
enum class FakeReading {
  kOwnMark,    ///< Its own set's mark alone.
  kAnyMark,    ///< Marks of all owners.
  kEveryOther  ///< Its own mark, in about half of the images.
};

class FakeWorld {
 public:
  /// Three owners of ten images each, called first, second, third.
  FakeWorld();

  Experiment experiment(const std::string& folder = "out");
  std::vector<CellRecord> run(const std::string& folder = "out");

  /// From here on, the `call`th call of a stage fails as a kill would.
  void kill_at(Stage stage, int call);
  /// Counts a call of a stage.
  void enter(Stage stage);
  int calls(Stage stage) const;
  fs::path out(const std::string& folder = "out") const { return scratch_ / folder; }

  ChainOptions options;
  FakeReading reading = FakeReading::kOwnMark;
  int key_terms = 0;  ///< Terms of a key of random signs; 0 = a key without.
  std::vector<TrainingTask> trainings;
  std::vector<std::uint64_t> generated_seeds;  ///< Of batches.
  std::vector<std::string> base_prompts;

 private:
  CoatingQuality coat(const CoatingTask& task);
  Trained personalize(const TrainingTask& task);
  GenerateBatch open(const std::string& mark);

  // In memory where there is a folder for that: each of thousands of files is written durably.
  core::ScopedEnvironment in_memory_{"TMPDIR", fs::exists("/dev/shm") ? "/dev/shm" : "/tmp"};
  core::ScratchFolder scratch_;
  std::map<Stage, int> calls_, kills_;
};

}  // namespace patina::evaluate
