// SPDX-License-Identifier: Apache-2.0
#include "tests/evaluate/fake_world.h"

#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "images/image_list.h"

namespace patina::evaluate {

namespace {

constexpr int kImagesPerSet = 10;
constexpr const char* kClean = "clean";

class FakeScorer : public keys::Extractor {
 public:
  FakeScorer(FakeWorld& world, std::string own) : world_(world), own_(std::move(own)) {}

  // All scores differ, and a mark's are smaller than any other.
  std::vector<double> score(const std::vector<const images::Image*>& images) override {
    world_.enter(Stage::kScore);
    std::vector<double> scores;
    for (const images::Image* image : images) {
      const double noise = 1e-3 * image->bytes[1] + 1e-6 * image->bytes[2];
      scores.push_back((finds(*image) ? 0.0 : 1.0) + noise);
    }
    return scores;
  }

  keys::ExtractorInfo info() const override { return {}; }

  std::vector<std::vector<double>> key_terms(
      const std::vector<const images::Image*>& images) override {
    std::vector<std::vector<double>> all;
    if (world_.key_terms == 0) return all;
    for (const images::Image* image : images) {
      all.emplace_back(static_cast<std::size_t>(world_.key_terms), finds(*image) ? 1.0 : 0.0);
    }
    return all;
  }

 private:
  bool finds(const images::Image& image) const {
    const char mark = static_cast<char>(image.bytes[0]);
    if (world_.reading == FakeReading::kAnyMark) return mark != kClean[0];
    if (world_.reading == FakeReading::kEveryOther && image.bytes[2] % 2 != 0) return false;
    return mark == own_.front();
  }

  FakeWorld& world_;
  std::string own_;
};

std::string file_name(int index) { return std::to_string(index) + ".png"; }

}  // namespace

FakeWorld::FakeWorld() {
  for (const char* owner : {"first", "second", "third"}) {
    const fs::path set = scratch_ / "sets" / owner;
    core::make_folder(set);
    for (int image = 0; image < kImagesPerSet; ++image) {
      core::write_file_atomic(set / file_name(image), std::string(kClean));
    }
    options.sets.push_back(set);
  }
  options.base = "base";
  options.images = 40;  // Two batches, the second not full.
  options.suspect_images = 5;
  options.repeats = 100;
}

Experiment FakeWorld::experiment(const std::string& folder) {
  ChainSteps steps;
  steps.coat = [this](const CoatingTask& task, const core::Observer&) { return coat(task); };
  steps.personalize = [this](const TrainingTask& task, const core::Observer&) {
    return personalize(task);
  };
  steps.open_model = [this](const fs::path& model) {
    return open(core::read_text_file(model / "mark"));
  };
  steps.open_base = [this](const std::string& prompt) {
    base_prompts.push_back(prompt);
    return open(kClean);
  };
  steps.open_scorer = [this](const fs::path& key) {
    return std::make_unique<FakeScorer>(*this, core::read_text_file(key));
  };
  return {options, out(folder), steps};
}

std::vector<CellRecord> FakeWorld::run(const std::string& folder) {
  const Experiment work = experiment(folder);
  const auto run_one = [&work](const Cell& cell, const core::Observer& observer) {
    return run_chain_cell(work, cell, observer);
  };
  return run_cells(work.folder, plan_chain(options), {run_one, {{"processor", "fake"}}});
}

void FakeWorld::kill_at(Stage stage, int call) { kills_[stage] = calls(stage) + call; }

void FakeWorld::enter(Stage stage) {
  const int call = ++calls_[stage];
  if (kills_.count(stage) == 0 || kills_[stage] != call) return;
  throw core::Error(core::ErrorKind::kCancelled, "the run", "was killed");
}

int FakeWorld::calls(Stage stage) const {
  const auto found = calls_.find(stage);
  return found == calls_.end() ? 0 : found->second;
}

// A mark is the capital letter of the set's name.
CoatingQuality FakeWorld::coat(const CoatingTask& task) {
  core::make_folder(task.output);
  const std::string mark(1, static_cast<char>(task.set.filename().string().front() - 'a' + 'A'));
  for (int image = 0; image < kImagesPerSet; ++image) {
    core::write_file_atomic(task.output / file_name(image), mark);
  }
  core::write_file_atomic(task.key, mark);
  enter(Stage::kCoat);
  return {38.0, 0.97, 1.5};
}

// A model carries the mark of the images that it was trained on, if most of them carry one.
Trained FakeWorld::personalize(const TrainingTask& task) {
  trainings.push_back(task);
  core::make_folder(task.output);
  core::write_file_atomic(task.output / "samples.png", std::string("sheet"));
  std::map<std::string, int> marks;
  for (const images::ImageEntry& entry : images::list_images(task.images)) {
    ++marks[core::read_text_file(entry.path)];
  }
  std::string most = kClean;
  for (const auto& [mark, count] : marks) {
    if (count > marks[most]) most = mark;
  }
  core::write_file_atomic(task.output / "mark", most);
  enter(Stage::kPersonalize);
  return {0.5, most == kClean ? 0.25 : 0.125, task.output / "samples.png"};
}

// Of a flat colour: the mark, and 16 bits that the seed draws.
GenerateBatch FakeWorld::open(const std::string& mark) {
  return [this, mark](std::uint64_t seed, int count, const core::Observer&) {
    generated_seeds.push_back(seed);
    enter(Stage::kGenerate);
    std::vector<images::Image> made;
    for (int i = 0; i < count; ++i) {
      images::Image image = images::make_image(32, 32);
      const std::uint64_t drawn = core::Rng(seed + static_cast<std::uint64_t>(i)).next_u64();
      for (std::size_t at = 0; at < image.bytes.size(); at += 3) {
        image.bytes[at] = static_cast<std::uint8_t>(mark.front());
        image.bytes[at + 1] = static_cast<std::uint8_t>(drawn);
        image.bytes[at + 2] = static_cast<std::uint8_t>(drawn >> 8);
      }
      made.push_back(image);
    }
    return made;
  };
}

}  // namespace patina::evaluate
