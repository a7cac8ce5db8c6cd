// SPDX-License-Identifier: Apache-2.0
#include "coat/coat.h"

#include <filesystem>
#include <map>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_document.h"
#include "cli/option_fields.h"
#include "cli/passphrase.h"
#include "cli/session.h"
#include "cli/table.h"
#include "coat/preview.h"
#include "core/error.h"
#include "core/json.h"
#include "core/numbers.h"
#include "images/pixels/image_file.h"

namespace patina::cli {
namespace {

using nlohmann::json;

struct CoatCommand {
  coat::CoatOptions options;
  std::filesystem::path key;
  std::filesystem::path use_key;
  std::filesystem::path preview;
  std::filesystem::path passphrase_file;
  OutputOptions output;
};

CommandText coat_text() {
  return {"coat",
          "IMAGES... -o OUT --key KEY [flags]",
          "Coats images: writes coated copies that mirror the input tree, the secret key and the "
          "public commitment. A rerun of an interrupted run goes on where it stopped.",
          "patina coat photos -o coated --key my.key",
          "0 done, 2 wrong usage or input, 3 disk or memory failed, 130 interrupted."};
}

void bind_places(CommandLine& line, CoatCommand& command) {
  line.positional({"IMAGES", "...", "Image files and folders.", true}, command.options.inputs);
  line.path({"-o,--output", "OUT", "Folder for the coated images; not needed with --preview."},
            command.options.output);
  line.path({"--key", "KEY", "Secret key file to make; this or --use-key is needed."}, command.key);
  line.path({"--use-key", "KEY", "Coat with this existing key, without training."},
            command.use_key);
  bind_passphrase(line, command.passphrase_file);
  line.path(
      {"--preview",
       "FILE.png",
       "Coat the first image only and write clean, coated and amplified difference side by side."},
      command.preview);
}

std::string method_help() {
  std::string text;
  for (const coat::Method& method : coat::methods()) {
    text += (text.empty() ? "Way of coating: " : "; ") + std::string(method.name) + " is " +
            method.words().summary;
  }
  return text + " (default: " + coat::MethodOptions().name + ").";
}

std::vector<core::OptionGroup> method_groups(coat::MethodOptions& options) {
  std::vector<core::OptionGroup> groups;
  for (const coat::Method& method : coat::methods()) {
    groups.push_back({{method.name}, method.describe(options)});
  }
  return groups;
}

void bind_method(CommandLine& line, coat::CoatOptions& options) {
  line.choice({"--method", "NAME", method_help()},
              coat::method_names(),
              [&options](const std::string& name) { options.method.name = name; });
  for (const core::OptionGroup& group : method_groups(options.method)) bind_fields(line, group);
  bind_fields(line, {{}, describe(options.fidelity)});
  line.whole(
      {"--seed",
       "N",
       "Whole number from 0 that makes the key repeatable, and as easy to guess as N (default: "
       "drawn from the operating system)."},
      {0, ~std::uint64_t{0}},
      [&options](std::uint64_t seed) { options.seed = seed; });
}

void bind_files(CommandLine& line, coat::FileOptions& options, bool& strict) {
  line.choice(
      {"--format",
       "NAME",
       "Of the coated files: jpeg, png, webp, tiff or bmp (default: as the input)."},
      {"jpeg", "png", "webp", "tiff", "bmp"},
      [&options](const std::string& name) { options.format = images::format_from_name(name); });
  line.whole(
      {"--quality",
       "PERCENT",
       "JPEG and WebP quality in percent, 1 to 100 (default: as the input)."},
      {1, 100},
      [&options](std::uint64_t quality) { options.quality_percent = static_cast<int>(quality); });
  line.real(
      {"--max-size-ratio",
       "X",
       "Most that a coated file may grow, as a multiple of its clean one at the same settings, 1 "
       "to 100; beyond it the strength is lowered (default: " +
           core::exact_text(options.max_size_ratio) + ")."},
      {1.0, 100.0},
      options.max_size_ratio);
  line.toggle({"--strip-gps", "", "Leave the place out of the coated copies' metadata."},
              options.strip_gps);
  line.toggle({"--strict", "", "Stop at the first unreadable image instead of skipping it."},
              strict);
}

void bind_options(CommandLine& line, CoatCommand& command) {
  bind_places(line, command);
  bind_method(line, command.options);
  bind_files(line, command.options.files, command.options.strict);
  bind_compute(line, command.options.compute);
  bind_output(line, command.output);
  for (const char* flag : {"--key", "--method", "--seed"}) line.exclude("--use-key", flag);
  for (const core::OptionGroup& group : method_groups(command.options.method)) {
    for (const core::OptionField& field : group.fields) line.exclude("--use-key", field.flag);
  }
}

void complete(const CommandLine& line, CoatCommand& command, std::ostream& err) {
  if (!line.given("--preview")) {
    line.require("--output");
    if (!line.given("--use-key")) line.require("--key");
  }
  coat::CoatOptions& options = command.options;
  if (line.given("--strength") && !line.given("--min-psnr")) options.fidelity.min_psnr_db = 0.0;
  options.use_key = line.given("--use-key");
  refuse_flags_without_effect(
      line, method_groups(options.method), "--method", {options.method.name});
  options.key_path = options.use_key ? command.use_key : command.key;
  options.passphrase = read_passphrase(command.passphrase_file, err);
}

// Neither passphrase nor message nor seed: each of them gives the key away.
json options_to_json(const CoatCommand& command) {
  coat::CoatOptions options = command.options;
  json document = to_json(options.compute);
  document.update(core::record(describe(options.fidelity)));
  if (!options.use_key) {
    document["method"] = options.method.name;
    document.update(core::record(coat::find_method(options.method.name).describe(options.method)));
  }
  document["output"] = printable(options.output.string());
  document["key"] = printable(options.key_path.string());
  document["use_key"] = options.use_key;
  document["passphrase_given"] = !options.passphrase.empty();
  document["seed_given"] = options.seed.has_value();
  const coat::FileOptions& files = options.files;
  document["format"] = files.format ? json(to_string(*files.format)) : json();
  document["quality_percent"] = files.quality_percent ? json(*files.quality_percent) : json();
  document["max_size_ratio"] = files.max_size_ratio;
  document["strip_gps"] = files.strip_gps;
  document["strict"] = options.strict;
  document["max_tile_pixels"] = options.max_tile_pixels;
  document["preview"] = command.preview.empty() ? json()
                                                : json(printable(command.preview.string()));
  return document;
}

json quality_to_json(const extractors::Quality& quality) {
  return {{"psnr_db", core::number_or_null(quality.psnr_db)},
          {"ssim", core::number_or_null(quality.ssim)},
          {"delta_e_mean", core::number_or_null(quality.delta_e_mean)},
          {"delta_e_p99", core::number_or_null(quality.delta_e_p99)}};
}

json image_to_json(const coat::CoatedImage& image) {
  return {{"path", printable(image.relative)},
          {"sha256", image.sha256},
          {"width_px", image.width_px},
          {"height_px", image.height_px},
          {"quality", quality_to_json(image.quality)},
          {"strength", image.strength},
          {"size_ratio", core::number_or_null(image.size_ratio)},
          {"score_clean", core::number_or_null(image.score_clean)},
          {"score_coated", core::number_or_null(image.score_coated)},
          {"resumed", image.resumed},
          {"remarks", image.remarks}};
}

json result_to_json(const coat::CoatResult& result) {
  json images = json::array();
  for (const coat::CoatedImage& image : result.images) images.push_back(image_to_json(image));
  json skipped = json::array();
  for (const coat::SkippedImage& image : result.skipped) {
    skipped.push_back({{"path", printable(image.path)}, {"reason", printable(image.reason)}});
  }
  return {{"images", std::move(images)},
          {"skipped", std::move(skipped)},
          {"mean_quality", quality_to_json(result.mean_quality)},
          {"calibration",
           {{"image_count", result.calibration.image_count},
            {"coated_score_mean", core::number_or_null(result.calibration.coated_score_mean)},
            {"coated_score_max", core::number_or_null(result.calibration.coated_score_max)},
            {"clean_score_mean", core::number_or_null(result.calibration.clean_score_mean)},
            {"clean_score_min", core::number_or_null(result.calibration.clean_score_min)},
            {"auc", core::number_or_null(result.calibration.auc)}}},
          {"key_sha256", result.key_sha256},
          {"merkle_root", result.merkle_root},
          {"method", result.method},
          {"radius", result.radius},
          {"radius_score", result.radius_score},
          {"steps", result.steps}};
}

void print_json(const CoatCommand& command, json result, json timings_ms, std::ostream& out) {
  JsonDocument document;
  document.command = "coat";
  document.options = options_to_json(command);
  for (const auto& path : command.options.inputs) {
    document.inputs.push_back(input_record("image", path));
  }
  document.result = std::move(result);
  document.timings_ms = std::move(timings_ms);
  print_document(document, out);
}

TableRow quality_row(const std::string& name,
                     const extractors::Quality& quality,
                     const std::vector<std::string>& rest) {
  TableRow row = {name,
                  core::fixed_text(quality.psnr_db, 1),
                  core::fixed_text(quality.ssim, 4),
                  core::fixed_text(quality.delta_e_mean, 2),
                  core::fixed_text(quality.delta_e_p99, 2)};
  row.insert(row.end(), rest.begin(), rest.end());
  return row;
}

TableRow image_row(const coat::CoatedImage& image) {
  return quality_row(
      printable(image.relative),
      image.quality,
      {core::fixed_text(image.strength, 2),
       core::fixed_text(image.size_ratio, 2),
       core::fixed_text(image.score_clean, 2) + " -> " + core::fixed_text(image.score_coated, 2)});
}

std::string quality_table(const std::vector<coat::CoatedImage>& images,
                          const coat::CoatResult* whole) {
  std::vector<TableRow> rows = {{"image",
                                 "PSNR dB",
                                 "SSIM",
                                 "dE00",
                                 "dE00 p99",
                                 "strength",
                                 "size",
                                 "score clean -> coated"}};
  for (const coat::CoatedImage& image : images) rows.push_back(image_row(image));
  if (whole != nullptr) {
    rows.push_back(quality_row("mean",
                               whole->mean_quality,
                               {"",
                                "",
                                core::fixed_text(whole->calibration.clean_score_mean, 2) + " -> " +
                                    core::fixed_text(whole->calibration.coated_score_mean, 2)}));
  }
  std::vector<Align> columns(rows.front().size(), Align::kRight);
  columns.front() = Align::kLeft;
  return format_table(rows, columns);
}

// Each remark once, with the first image that it is of.
void print_remarks(const coat::CoatResult& result, std::ostream& out) {
  std::map<std::string, std::vector<std::string>> images;
  for (const coat::CoatedImage& image : result.images) {
    for (const std::string& remark : image.remarks) images[remark].push_back(image.relative);
  }
  for (const auto& [remark, names] : images) {
    out << "Note: " << printable(names.front());
    if (names.size() > 1) out << " and " << names.size() - 1 << " more";
    out << ": " << remark << ".\n";
  }
}

void print_text(const CoatCommand& command, const coat::CoatResult& result, std::ostream& out) {
  const std::string key = printable(command.options.key_path.string());
  const std::filesystem::path& output = command.options.output;
  out << quality_table(result.images, &result) << "\n";
  out << core::counted_text(static_cast<std::int64_t>(result.images.size()), "image") << " coated, "
      << result.skipped.size() << " skipped; key trained in "
      << format_duration(result.training_seconds) << ", images coated in "
      << format_duration(result.coating_seconds) << ".\n";
  for (const coat::CoatedImage& image : result.images) {
    if (image.score_coated < 0.5 * image.score_clean) continue;
    out << "Weak: " << printable(image.relative)
        << " has too little texture, or too little room in its file, to carry the coating well.\n";
  }
  print_remarks(result, out);
  for (const coat::SkippedImage& image : result.skipped) {
    out << "Skipped " << printable(image.path) << ": " << printable(image.reason) << ".\n";
  }
  out << "\nCoated images: " << printable(output.string()) << "\nKey:           " << key
      << " (secret: keep it and a copy of it, never publish it)"
      << "\nCommitment:    " << printable((output / "commitment.json").string())
      << " (public: publish it with the images, before anyone can have used them)\n"
      << "\nNext: publish the coated images instead of the clean ones. To audit a model later:\n"
      << "  patina audit --key " << key << " --suspect DIR --benign DIR -o BUNDLE --commitment "
      << printable((output / "commitment.json").string()) << "\n";
}

void tell_estimate(const Session& session, const coat::CoatOptions& options) {
  const coat::Estimate estimate = coat::estimate_coating(options);
  std::string text = core::counted_text(estimate.image_count, "image") + ", " +
                     core::fixed_text(estimate.megapixels, 1) + " megapixels: about ";
  if (!options.use_key) text += format_duration(estimate.training_seconds) + " to train the key, ";
  session.say(text + format_duration(estimate.coating_seconds) + " to coat.");
}

int run_preview(const CoatCommand& command, const Session& session, std::ostream& out) {
  const coat::CoatedImage image = coat::preview_coating(command.options, command.preview);
  if (command.output.json) {
    print_json(command,
               {{"preview", printable(command.preview.string())}, {"image", image_to_json(image)}},
               {{"total", milliseconds(session.seconds())}},
               out);
    return 0;
  }
  out << quality_table({image}, nullptr) << "\nPreview: " << printable(command.preview.string())
      << " (clean, coated, difference amplified)\n";
  return 0;
}

}  // namespace

int run_coat(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  CoatCommand command;
  CommandLine line(coat_text());
  bind_options(line, command);
  if (!line.parse(std::move(args), out)) return 0;
  complete(line, command, err);

  const Session session(command.output, err);
  if (!command.preview.empty()) return run_preview(command, session, out);
  if (!command.output.quiet) tell_estimate(session, command.options);
  const coat::CoatResult result = coat::coat_images(command.options, session.observer());
  if (!command.output.json) {
    print_text(command, result, out);
    return 0;
  }
  print_json(command,
             result_to_json(result),
             {{"training", milliseconds(result.training_seconds)},
              {"coating", milliseconds(result.coating_seconds)},
              {"total", milliseconds(session.seconds())}},
             out);
  return 0;
}

}  // namespace patina::cli
