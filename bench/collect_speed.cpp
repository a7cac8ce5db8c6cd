// SPDX-License-Identifier: Apache-2.0
// How fast images are collected from a server that answers at once, and what kills do to it:
//
//   collect_speed FOLDER [IMAGES] [SIDE_PX] [KILLS] [CONCURRENCY]
//
// A web UI's answers with pictures of noise come from a thread of this process; the collector runs
// in this process, or with KILLS in children that are killed at random moments. Prints images a
// second, the growth of memory and, after kills, what was lost or asked twice.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/journal.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "queryers/collecting/collect.h"
#include "queryers/services/services.h"
#include "tests/http/loopback.h"

namespace {

using namespace patina;
using nlohmann::json;

std::vector<std::string> make_pictures(int count, int side_px) {
  std::vector<std::string> pictures;
  for (int i = 0; i < count; ++i) {
    images::ImageFile file;
    file.image = images::make_image(side_px, side_px);
    core::Rng rng(static_cast<std::uint64_t>(i));
    for (std::uint8_t& value : file.image.bytes) value = static_cast<std::uint8_t>(rng.below(64));
    const auto bytes = images::encode_image(file);
    pictures.push_back(core::encode_base64(std::string(bytes.begin(), bytes.end())));
  }
  return pictures;
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  statm >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

struct Asking {
  queryers::Service service;
  std::vector<queryers::PlannedImage> plan;
  std::filesystem::path folder;
  queryers::CollectOptions options;
};

void collect(const Asking& asking, bool report_memory) {
  core::Observer observer;
  int reports = 0;
  observer.progress = [&](const core::Progress& now) {
    if (report_memory && ++reports % 20 == 0) {
      std::printf(
          "  %lld images, %.1f MiB resident\n", static_cast<long long>(now.done), resident_mib());
    }
    return true;
  };
  queryers::collect_images(asking.service, asking.plan, asking.folder, asking.options, observer);
}

int count_images(const std::filesystem::path& folder) {
  int images = 0;
  queryers::read_collection(folder, [&images](const queryers::ItemEnd& end) {
    images += end.outcome == queryers::Outcome::kImage ? 1 : 0;
  });
  return images;
}

int run_killed(const Asking& asking, int kills) {
  core::Rng rng(1);
  int killed = 0;
  for (int i = 0; i < 10 * kills && killed < kills; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        collect(asking, false);
        ::_exit(0);
      } catch (const core::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(2'000 + rng.below(60'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
      ++killed;
    } else if (WEXITSTATUS(status) != 0) {
      return -1;
    } else {
      break;  // the plan is done
    }
  }
  return killed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: collect_speed FOLDER [IMAGES] [SIDE_PX] [KILLS] [CONCURRENCY]\n");
    return 2;
  }
  const auto argument = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  const int count = argument(2, 1000);
  const int side = argument(3, 128);
  const int kills = argument(4, 0);
  const std::vector<std::string> pictures = make_pictures(64, side);
  std::mutex mutex;
  std::map<std::uint64_t, int> asked;
  http::Loopback server([&](const http::Asked& request) {
    if (request.method != "POST") return http::reply(404, "{}");
    const std::uint64_t seed = json::parse(request.body).at("seed");
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ++asked[seed];
    }
    const std::string info = json{{"seed", seed}}.dump();
    return http::reply(200,
                       "{\"images\":[\"" + pictures[seed % pictures.size()] +
                           "\"],\"parameters\":{},\"info\":" + json(info).dump() + "}");
  });
  queryers::PlanOptions plan;
  plan.count = count;
  plan.sizes = {{side, side}};
  Asking asking{queryers::make_service(*queryers::parse_endpoint("a1111+" + server.url()), {}),
                queryers::make_plan(plan),
                argv[1],
                {}};
  asking.options.http.named.hosts = {"127.0.0.1"};
  asking.options.concurrency = argument(5, 1);
  const int killed = kills > 0 ? run_killed(asking, kills) : 0;
  const int earlier = kills > 0 ? count_images(asking.folder) : 0;
  const auto before = std::chrono::steady_clock::now();
  collect(asking, true);
  const double seconds = core::seconds_since(before);
  std::set<std::string> ended;
  int images = 0;
  queryers::read_collection(asking.folder, [&](const queryers::ItemEnd& end) {
    ended.insert(end.item);
    images += end.outcome == queryers::Outcome::kImage ? 1 : 0;
  });
  int answered = 0;
  int repeated = 0;
  for (const auto& [seed, times] : asked) {
    answered += times;
    repeated += times - 1;
  }
  std::printf("%d images of %d px in %.2f s: %.0f a second; %.1f MiB resident\n",
              images,
              side,
              seconds,
              (images - earlier) / seconds,
              resident_mib());
  std::printf(
      "killed %d times: %zu of %d items ended, %d answers, %d of them to a question asked "
      "before; journal whole\n",
      killed,
      ended.size(),
      count,
      answered,
      repeated);
  return images == count ? 0 : 1;
}
