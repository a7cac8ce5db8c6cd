// SPDX-License-Identifier: Apache-2.0
// First step of making the built-in base model: pictures and captions become one file, captions
// also a tokenizer.
//
//   pretrain_base_prepare DATA_DIR OUT_DIR [side=128]
//
// DATA_DIR holds the four sets named in kSets below, archives of pictures unpacked beside their
// tables. Held back from pre-training altogether, so that personalisation meets pictures the base
// has never seen: the artists and groups of kHeldBack and every picture of dreambooth/. One picture
// in twelve of each class is kept for measuring. OUT_DIR/pack.safetensors holds images
// [N,3,side,side] uint8, tokens [N,3,32] int64 (three wordings of each caption), held_out [N]
// uint8, repeats [N] int64 and empty [32] int64.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "diffusion/tokens/tokenizer.h"
#include "diffusion/tokens/tokenizer_training.h"
#include "images/image_io.h"

namespace {

using namespace patina;
namespace fs = std::filesystem;

/// A labelled set: where its table is and which columns say what.
struct Set {
  const char* table;
  const char* images;  // Folder, below the table's.
  const char* group;   // Column that names the class, artist or group.
  const char* medium;  // "a photo of", ...
  int repeats;         // How often a picture counts in an epoch, as small sets would drown.
};
constexpr Set kSets[] = {
    {"photos/caltech101_128/labels.tsv", "", "class", "a photo of", 1},
    {"photos/clothing128/labels.tsv", "", "class", "a photo of", 1},
    {"art/labels.tsv", "", "artist", "a painting by", 3},
    {"illustrations/captions.tsv", "", "group", "a 3d emoji of", 1},
};

const std::set<std::string> kHeldBack = {"Claude Monet",
                                         "Vincent van Gogh",
                                         "Katsushika Hokusai",
                                         "Archibald Thorburn",
                                         "Marianne North",
                                         "Nicholas Roerich",
                                         "Franz Xaver Winterhalter",
                                         "Kazimir Malevich",
                                         "Ohara Koson",
                                         "food",
                                         "animal"};

// Most pictures of one class of clothes: their backgrounds are few.
constexpr std::size_t kMostClothes = 110;
constexpr std::size_t kTokens = 32;
constexpr std::size_t kHoldOutEvery = 12;

struct Picture {
  fs::path file;
  std::vector<std::string> captions;  // Three.
  bool held_out = false;
  int repeats = 1;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
  return cells;
}

std::vector<std::string> captions_of(const Set& set,
                                     const std::map<std::string, std::string>& row) {
  const std::string& caption = row.at("caption");
  const std::string& group = row.at(set.group);
  if (row.count("artist") > 0) {
    return {caption, "a painting by " + group, "a " + row.at("style") + " painting by " + group};
  }
  const std::string name = row.count("name") > 0 ? row.at("name") : group;
  return {caption, caption, name};
}

void read_set(const fs::path& root, const Set& set, std::vector<Picture>& pictures) {
  const fs::path table = root / set.table;
  std::istringstream stream(core::read_text_file(table));
  std::string line;
  std::getline(stream, line);
  const std::vector<std::string> names = split(line);
  std::map<std::string, std::size_t> seen;
  while (std::getline(stream, line)) {
    const std::vector<std::string> cells = split(line);
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i) row[names[i]] = cells[i];
    const std::string& group = row.at(set.group);
    if (kHeldBack.count(group) > 0) continue;
    const std::size_t number = seen[group]++;
    if (std::string(set.table).find("clothing") != std::string::npos && number >= kMostClothes) {
      continue;
    }
    pictures.push_back({table.parent_path() / row.at("file"),
                        captions_of(set, row),
                        number % kHoldOutEvery == kHoldOutEvery - 1,
                        set.repeats});
  }
}

std::vector<std::uint8_t> planar_bytes(const fs::path& file, int side) {
  images::Image image = images::read_image(file).image;
  const int square = std::min(image.width_px, image.height_px);
  if (image.width_px != side || image.height_px != side) {
    if (image.width_px != square || image.height_px != square) {
      throw core::Error(core::ErrorKind::kInput, file.string(), "is not square", "crop it first");
    }
    image = images::resize(image, side, side);
  }
  const auto pixels = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  std::vector<std::uint8_t> planar(3 * pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) planar[c * pixels + i] = image.bytes[3 * i + c];
  }
  return planar;
}

template <typename T>
void append(core::TensorBlob& blob, const T* values, std::size_t count) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values);
  blob.bytes.insert(blob.bytes.end(), bytes, bytes + count * sizeof(T));
}

void prepare(const fs::path& data, const fs::path& out, int side) {
  std::vector<Picture> pictures;
  for (const Set& set : kSets) read_set(data, set, pictures);
  std::vector<std::string> corpus;
  for (const Picture& picture : pictures) {
    corpus.insert(corpus.end(), picture.captions.begin(), picture.captions.end());
  }
  diffusion::NewTokenizerOptions options;
  options.max_length = kTokens;
  diffusion::write_new_tokenizer(out / "tokenizer", corpus, options);
  const auto tokenizer = diffusion::Tokenizer::load(out / "tokenizer");

  const auto n = static_cast<std::int64_t>(pictures.size());
  std::map<std::string, core::TensorBlob> pack;
  pack["images"] = {core::DType::kU8, {n, 3, side, side}, {}};
  pack["tokens"] = {core::DType::kI64, {n, 3, kTokens}, {}};
  pack["held_out"] = {core::DType::kU8, {n}, {}};
  pack["repeats"] = {core::DType::kI64, {n}, {}};
  pack["empty"] = {core::DType::kI64, {kTokens}, {}};
  append(pack["empty"], tokenizer.encode_padded("").ids.data(), kTokens);
  for (const Picture& picture : pictures) {
    const std::vector<std::uint8_t> pixels = planar_bytes(picture.file, side);
    append(pack["images"], pixels.data(), pixels.size());
    for (const std::string& caption : picture.captions) {
      append(pack["tokens"], tokenizer.encode_padded(caption).ids.data(), kTokens);
    }
    const std::uint8_t held_out = picture.held_out ? 1 : 0;
    const std::int64_t repeats = picture.repeats;
    append(pack["held_out"], &held_out, 1);
    append(pack["repeats"], &repeats, 1);
  }
  core::write_safetensors(out / "pack.safetensors",
                          pack,
                          {{"vocab_size", std::to_string(tokenizer.vocab_size())},
                           {"eos_id", std::to_string(tokenizer.eos_id())}});
  std::ofstream list(out / "files.txt");
  for (const Picture& picture : pictures) list << fs::relative(picture.file, data).string() << '\n';
  std::cout << n << " pictures, " << tokenizer.vocab_size() << " tokens\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: pretrain_base_prepare DATA_DIR OUT_DIR [side=128]\n";
    return 2;
  }
  try {
    const std::string side = argc > 3 ? std::string(argv[3]).substr(5) : "128";
    core::make_folder(argv[2]);
    prepare(argv[1], argv[2], std::stoi(side));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
