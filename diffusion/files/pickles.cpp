// SPDX-License-Identifier: Apache-2.0
#include "diffusion/files/pickles.h"

#include <fstream>
#include <set>
#include <system_error>

#include "core/error.h"

namespace patina::diffusion::internal {

using core::Error;
using core::ErrorKind;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSniffedBytes = 1 << 16;

// The first pickle of torch.save's old format is this number: 0x1950a86a20f9469cfc6c.
const std::string kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);

// Protocols 2 to 5 begin with their number.
bool is_pickle_stream(const std::string& head) {
  return head.size() > 1 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

bool is_named_like_pickle(const fs::path& path) {
  static const std::set<std::string> kExtensions = {
      ".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"};
  return kExtensions.count(path.extension().string()) > 0;
}

// A safetensors header follows its length in eight bytes.
bool looks_like_safetensors(const std::string& head) { return head.size() > 8 && head[8] == '{'; }

}  // namespace

std::string first_bytes(const fs::path& path, std::size_t count) {
  std::error_code problem;
  if (fs::status(path, problem).type() == fs::file_type::not_found) {
    throw Error(ErrorKind::kInput, path.string(), "does not exist", "check the path");
  }
  std::ifstream file(path, std::ios::binary);
  if (!fs::is_regular_file(path, problem) || !file) {
    throw Error(ErrorKind::kDisk,
                path.string(),
                "is no file that can be read",
                "check the path and its permissions");
  }
  std::string head(count, '\0');
  file.read(head.data(), static_cast<std::streamsize>(count));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

std::string pickle_kind(const fs::path& path) {
  const std::string head = first_bytes(path, kSniffedBytes);
  // webui (Automatic1111) keeps its embeddings under this name.
  const bool embedding = head.find("string_to_param") != std::string::npos;
  const std::string holding = embedding ? " with an embedding of webui (string_to_param)" : "";
  if (head.rfind("PK\x03\x04", 0) == 0 &&
      (head.find("data.pkl") != std::string::npos || is_named_like_pickle(path))) {
    return "a PyTorch archive, which is a zip of pickles" + holding;
  }
  if (head.rfind(kLegacyMagic, 0) == 0) return "a row of pickles in PyTorch's old format" + holding;
  if (is_pickle_stream(head)) return "a pickle" + holding;
  if (is_named_like_pickle(path) && !looks_like_safetensors(head)) return "named like a pickle";
  return "";
}

void refuse_pickle(const fs::path& path) {
  const std::string kind = pickle_kind(path);
  if (kind.empty()) return;
  throw Error(ErrorKind::kUnsupported,
              path.string(),
              "is " + kind + "; a pickle can run code when it is opened",
              "convert it with safetensors.torch.save_file on a machine that you can lose");
}

}  // namespace patina::diffusion::internal
