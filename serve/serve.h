// SPDX-License-Identifier: Apache-2.0
// A text-to-image model behind the APIs that suspects speak: AUTOMATIC1111's /sdapi/v1 and OpenAI's
// /v1/images. It stands in for a suspect, so it answers as they do, errors included. Not for the
// open internet. Entry point: Server.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/observer.h"
#include "diffusion/generate/generate.h"
#include "images/pixels/image.h"

namespace patina::serve {

/// A LoRA that is merged into the model.
struct ServedLora {
  std::string name;    ///< File name without its extension.
  std::string sha256;  ///< Digest of the file, hexadecimal.
};

/// What is served, as the APIs tell it.
struct ModelCard {
  std::string name;      ///< "base".
  std::string filename;  ///< Name of the file with the UNet's weights.
  std::string sha256;    ///< Digest of that file, hexadecimal.
  std::vector<ServedLora> loras;
  int native_px = 512;
  int grid_px = 8;  ///< Sides are multiples of it.
};

/// Makes the images of one request. Throws Error{kUsage} for values that the model does not take,
/// Error{kCancelled} when the observer says stop.
using MakeImages = std::function<std::vector<images::Image>(const diffusion::GenerateOptions&,
                                                            const core::Observer&)>;

struct ServeOptions {
  std::string host = "127.0.0.1";  ///< Address to listen on.
  int port = 7860;                 ///< 0 = any free one.
  std::string api_key;             ///< Required of every request if not empty.
  int max_queue = 64;      ///< Requests waiting for the model; more are answered 503. [1, 10000]
  int max_clients = 96;    ///< Connections at a time, [1, 1000].
  int max_images = 16;     ///< Most images of one request, [1, 64].
  int max_side_px = 2048;  ///< Larger sides are refused.
};

/// Answers clients on threads of its own. run() is for one thread; answered() may be called by any.
class Server {
 public:
  /// Listens. Throws Error{kNetwork} naming the address if it cannot, Error{kInput} for an option
  /// out of range.
  Server(ModelCard card, MakeImages make, const ServeOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  /// Makes images on the caller's thread until `stop` returns true.
  void run(const std::function<bool()>& stop);
  /// Requests answered so far.
  std::uint64_t answered() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patina::serve
