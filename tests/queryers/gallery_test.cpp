// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/gallery.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "images/perceptual_hash.h"
#include "queryers/galleries/recipe.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/http/loopback.h"
#include "tests/images/pictures.h"

namespace patina::queryers {
namespace {

using core::ScratchFolder;
using nlohmann::json;

using Site = std::map<std::string, http::Scripted>;  ///< Answers by target; 404 for others.

http::Scripted html(const std::string& body, const std::string& headers = {}) {
  return http::reply(200, body, "text/html", headers);
}
http::Scripted picture(std::uint64_t seed, int side_px = 64) {
  return http::reply(200, images::noise_png(seed, side_px), "image/png");
}

CollectOptions fast() {
  CollectOptions options;
  options.http.user_agent = "Patina/test";
  options.http.named.hosts = {"127.0.0.1"};
  options.backoff = {0.001, 0.01, 0.0};
  options.max_attempts = 4;
  return options;
}

GalleryOptions small() {
  GalleryOptions options;
  options.min_side_px = 32;
  return options;
}

struct Collected {
  std::string text;  ///< "/a.png image, /b.png expired" in the order found.
  CollectResult result;
  std::vector<std::string> asked;
  std::vector<std::string> remarks;
};

Collected collect_at(const http::Loopback& server,
                     const std::string& start,
                     const std::filesystem::path& folder,
                     const GalleryOptions& options = small(),
                     const CollectOptions& collect = fast()) {
  Collected collected;
  const auto source = parse_gallery(start.compare(0, 7, "civitai") == 0
                                        ? "civitai+" + server.url("/api/v1") + start.substr(7)
                                        : server.url(start));
  collected.result = collect_gallery(*source, folder, collect, options);
  read_collection(folder, [&](const ItemEnd& end) {
    std::string url = end.sample ? end.sample->source : end.reported.value("url", std::string());
    url = url.substr(std::min(url.size(), server.url("").size()));
    collected.text += (collected.text.empty() ? "" : ", ") + url + " " + to_string(end.outcome);
    if (end.sample) {
      for (const std::string& flag : end.sample->flags) collected.text += " " + flag;
    }
  });
  for (const http::Asked& one : server.asked()) collected.asked.push_back(one.target);
  const json summary = json::parse(core::read_text_file(folder / kSummaryFile));
  collected.remarks = summary.at("remarks").get<std::vector<std::string>>();
  return collected;
}

Collected collect_site(const Site& site,
                       const std::string& start = "/",
                       const GalleryOptions& options = small()) {
  http::Loopback server([&site](const http::Asked& asked) {
    const auto found = site.find(asked.target);
    return found == site.end() ? http::reply(404, "") : found->second;
  });
  const ScratchFolder folder;
  return collect_at(server, start, folder / "c", options);
}

TEST(ParseGallery, KnowsItsForms) {
  EXPECT_EQ(parse_gallery("https://a.b/c")->kind, GalleryKind::kPages);
  EXPECT_EQ(parse_gallery("civitai:12@34")->version, "34");
  EXPECT_EQ(parse_gallery("civitai:12")->model, "12");
  EXPECT_EQ(parse_gallery("civitai+http://h:1/api/v1:12")->url->port, 1);
  EXPECT_EQ(parse_gallery("urls:list.txt")->file, "list.txt");
  EXPECT_EQ(parse_gallery("recipe:site.json")->kind, GalleryKind::kRecipe);
  EXPECT_FALSE(parse_gallery("images"));
  for (const char* wrong :
       {"civitai:", "civitai:x", "civitai:1@", "civitai:@", "urls:", "recipe:", "http://"}) {
    EXPECT_THROW(parse_gallery(wrong), core::Error) << wrong;
  }
}

TEST(CollectGallery, TakesTheBestOfEachPictureAndFollowsThePagesOfOneSite) {
  const Collected collected = collect_site(
      {{"/", html(R"(<a href="/big.png"><img src="/thumb.png"></a>
                     <img src="small.png" srcset="mid.png 400w, large.png 800w">
                     <img src="/logo.png" class="site-logo">
                     <a href="/two?a=1&amp;b=2">more</a> <a href="https://elsewhere.example/">x</a>)")},
       {"/two?a=1&b=2", html(R"(<img src="/last.png"><a href="/">back</a>)")},
       {"/big.png", picture(1)},
       {"/large.png", picture(2)},
       {"/last.png", picture(3)}});
  EXPECT_EQ(collected.text, "/big.png image, /large.png image, /last.png image");
  EXPECT_EQ(collected.result.stopped, "");
  EXPECT_EQ(collected.asked,
            (std::vector<std::string>{
                "/robots.txt", "/", "/big.png", "/large.png", "/two?a=1&b=2", "/last.png"}));
}

TEST(CollectGallery, ObeysRobotsTxt) {
  const Collected collected = collect_site(
      {{"/robots.txt",
        http::reply(200, "User-agent: *\nDisallow: /private\nDisallow: /*.gif$\n", "text/plain")},
       {"/", html(R"(<img src="/private/a.png"><img src="/b.png"><a href="/private/">p</a>)")},
       {"/private/a.png", picture(1)},
       {"/b.png", picture(2)}});
  EXPECT_EQ(collected.text, "/private/a.png refused, /b.png image");
  EXPECT_EQ(collected.asked, (std::vector<std::string>{"/robots.txt", "/", "/b.png"}));
}

TEST(CollectGallery, ReadsNothingWhereRobotsTxtFails) {
  const Collected collected = collect_site(
      {{"/robots.txt", http::reply(500, "")}, {"/", html("<img src=/a.png>")}});
  EXPECT_EQ(collected.text, "");
  ASSERT_FALSE(collected.remarks.empty());
  EXPECT_EQ(collected.remarks.front(),
            "robots.txt of 127.0.0.1 could not be had, so nothing was read there.");
}

TEST(CollectGallery, IgnoresRobotsTxtOnlyWhenToldAndSaysSo) {
  GalleryOptions options = small();
  options.ignore_robots = true;
  const Collected collected = collect_site(
      {{"/robots.txt", http::reply(200, "User-agent: *\nDisallow: /\n", "text/plain")},
       {"/", html("<img src=/a.png>")},
       {"/a.png", picture(1)}},
      "/",
      options);
  EXPECT_EQ(collected.text, "/a.png image");
  EXPECT_EQ(collected.remarks.front(), "robots.txt was not obeyed (--ignore-robots).");
}

TEST(CollectGallery, AChallengeEndsTheRun) {
  const Collected collected = collect_site(
      {{"/",
        http::reply(
            403, "<title>Just a moment...</title>", "text/html", "cf-mitigated: challenge\r\n")}});
  EXPECT_EQ(collected.result.stopped,
            "127.0.0.1 asks whether a person is there; its owner does not want programs");
}

TEST(CollectGallery, ThreeRefusalsInARowEndTheRun) {
  const Collected collected = collect_site({{"/", http::reply(429, "")}});
  EXPECT_EQ(collected.result.stopped, "127.0.0.1 said 429 three times in a row");
}

TEST(CollectGallery, RecordsWhatAPageReserves) {
  const Collected collected = collect_site(
      {{"/",
        html(R"(<meta name="robots" content="noai, noimageai"><link rel="license" href="/terms">)",
             "tdm-reservation: 1\r\nX-Robots-Tag: noai\r\n")}});
  EXPECT_EQ(collected.remarks,
            (std::vector<std::string>{"The site sends \"X-Robots-Tag: noai\".",
                                      "The site sends \"tdm-reservation: 1\".",
                                      "A page of the site states \"robots: noai, noimageai\".",
                                      "A page of the site states \"license: /terms\"."}));
}

TEST(CollectGallery, ReadsSitemapsAndTheirIndex) {
  Site site;
  http::Loopback server([&site](const http::Asked& asked) {
    const auto found = site.find(asked.target);
    return found == site.end() ? http::reply(404, "") : found->second;
  });
  site = {{"/robots.txt", http::reply(200, "Sitemap: " + server.url("/index.xml"), "text/plain")},
          {"/index.xml",
           http::reply(200,
                       "<?xml version='1.0'?><sitemapindex><sitemap><loc>" +
                           server.url("/map.xml") + "</loc></sitemap></sitemapindex>",
                       "application/xml")},
          {"/map.xml",
           http::reply(200,
                       "<?xml version='1.0'?><urlset xmlns:image='i'><url><loc>" +
                           server.url("/page") + "</loc><image:image><image:loc>" +
                           server.url("/a.png") + "</image:loc></image:image></url></urlset>",
                       "application/xml")},
          {"/", html("")},
          {"/page", html("<img src=/b.png>")},
          {"/a.png", picture(1)},
          {"/b.png", picture(2)}};
  const ScratchFolder folder;
  EXPECT_EQ(collect_at(server, "/", folder / "c").text, "/a.png image, /b.png image");
}

TEST(CollectGallery, ReadsFeeds) {
  const Collected collected = collect_site(
      {{"/", html(R"(<link rel="alternate" type="application/rss+xml" href="/rss">)")},
       {"/rss",
        http::reply(
            200,
            "<rss><channel><item><link>/work</link><enclosure url='/1.png' type='image/png'/>"
            "</item></channel></rss>",
            "application/rss+xml")},
       {"/work", html(R"(<img src="/2.png"><link rel="alternate" type="application/rss+xml"
                         href="/rss">)")},
       {"/1.png", picture(1)},
       {"/2.png", picture(2)}});
  EXPECT_EQ(collected.text, "/1.png image, /2.png image");
  EXPECT_EQ(std::count(collected.asked.begin(), collected.asked.end(), "/rss"), 1);
}

/// Collects by a recipe from lists that answer by target; pictures are anywhere below /p/.
Collected collect_by_recipe(json recipe, const std::map<std::string, json>& lists) {
  http::Loopback server([&lists](const http::Asked& asked) {
    if (asked.target.compare(0, 3, "/p/") == 0)
      return picture(std::hash<std::string>()(asked.target));
    const auto found = lists.find(asked.target);
    return found == lists.end() ? http::reply(404, "") : http::reply(200, found->second.dump());
  });
  const ScratchFolder folder;
  recipe["url"] = server.url(recipe.at("url").get<std::string>());
  core::write_file_atomic(folder / "recipe.json", recipe.dump());
  Collected collected;
  const auto source = parse_gallery("recipe:" + (folder / "recipe.json").string());
  collected.result = collect_gallery(*source, folder / "c", fast(), small());
  for (const http::Asked& one : server.asked()) {
    if (one.target == "/robots.txt") continue;
    collected.text += (collected.text.empty() ? "" : " ") + one.target;
  }
  const json summary = json::parse(core::read_text_file(folder / "c" / kSummaryFile));
  collected.remarks = summary.at("remarks").get<std::vector<std::string>>();
  return collected;
}

TEST(CollectRecipe, CountsPagesUntilTheTotalIsReached) {
  const Collected collected = collect_by_recipe(
      {{"url", "/works?page={page}"},
       {"items", "/data"},
       {"images", {"/original", "/small"}},
       {"total", "/total_count"}},
      {{"/works?page=1",
        {{"data", {{{"original", "/p/1.png"}}, {{"small", "/p/2.png"}}}}, {"total_count", 3}}},
       {"/works?page=2", {{"data", {{{"original", "/p/3.png"}}}}, {"total_count", 3}}}});
  EXPECT_EQ(collected.text, "/works?page=1 /p/1.png /p/2.png /works?page=2 /p/3.png");
  EXPECT_TRUE(collected.remarks.empty());
}

TEST(CollectRecipe, CountsItemsUntilTheFlagSaysEnough) {
  const Collected collected = collect_by_recipe(
      {{"url", "/works?offset={offset}"},
       {"items", "/results"},
       {"images", {"/content/src"}},
       {"more", "/has_more"}},
      {{"/works?offset=0",
        {{"has_more", true},
         {"results", {{{"content", {{"src", "/p/1.png"}}}}, {{"literature", "words"}}}}}},
       {"/works?offset=2",
        {{"has_more", false}, {"results", {{{"content", {{"src", "/p/1.png"}}}}}}}}});
  EXPECT_EQ(collected.text, "/works?offset=0 /p/1.png /works?offset=2");
  ASSERT_EQ(collected.remarks.size(), 1U);
  EXPECT_NE(collected.remarks[0].find("In 1 items of the site's lists no picture stands"),
            std::string::npos);
}

TEST(CollectRecipe, FollowsACursorAndAWholeUrl) {
  const json by_cursor = {{"url", "/works?after={cursor}"},
                          {"items", "/list"},
                          {"images", {"/src"}},
                          {"cursor", "/next_cursor"}};
  EXPECT_EQ(collect_by_recipe(
                by_cursor,
                {{"/works?after=", {{"list", {{{"src", "/p/1.png"}}}}, {"next_cursor", "a b&c"}}},
                 {"/works?after=a%20b%26c",
                  {{"list", {{{"src", "/p/2.png"}}}}, {"next_cursor", nullptr}}}})
                .text,
            "/works?after= /p/1.png /works?after=a%20b%26c /p/2.png");
  const json by_url = {{"url", "/works"}, {"images", {""}}, {"items", "/list"}, {"next", "/next"}};
  EXPECT_EQ(collect_by_recipe(by_url,
                              {{"/works", {{"list", {"/p/1.png"}}, {"next", "/works/2"}}},
                               {"/works/2", {{"list", {"/p/2.png"}}, {"next", nullptr}}}})
                .text,
            "/works /p/1.png /works/2 /p/2.png");
}

TEST(CollectRecipe, EndlessListsAndCirclesEnd) {
  const json recipe = {{"url", "/a"}, {"items", ""}, {"images", {"/i"}}, {"next", "/next"}};
  const auto remark_of = [&](const json& shape, const std::map<std::string, json>& lists) {
    const Collected collected = collect_by_recipe(shape, lists);
    return collected.text + ": " + (collected.remarks.empty() ? "" : collected.remarks[0]);
  };
  json listed = recipe;
  listed["items"] = "/list";
  EXPECT_EQ(remark_of(listed,
                      {{"/a", {{"list", {{{"i", "/p/1.png"}}}}, {"next", "/b"}}},
                       {"/b", {{"list", {{{"i", "/p/2.png"}}}}, {"next", "/a"}}}}),
            "/a /p/1.png /b /p/2.png: The site's lists lead in a circle.");
  json counted = listed;
  counted.erase("next");
  counted["url"] = "/a?p={page}";
  std::map<std::string, json> same;
  for (int i = 1; i < 9; ++i) {
    same["/a?p=" + std::to_string(i)] = {{"list", {{{"i", "/p/1.png"}}}}};
  }
  EXPECT_EQ(remark_of(counted, same), "/a?p=1 /p/1.png /a?p=2 /a?p=3: ");
  EXPECT_EQ(
      remark_of(listed,
                {{"/a", {{"list", {{{"i", "/p/1.png"}}}}, {"next", "http://elsewhere.example/"}}}}),
      "/a /p/1.png: ");
  EXPECT_NE(remark_of(listed, {{"/a", {{"other", 1}}}}).find("holds no items where"),
            std::string::npos);
}

TEST(CollectRecipe, RefusesARecipeThatIsNone) {
  const auto problem = [](const json& recipe) {
    const ScratchFolder folder;
    core::write_file_atomic(folder / "r.json", recipe.dump());
    return core::caught_text([&] { load_recipe(folder / "r.json"); });
  };
  const json good = {{"url", "https://a.b/?p={page}"}, {"items", "/x"}, {"images", {"/y"}}};
  const auto with = [&good](const char* key, const json& value) {
    json changed = good;
    changed[key] = value;
    return changed;
  };
  const ScratchFolder sound;
  core::write_file_atomic(sound / "r.json", good.dump());
  EXPECT_EQ(load_recipe(sound / "r.json").images, (std::vector<std::string>{"/y"}));
  EXPECT_EQ(named_host(*parse_gallery("recipe:" + (sound / "r.json").string())), "a.b");
  const std::pair<json, const char*> kWrong[] = {
      {json::array(), "the document is not an object"},
      {with("url", "ftp://x"), "has no http or https url"},
      {with("item", "/x"), "/item is not a known field"},
      {with("items", "x"), "which is no JSON pointer"},
      {with("images", json::array()), "/images is empty"},
      {with("images", {1}), "/images/0 is not a text"},
      {with("cursor", "/c"), "needs both {cursor}"},
      {with("next", "/n"), "more than one way"},
      {with("first_page", -1), "/first_page is -1, outside [0, 1000000]"},
      {with("report", {{"title", 1}}), "/report/title is not a text"}};
  for (const auto& [recipe, expected] : kWrong) {
    EXPECT_NE(problem(recipe).find(expected), std::string::npos) << recipe << problem(recipe);
  }
}

TEST(CollectGallery, JudgesWhatItFetches) {
  const Collected collected = collect_site(
      {{"/", html(R"(<img src="/html.png"><img src="/icon.png"><img src="/gone.png">
                     <img src="/cut.png"><img src="http://10.0.0.1/x.png"><img src="data:image/png,x">)")},
       {"/html.png", html("<html></html>")},
       {"/icon.png", picture(1, 16)},
       {"/cut.png", http::reply(200, images::noise_png(2).substr(0, 500), "image/png")}});
  EXPECT_EQ(collected.text,
            "/html.png protocol-error, /icon.png filtered-image, /gone.png expired, "
            "/cut.png protocol-error,  refused");
}

TEST(CollectGallery, FlagsCopiesOfWhatItHasAndOfWhatWasReleased) {
  const ScratchFolder folder;
  core::make_folder(folder / "mine");
  core::write_file_atomic(folder / "mine/work.png", images::smooth_png(9));
  GalleryOptions options = small();
  options.released = {folder / "mine"};
  const Site site = {
      {"/", html(R"(<img src="/a.png"><img src="/a-smaller.png"><img src="/work.jpg">)")},
      {"/a.png", http::reply(200, images::smooth_png(5, 96), "image/png")},
      {"/a-smaller.png", http::reply(200, images::smooth_png(5, 64), "image/png")},
      {"/work.jpg", http::reply(200, images::smooth_jpeg(9, 80), "image/jpeg")}};
  EXPECT_EQ(collect_site(site, "/", options).text,
            "/a.png image, /a-smaller.png image near-duplicate, /work.jpg image released-copy");
}

TEST(CollectGallery, GoesOnWithoutAskingAgain) {
  const Site site = {{"/", html(R"(<img src="/a.png"><img src="/b.png">)")},
                     {"/a.png", picture(1)},
                     {"/b.png", picture(2)}};
  http::Loopback server([&site](const http::Asked& asked) {
    const auto found = site.find(asked.target);
    return found == site.end() ? http::reply(404, "") : found->second;
  });
  const ScratchFolder folder;
  CollectOptions first = fast();
  first.budget.max_images = 1;
  EXPECT_EQ(collect_at(server, "/", folder / "c", small(), first).result.stopped,
            "the budget of images is used up");
  const Collected second = collect_at(server, "/", folder / "c");
  EXPECT_EQ(second.text, "/a.png image, /b.png image");
  EXPECT_EQ(server.count("/a.png"), 1U);
  EXPECT_EQ(server.count("/"), 1U);
  EXPECT_EQ(server.count("/robots.txt"), 1U);
}

TEST(CollectGallery, ReadsAListOfUrls) {
  const Site site = {{"/a.png", picture(1)}};
  http::Loopback server([&site](const http::Asked& asked) {
    const auto found = site.find(asked.target);
    return found == site.end() ? http::reply(404, "") : found->second;
  });
  const ScratchFolder folder;
  core::write_file_atomic(
      folder / "list",
      "# mine\r\n" + server.url("/a.png") + "\r\nnonsense\n" + server.url("/a.png") + "\n");
  const auto source = parse_gallery("urls:" + (folder / "list").string());
  const CollectResult result = collect_gallery(*source, folder / "c", fast(), small());
  EXPECT_EQ(result.images, 1U);
  EXPECT_EQ(server.count("/a.png"), 1U);
}

json civitai_item(const http::Loopback& server, int id, const json& meta) {
  return {{"id", id},
          {"url", server.url("/" + std::to_string(id) + ".jpeg")},
          {"type", "image"},
          {"meta", meta}};
}

TEST(CollectCivitai, FollowsItsCursorAndKeepsItsMetadata) {
  http::Loopback* self = nullptr;
  http::Loopback server([&self](const http::Asked& asked) {
    const std::string& target = asked.target;
    if (target == "/api/v1/model-versions/34") {
      return http::reply(
          200,
          R"({"name":"v1","trainedWords":["sks"],"model":{"name":"Harbour","mode":"Archived"},
                       "files":[{"hashes":{"SHA256":"ABCDEF"}}]})");
    }
    if (target.find("/api/v1/images?") == 0 && target.find("cursor") == std::string::npos) {
      return http::reply(
          200,
          json{{"items",
                {civitai_item(
                     *self, 1, {{"prompt", "a harbour"}, {"seed", 12345678901234567890ULL}}),
                 civitai_item(*self, 2, {{"id", 2}, {"meta", {{"Model hash", "abc"}}}})}},
               {"metadata", {{"nextPage", self->url("/api/v1/images?cursor=x")}}}}
              .dump());
    }
    if (target == "/api/v1/images?cursor=x") {
      return http::reply(
          200,
          json{{"items", {civitai_item(*self, 1, nullptr), civitai_item(*self, 3, nullptr)}},
               {"metadata", json::object()}}
              .dump());
    }
    if (target == "/1.jpeg") return picture(1);
    if (target == "/2.jpeg") return picture(2);
    return http::reply(404, "");
  });
  self = &server;
  const ScratchFolder folder;
  const Collected collected = collect_at(server, "civitai:12@34", folder / "c");
  EXPECT_EQ(collected.text, "/1.jpeg image, /2.jpeg image, /3.jpeg expired");
  EXPECT_EQ(collected.result.after.model, "Harbour, v1");
  EXPECT_EQ(collected.result.after.model_digest, "abcdef");
  std::vector<json> reported;
  read_collection(folder / "c", [&](const ItemEnd& end) { reported.push_back(end.reported); });
  EXPECT_EQ(reported[0].at("seed"), "12345678901234567890");
  EXPECT_EQ(reported[1].at("model_hash"), "abc");
}

TEST(CollectCivitai, ABusyServerIsAskedAgainAndTooManyPagesAreNot) {
  std::atomic<int> times{0};
  http::Loopback busy([&times](const http::Asked& asked) {
    if (asked.target.find("/api/v1/images") != 0) return http::reply(404, "");
    return ++times == 1 ? http::reply(503, "{}", "application/json", "retry-after-ms: 5\r\n")
                        : http::reply(200, R"({"items":[],"metadata":{}})");
  });
  const ScratchFolder folder;
  const Collected collected = collect_at(busy, "civitai:12", folder / "c");
  EXPECT_EQ(times, 2);
  EXPECT_EQ(collected.remarks.back(),
            "The API named no picture, which does not show that there is none.");
}

}  // namespace
}  // namespace patina::queryers
