// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.h"

#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/asking.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/secret_box.h"
#include "diffusion/generate/generate.h"

namespace patina::cli {
namespace {

namespace fs = std::filesystem;

struct ServeCommand {
  diffusion::GeneratorOptions model;
  fs::path personalized;
  fs::path key_file;
  serve::ServeOptions options;
  OutputOptions output;
};

CommandText serve_text() {
  return {"serve",
          "[flags]",
          "Serves a text-to-image model over the APIs of AUTOMATIC1111 (/sdapi/v1) and OpenAI "
          "(/v1/images), so that audits of endpoints can be tried on a model whose training is "
          "known. Prints the address and runs until interrupted.",
          "patina serve --personalized suspect --port 7860",
          "0 it was stopped, 2 wrong usage or input, 3 the address is taken or memory failed."};
}

void bind_flags(CommandLine& line, ServeCommand& command) {
  line.path({"--base", "DIR", "Model folder with model_index.json (default: the built-in base)."},
            command.model.base);
  line.path(
      {"--personalized", "MODEL", "Folder that patina personalize wrote, in place of --base."},
      command.personalized);
  line.exclude("--personalized", "--base");
  line.paths({"--lora", "FILE", "LoRA to merge into the model; may be given again."},
             command.model.loras);
  line.real({"--lora-scale", "X", "Strength of the LoRAs, -10 to 10 (default: 1)."},
            {-10.0, 10.0},
            command.model.lora_scale);
  line.paths({"--embedding", "FILE", "Textual-inversion token to add; may be given again."},
             command.model.embeddings);
  line.text({"--host", "ADDRESS", "Address to listen on (default: 127.0.0.1)."},
            command.options.host);
  line.whole({"--port", "N", "Port, 0 to 65535; 0 takes a free one (default: 7860)."},
             {0, 65535},
             command.options.port);
  line.path({"--api-key", "FILE", "File, mode 0600, with the key that every request must bring."},
            command.key_file);
  line.whole({"--max-queue", "N", "Requests that may wait, 1 to 10000 (default: 64)."},
             {1, 10'000},
             command.options.max_queue);
  bind_threads(line, command.model.compute);
  bind_output(line, command.output);
}

// The digest that the APIs tell is that of the UNet's weights, the first file in its folder.
fs::path find_unet_weights(const fs::path& base) {
  const fs::path unet = base / "unet";
  std::error_code failure;
  fs::path found;
  for (fs::directory_iterator entry(unet, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".safetensors" && (found.empty() || path < found)) found = path;
  }
  if (found.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      printable(unet.string()),
                      "holds no .safetensors weights",
                      "name a model folder with --base");
  }
  return found;
}

serve::ModelCard make_card(const ServeCommand& command, const diffusion::Generator& generator) {
  serve::ModelCard card;
  const fs::path folder = command.personalized.empty() ? command.model.base : command.personalized;
  card.name = printable(fs::absolute(folder).lexically_normal().filename().string());
  if (card.name.empty()) card.name = "model";
  const fs::path weights = find_unet_weights(command.model.base);
  card.filename = printable(weights.filename().string());
  card.sha256 = core::to_hex(core::sha256_file(weights));
  for (const fs::path& lora : command.model.loras) {
    card.loras.push_back({printable(lora.stem().string()), core::to_hex(core::sha256_file(lora))});
  }
  card.native_px = generator.native_px();
  card.grid_px = generator.grid_px();
  return card;
}

}  // namespace

int run_serve(std::vector<std::string> args, std::ostream& out, std::ostream& err) {
  ServeCommand command;
  CommandLine line(serve_text());
  bind_flags(line, command);
  if (!line.parse(std::move(args), out)) return 0;

  const Session session(command.output, err);
  take_model(command.personalized, command.model);
  if (!command.key_file.empty()) command.options.api_key = core::read_secret(command.key_file);
  const diffusion::Generator generator(command.model);
  const serve::MakeImages make = [&generator](const diffusion::GenerateOptions& options,
                                              const core::Observer& observer) {
    return generator.generate(options, observer).images;
  };
  serve::Server server(make_card(command, generator), make, command.options);
  const std::string url = "http://" + command.options.host + ":" + std::to_string(server.port());
  if (command.output.json) {
    out << nlohmann::json{{"url", url}, {"port", server.port()}}.dump() << std::endl;
  } else {
    out << "Serving at " << url << "\nNext: patina probe --from a1111+" << url << std::endl;
  }
  server.run(interrupted);
  session.say("Answered " + std::to_string(server.answered()) + " requests.");
  return 0;
}

}  // namespace patina::cli
