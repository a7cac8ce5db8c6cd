// SPDX-License-Identifier: Apache-2.0
// Each service against the answers that its contract gives.
#include "queryers/services/services.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/error.h"
#include "core/files.h"
#include "http/client.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::queryers {
namespace {

using core::caught_text;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using Next = Interpretation::Next;

Service service(const std::string& text, const EndpointOptions& options = {}) {
  return make_service(parse_endpoint(text).value(), options);
}

PlannedImage planned() {
  PlannedImage image;
  image.id = "000001";
  image.prompt = "a cat";
  image.seed = 7;
  return image;
}

http::HttpResponse answer(int status,
                          const std::string& body,
                          const std::string& type = "application/json") {
  http::HttpResponse response;
  response.status = status;
  response.body = body;
  response.headers.add("Content-Type", type);
  return response;
}

/// "done image [PNG]", "retry rate-limited 7", "abort failed: words", "poll GET url".
std::string read(const Service& service,
                 const http::HttpResponse& response,
                 const json& job = json()) {
  const Interpretation result = service.read(planned(), response, job);
  if (result.next == Next::kPoll) return "poll " + result.poll.method + " " + result.poll.url;
  std::string text = result.next == Next::kDone    ? "done "
                     : result.next == Next::kRetry ? "retry "
                                                   : "abort ";
  text += to_string(result.outcome);
  if (result.wait_s > 0) text += " " + std::to_string(static_cast<int>(result.wait_s));
  for (const FoundImage& image : result.images) {
    text += " [" + (image.url.empty() ? image.bytes : image.url) + "]";
    for (const std::string& flag : image.flags) text += " " + flag;
  }
  return text;
}

const std::string kPicture = core::encode_base64("PNG");

TEST(ParseEndpoint, KnowsSchemesAndLeavesFoldersAlone) {
  EXPECT_EQ(parse_endpoint("a1111+http://h:7860")->url->port, 7860);
  EXPECT_EQ(parse_endpoint("replicate:a/b")->name, "a/b");
  EXPECT_FALSE(parse_endpoint("images"));
  EXPECT_FALSE(parse_endpoint("a1111"));
  EXPECT_FALSE(parse_endpoint("ftp+http://h"));
  EXPECT_EQ(caught_text([] { parse_endpoint("a1111+ftp://h"); }),
            "\"ftp://h\": is no http or https URL without a user name; write it as "
            "https://host/path.");
  EXPECT_EQ(caught_text([] { service("a1111:name"); }),
            "\"a1111:name\": has no address; write a1111+http://host:7860.");
}

TEST(A1111, SendsEveryParameterAndAsksForOneImage) {
  EndpointOptions options;
  options.model = "sd15.safetensors [6ce0161689]";
  options.loras = {"sks"};
  options.lora_scale = 0.8;
  const http::HttpRequest request = service("a1111+http://h:7860/", options).submit(planned());
  EXPECT_EQ(request.method + " " + request.url, "POST http://h:7860/sdapi/v1/txt2img");
  const json body = json::parse(request.body);
  EXPECT_EQ(body.at("prompt"), "a cat <lora:sks:0.8>");
  EXPECT_EQ(body.at("seed"), 7);
  EXPECT_EQ(body.at("batch_size"), 1);
  EXPECT_EQ(body.at("n_iter"), 1);
  EXPECT_EQ(body.at("save_images"), false) << "nothing is written on the suspect's disk";
  EXPECT_EQ(body.at("override_settings").at("sd_model_checkpoint"), options.model);
}

std::string a1111_body(const json& images, const json& info) {
  return json{{"images", images}, {"parameters", json::object()}, {"info", info.dump()}}.dump();
}

TEST(A1111, ReadsTheImageAndWhatTheServerDid) {
  const Service plain = service("a1111+http://h");
  const json info = {{"seed", 7}, {"sd_model_name", "sd15"}, {"index_of_first_image", 0}};
  EXPECT_EQ(read(plain, answer(200, a1111_body({kPicture}, info))), "done image [PNG]");
  const json grid = {{"index_of_first_image", 1}};
  EXPECT_EQ(read(plain, answer(200, a1111_body({"AAAA", kPicture}, grid))), "done image [PNG]");
  const Interpretation result = plain.read(
      planned(), answer(200, a1111_body({kPicture}, info)), json());
  EXPECT_EQ(result.reported.at("seed"), 7);
  EXPECT_EQ(result.reported.at("model"), "sd15");
}

TEST(A1111, NoticesTheModelAndTheLoraThatWereNotUsed) {
  EndpointOptions options;
  options.model = "sd15.safetensors [6ce0161689]";
  options.loras = {"sks"};
  const Service asking = service("a1111+http://h", options);
  const auto with = [&](const char* model, const char* infotext) {
    return read(
        asking,
        answer(200, a1111_body({kPicture}, {{"sd_model_name", model}, {"infotexts", {infotext}}})));
  };
  EXPECT_EQ(with("sd15", "a cat <lora:sks:1>\nSteps: 20, Lora hashes: \"sks: 0123456789ab\""),
            "done image [PNG]");
  EXPECT_EQ(with("other", "a cat <lora:sks:1>\nSteps: 20, Lora hashes: \"sks: 0123456789ab\""),
            "done image [PNG] other-model");
  EXPECT_EQ(with("sd15", "a cat <lora:sks:1>\nSteps: 20"), "done image [PNG] lora-not-confirmed");
}

TEST(A1111, ReadsErrors) {
  const Service plain = service("a1111+http://h");
  EXPECT_EQ(read(plain, answer(401, R"({"detail":"Incorrect username or password"})")),
            "abort failed");
  EXPECT_EQ(read(plain, answer(404, R"({"detail":"Not Found"})")), "abort failed");
  EXPECT_EQ(read(plain, answer(422, R"({"detail":[{"loc":["body"],"msg":"x","type":"y"}]})")),
            "done failed");
  EXPECT_EQ(read(plain, answer(429, R"({"error":"HTTPException","code":429})")),
            "retry rate-limited");
  EXPECT_EQ(read(plain, answer(500, R"({"error":"OutOfMemoryError"})")), "retry failed");
  for (const char* body : {"",
                           "<html>",
                           "{}",
                           R"({"images":[]})",
                           R"({"images":"x"})",
                           R"({"images":["!"]})",
                           R"({"images":[3]})",
                           "[1]"}) {
    EXPECT_EQ(read(plain, answer(200, body)), "done protocol-error") << body;
  }
}

TEST(A1111, TellsDigestsButNotPlaceholders) {
  const Service plain = service("a1111+http://h");
  const auto grade = [&](const std::string& sha256) {
    InventoryAnswers answers;
    answers["options"] = answer(200, R"({"sd_model_checkpoint":"m [1]"})");
    answers["sd-models"] = answer(200,
                                  json::array({{{"title", "m [1]"}, {"sha256", sha256}}}).dump());
    return std::string(to_string(plain.describe(answers).grade));
  };
  EXPECT_EQ(grade(std::string(32, 'a') + std::string(32, 'b')), "A");
  EXPECT_EQ(grade(std::string(64, '8')), "C") << "stable-diffusion.cpp answers eights";
  EXPECT_EQ(to_string(plain.describe({}).grade), std::string("D"));
}

TEST(OpenAI, SendsItsOwnServiceOnlyWhatItTakes) {
  const json hosted = json::parse(service("openai:gpt-image-1").submit(planned()).body);
  EXPECT_EQ(hosted, json::parse(R"({"prompt":"a cat","n":1,"model":"gpt-image-1",
    "size":"512x512","output_format":"png"})"));
  const http::HttpRequest request = service("openai+http://h:8080").submit(planned());
  EXPECT_EQ(request.url, "http://h:8080/v1/images/generations");
  const json compatible = json::parse(request.body);
  EXPECT_EQ(compatible.at("seed"), 7);
  EXPECT_EQ(compatible.at("num_inference_steps"), 20);
  EXPECT_EQ(compatible.at("response_format"), "b64_json");
  EXPECT_THROW(service("openai+https://api.openai.com/v1"), core::Error) << "names no model";
}

TEST(OpenAI, ReadsImagesAndRefusals) {
  const Service hosted = service("openai:dall-e-3");
  EXPECT_EQ(read(hosted, answer(200, R"({"data":[{"b64_json":")" + kPicture + R"("}]})")),
            "done image [PNG]");
  EXPECT_EQ(read(hosted, answer(200, R"({"data":[{"url":"https://x.y/z?sig=1"}]})")),
            "done image [https://x.y/z?sig=1]");
  const auto error = [&](int status, const char* code) {
    return read(hosted, answer(status, json{{"error", {{"code", code}, {"message", "m"}}}}.dump()));
  };
  EXPECT_EQ(error(400, "content_policy_violation"), "done refused");
  EXPECT_EQ(error(400, "moderation_blocked"), "done refused");
  EXPECT_EQ(error(429, "rate_limit_exceeded"), "retry rate-limited");
  EXPECT_EQ(error(429, "insufficient_quota"), "abort failed") << "waiting does not help";
  EXPECT_EQ(error(400, "billing_hard_limit_reached"), "abort failed");
  EXPECT_EQ(error(401, "invalid_api_key"), "abort failed");
  EXPECT_EQ(error(400, "invalid_size"), "done failed");
  EXPECT_EQ(read(hosted, answer(200, R"({"data":[]})")), "done protocol-error");
}

TEST(Replicate, CreatesByVersionOrByModel) {
  const std::string version(64, 'a');
  const http::HttpRequest pinned = service("replicate:o/n:" + version).submit(planned());
  EXPECT_EQ(pinned.url, "https://api.replicate.com/v1/predictions");
  EXPECT_EQ(json::parse(pinned.body).at("version"), version);
  EXPECT_EQ(json::parse(pinned.body).at("input").at("apply_watermark"), false);
  const http::HttpRequest official = service("replicate:o/n").submit(planned());
  EXPECT_EQ(official.url, "https://api.replicate.com/v1/models/o/n/predictions");
  EXPECT_EQ(to_string(service("replicate:o/n:" + version).describe({}).grade), std::string("A"));
  EXPECT_THROW(service("replicate:o"), core::Error);
  EXPECT_THROW(service("replicate:o/n:short"), core::Error);
}

TEST(Replicate, FollowsAPredictionToItsEnd) {
  const Service hosted = service("replicate:o/n");
  const auto at = [&](const json& fields) {
    json prediction = {{"id", "abc"}};
    prediction.update(fields);
    return read(hosted, answer(201, prediction.dump()));
  };
  EXPECT_EQ(at({{"status", "starting"}}), "poll GET https://api.replicate.com/v1/predictions/abc");
  EXPECT_EQ(at({{"status", "a new word"}}),
            "poll GET https://api.replicate.com/v1/predictions/abc");
  EXPECT_EQ(at({{"status", "succeeded"}, {"output", "https://x.y/1.png"}}),
            "done image [https://x.y/1.png]");
  EXPECT_EQ(at({{"status", "succeeded"}, {"output", {"https://x.y/1.png"}}}),
            "done image [https://x.y/1.png]");
  EXPECT_EQ(at({{"status", "succeeded"}, {"output", "data:image/png;base64," + kPicture}}),
            "done image [PNG]");
  EXPECT_EQ(at({{"status", "succeeded"}, {"output", json::array()}}), "done filtered-image");
  EXPECT_EQ(at({{"status", "succeeded"}, {"output", nullptr}, {"data_removed", true}}),
            "done expired");
  EXPECT_EQ(at({{"status", "failed"}, {"error", "NSFW content detected. Try again."}}),
            "done refused");
  EXPECT_EQ(at({{"status", "failed"}, {"error", "CUDA error"}}), "done failed");
  EXPECT_EQ(at({{"status", "canceled"}}), "done cancelled");
  EXPECT_EQ(at({{"status", "starting"}, {"id", "../../x"}}), "done protocol-error");
  EXPECT_EQ(
      read(hosted,
           answer(429, R"({"detail":"Request was throttled. Your rate limit resets in ~30s."})")),
      "retry rate-limited 30");
  EXPECT_EQ(read(hosted, answer(402, R"({"title":"Insufficient credit"})")), "abort failed");
}

TEST(Replicate, FindsItsPredictionAmongThoseListed) {
  const Service hosted = service("replicate:o/n");
  const json ours = json::parse(hosted.submit(planned()).body).at("input");
  json completed = ours;
  completed["added_by_the_service"] = 1;
  json another = ours;
  another["seed"] = 8;
  const auto find = [&](const std::string& body) {
    const Interpretation found = hosted.lookup->find(
        planned(), answer(200, body), "2026-01-31T10:00:00.500Z");
    if (found.next == Next::kPoll) return "poll " + found.poll.url;
    return std::string(found.next == Next::kRetry ? "none" : to_string(found.outcome));
  };
  const auto listed = [&](const json& input, const std::string& created) {
    return find(
        json{{"results",
              {{{"id", "abc"}, {"status", "starting"}, {"input", input}, {"created_at", created}}}}}
            .dump());
  };
  EXPECT_EQ(hosted.lookup->request.url, "https://api.replicate.com/v1/predictions");
  EXPECT_EQ(listed(completed, "2026-01-31T10:00:01.000000Z"),
            "poll https://api.replicate.com/v1/predictions/abc");
  EXPECT_EQ(listed(ours, "2026-01-31T09:59:00.000Z"),  // clocks differ a little
            "poll https://api.replicate.com/v1/predictions/abc");
  EXPECT_EQ(listed(ours, "2026-01-31T09:00:00.000Z"), "none");
  EXPECT_EQ(listed(another, "2026-01-31T10:00:01.000Z"), "none");
  EXPECT_EQ(listed(nullptr, "2026-01-31T10:00:01.000Z"), "none");  // deleted after an hour
  EXPECT_EQ(find(json{{"results",
                       {{{"id", "abc"},
                         {"status", "canceled"},  // by an interruption: it gives nothing any more
                         {"input", ours},
                         {"created_at", "2026-01-31T10:00:01.000Z"}}}}}
                     .dump()),
            "none");
  EXPECT_EQ(find("<html>"), "protocol-error");
}

TEST(HuggingFace, TakesBytesAndWaitsForTheModel) {
  const Service serverless = service("huggingface:o/n");
  EXPECT_EQ(serverless.submit(planned()).url,
            "https://router.huggingface.co/hf-inference/models/o/n");
  EXPECT_EQ(read(serverless, answer(200, "PNG", "image/jpeg")), "done image [PNG]");
  EXPECT_EQ(read(serverless,
                 answer(503, R"({"error":"Model X is currently loading","estimated_time":20.0})")),
            "retry not-ready 20");
  EXPECT_EQ(read(serverless, answer(503, "<html>busy</html>", "text/html")), "retry not-ready");
  EXPECT_EQ(read(serverless, answer(402, R"({"error":"exceeded your monthly credits"})")),
            "abort failed");
  EXPECT_EQ(read(serverless, answer(400, R"({"error":["a","b"]})")), "done failed");
  EXPECT_EQ(read(serverless, answer(200, R"({"oops":1})")), "done protocol-error");
  const Service dedicated = service("huggingface+https://x.endpoints.huggingface.cloud/");
  EXPECT_EQ(read(dedicated, answer(400, R"({"error":"whatever went wrong inside"})")),
            "retry failed");
  EXPECT_THROW(service("huggingface:n"), core::Error);
}

TEST(Stability, SendsAFormAndReadsTheVerdictOfTheFilter) {
  const http::HttpRequest request = service("stability:core").submit(planned());
  EXPECT_EQ(request.url, "https://api.stability.ai/v2beta/stable-image/generate/core");
  const std::string type = request.headers.get("Content-Type");
  ASSERT_EQ(type.substr(0, 30), "multipart/form-data; boundary=");
  const std::string boundary = type.substr(30);
  EXPECT_EQ(request.body.substr(0, boundary.size() + 4), "--" + boundary + "\r\n");
  EXPECT_NE(request.body.find("name=\"seed\"\r\n\r\n7\r\n"), std::string::npos);
  EXPECT_NE(request.body.find("--" + boundary + "--\r\n"), std::string::npos);

  const Service hosted = service("stability:sd3.5-large");
  http::HttpResponse picture = answer(200, "PNG", "image/png");
  picture.headers.add("seed", "7");
  EXPECT_EQ(read(hosted, picture), "done image [PNG]");
  picture.headers.add("finish-reason", "CONTENT_FILTERED");
  EXPECT_EQ(read(hosted, picture), "done filtered-image [PNG]");
  EXPECT_EQ(
      read(hosted,
           answer(200, R"({"image":")" + kPicture + R"(","finish_reason":"SUCCESS","seed":7})")),
      "done image [PNG]");
  EXPECT_EQ(read(hosted, answer(403, R"({"name":"content_moderation","errors":["flagged"]})")),
            "done refused");
  EXPECT_EQ(read(hosted, answer(403, R"({"name":"forbidden"})")), "abort failed");
  EXPECT_EQ(read(hosted, answer(429, R"({"name":"rate_limit_exceeded"})")),
            "retry rate-limited 60");
  EXPECT_EQ(read(hosted, answer(422, R"({"name":"invalid_language"})")), "done failed");
  EXPECT_THROW(service("stability:midjourney"), core::Error);
}

TEST(Fal, FollowsTheThreeUrlsAsReturned) {
  const Service hosted = service("fal:fal-ai/flux-lora");
  EXPECT_EQ(hosted.submit(planned()).url, "https://queue.fal.run/fal-ai/flux-lora");
  const json job = {{"request_id", "1"},
                    {"status_url", "https://queue.fal.run/fal-ai/requests/1/status"},
                    {"response_url", "https://queue.fal.run/fal-ai/requests/1"},
                    {"cancel_url", "https://queue.fal.run/fal-ai/requests/1/cancel"}};
  EXPECT_EQ(read(hosted, answer(200, job.dump())),
            "poll GET https://queue.fal.run/fal-ai/requests/1/status");
  EXPECT_EQ(read(hosted, answer(202, R"({"status":"IN_PROGRESS"})"), job),
            "poll GET https://queue.fal.run/fal-ai/requests/1/status");
  EXPECT_EQ(read(hosted, answer(200, R"({"status":"COMPLETED"})"), job),
            "poll GET https://queue.fal.run/fal-ai/requests/1");
  EXPECT_EQ(read(hosted, answer(200, R"({"images":[{"url":"https://x.y/1"}],"seed":7})"), job),
            "done image [https://x.y/1]");
  EXPECT_EQ(read(hosted,
                 answer(200, R"({"images":[{"url":"https://x.y/1"}],"has_nsfw_concepts":[true]})"),
                 job),
            "done filtered-image [https://x.y/1] nsfw");
  EXPECT_EQ(read(hosted,
                 answer(422, R"({"detail":[{"type":"content_policy_violation","msg":"m"}]})"),
                 job),
            "done refused");
  json stolen = job;
  stolen["status_url"] = "https://evil.example/status";
  EXPECT_EQ(read(hosted, answer(200, stolen.dump())), "done protocol-error")
      << "the key must not follow";
}

TEST(ComfyUI, PatchesTheSmallestGraph) {
  EndpointOptions options;
  options.model = "sd15.safetensors";
  const http::HttpRequest request = service("comfyui+http://h:8188", options).submit(planned());
  EXPECT_EQ(request.url, "http://h:8188/prompt");
  EXPECT_FALSE(request.headers.has("Origin")) << "the server refuses foreign origins";
  const json graph = json::parse(request.body).at("prompt");
  EXPECT_EQ(graph.at("3").at("inputs").at("seed"), 7);
  EXPECT_EQ(graph.at("6").at("inputs").at("text"), "a cat");
  EXPECT_EQ(graph.at("4").at("inputs").at("ckpt_name"), "sd15.safetensors");
  EXPECT_EQ(graph.at("5").at("inputs").at("width"), 512);
}

TEST(ComfyUI, FindsWhatToPatchInAForeignGraph) {
  const core::ScratchFolder folder;
  const json graph = {
      {"a",
       {{"class_type", "KSamplerAdvanced"},
        {"inputs",
         {{"noise_seed", json::array({"p", 0})},
          {"steps", 50},
          {"positive", json::array({"c", 0})},
          {"negative", json::array({"n", 0})},
          {"latent_image", json::array({"l", 0})}}}}},
      {"p", {{"class_type", "PrimitiveInt"}, {"inputs", {{"value", 1}}}}},
      {"c",
       {{"class_type", "ConditioningSetArea"},
        {"inputs", {{"conditioning", json::array({"t", 0})}}}}},
      {"t", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "theirs"}}}}},
      {"n", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "worst quality"}}}}},
      {"l", {{"class_type", "EmptySD3LatentImage"}, {"inputs", {{"width", 1}, {"height", 1}}}}}};
  core::write_file_atomic(folder / "w.json", graph.dump());
  EndpointOptions options;
  options.workflow = folder / "w.json";
  const json patched =
      json::parse(service("comfyui+http://h", options).submit(planned()).body).at("prompt");
  EXPECT_EQ(patched.at("p").at("inputs").at("value"), 7);
  EXPECT_EQ(patched.at("a").at("inputs").at("steps"), 20);
  EXPECT_EQ(patched.at("t").at("inputs").at("text"), "a cat");
  EXPECT_EQ(patched.at("n").at("inputs").at("text"), "");
  EXPECT_EQ(patched.at("l").at("inputs").at("height"), 512);

  core::write_file_atomic(folder / "w.json", R"({"nodes":[],"links":[]})");
  EXPECT_EQ(caught_text([&] { service("comfyui+http://h", options); }),
            (folder / "w.json").string() +
                ": is a workflow of the editor; export it with \"Save (API Format)\".");
}

// Another prompt node, here by name, in place of "6" and "7" of a plain workflow.
json workflow_with(const json& nodes, const json& positive, const json& negative) {
  json graph = {
      {"3",
       {{"class_type", "KSampler"},
        {"inputs", {{"seed", 1}, {"steps", 9}, {"positive", positive}, {"negative", negative}}}}},
      {"6", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "old positive"}}}}},
      {"7", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "old negative"}}}}}};
  graph.update(nodes);
  return graph;
}

struct AskedWorkflow {
  json graph;
  std::vector<std::string> remarks;
  std::string text(const char* node) const { return graph.at(node).at("inputs").at("text"); }
};

AskedWorkflow ask_workflow(const json& graph) {
  const core::ScratchFolder folder;
  core::write_file_atomic(folder / "w.json", graph.dump());
  EndpointOptions options;
  options.workflow = folder / "w.json";
  const Service comfy = service("comfyui+http://h", options);
  PlannedImage image = planned();
  image.negative_prompt = "fog";
  AskedWorkflow asked;
  asked.graph = json::parse(comfy.submit(image).body).at("prompt");
  asked.remarks = comfy.describe({}).remarks;
  return asked;
}

TEST(ComfyUI, FollowsEachOutputOfANodeThatBothPromptsPassThrough) {
  const json both = {
      {"12",
       {{"class_type", "ControlNetApplyAdvanced"},
        {"inputs", {{"positive", json::array({"6", 0})}, {"negative", json::array({"7", 0})}}}}}};
  const AskedWorkflow asked = ask_workflow(
      workflow_with(both, json::array({"12", 0}), json::array({"12", 1})));
  EXPECT_EQ(asked.text("6"), "a cat");
  EXPECT_EQ(asked.text("7"), "fog");
}

TEST(ComfyUI, NeverWritesTheNegativePromptOverThePrompt) {
  const json zeroed = {{"15",
                        {{"class_type", "ConditioningZeroOut"},
                         {"inputs", {{"conditioning", json::array({"6", 0})}}}}}};
  const AskedWorkflow zero = ask_workflow(
      workflow_with(zeroed, json::array({"6", 0}), json::array({"15", 0})));
  EXPECT_EQ(zero.text("6"), "a cat");
  EXPECT_THAT(zero.remarks, Contains(HasSubstr("no text for a negative prompt")));
  const AskedWorkflow same = ask_workflow(
      workflow_with(json::object(), json::array({"6", 0}), json::array({"6", 0})));
  EXPECT_EQ(same.text("6"), "a cat");
  EXPECT_THAT(same.remarks, Contains(HasSubstr("share a text")));
}

TEST(ComfyUI, TellsWhichTextsAWorkflowAddsToThePrompt) {
  const json combined = {
      {"12",
       {{"class_type", "ConditioningCombine"},
        {"inputs",
         {{"conditioning_1", json::array({"6", 0})}, {"conditioning_2", json::array({"8", 0})}}}}},
      {"8", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "masterpiece"}}}}}};
  const AskedWorkflow asked = ask_workflow(
      workflow_with(combined, json::array({"12", 0}), json::array({"7", 0})));
  EXPECT_EQ(asked.text("6"), "a cat");
  EXPECT_EQ(asked.text("8"), "masterpiece");
  EXPECT_THAT(asked.remarks, Contains(HasSubstr("node 8, \"text\"): \"masterpiece\"")));
}

TEST(ComfyUI, PollsTheHistoryAndFetchesTheSavedFile) {
  EndpointOptions options;
  options.model = "m";
  const Service comfy = service("comfyui+http://h:8188", options);
  const std::string id = "0f3c-1";
  EXPECT_EQ(read(comfy, answer(200, R"({"prompt_id":"0f3c-1","number":1,"node_errors":{}})")),
            "poll GET http://h:8188/history/0f3c-1");
  const json job = {{"id", id}};
  EXPECT_EQ(read(comfy, answer(200, "{}"), job), "poll GET http://h:8188/history/0f3c-1");
  const json finished = {
      {id,
       {{"outputs",
         {{"8", {{"images", {{{"filename", "p.png"}, {"subfolder", ""}, {"type", "temp"}}}}}},
          {"9",
           {{"images", {{{"filename", "ü 1.png"}, {"subfolder", "a/b"}, {"type", "output"}}}}}}}},
        {"status", {{"status_str", "success"}, {"completed", true}}}}}};
  EXPECT_EQ(read(comfy, answer(200, finished.dump()), job),
            "done image [http://h:8188/view?filename=%C3%BC%201.png&subfolder=a%2Fb&type=output]");
  EXPECT_EQ(read(comfy, answer(200, R"({"0f3c-1":{"status":{"status_str":"error"}}})"), job),
            "done failed");
  EXPECT_EQ(read(comfy,
                 answer(400,
                        R"({"error":{"type":"prompt_outputs_failed_validation","message":"m"},
                        "node_errors":{"4":{"errors":[{"type":"value_not_in_list"}]}}})")),
            "abort failed");
  EXPECT_EQ(read(comfy, answer(200, R"({"prompt_id":"x","node_errors":{"4":{}}})")),
            "abort failed");
  EXPECT_EQ(read(comfy, answer(200, R"({"prompt_id":"../../queue"})")), "done protocol-error");
}

Service described(const core::ScratchFolder& folder, const json& description) {
  core::write_file_atomic(folder / "s.json", description.dump());
  return service("generic:" + (folder / "s.json").string());
}

TEST(Generic, FillsItsTemplateAndFindsTheImage) {
  const core::ScratchFolder folder;
  const Service mine = described(
      folder,
      {{"url", "http://h/make/{width}"},
       {"headers", {{"X-Seed", "s-{seed}"}}},
       {"body",
        {{"text", "{prompt}!"}, {"seed", "{seed}"}, {"opts", {{"cfg", "{guidance_scale}"}}}}},
       {"image", "/result/0/data"},
       {"refused", {"not allowed"}}});
  PlannedImage image = planned();
  image.prompt = "a {seed} \"cat\"";
  const http::HttpRequest request = mine.submit(image);
  EXPECT_EQ(request.url, "http://h/make/512");
  EXPECT_EQ(request.headers.get("X-Seed"), "s-7");
  EXPECT_EQ(json::parse(request.body),
            json::parse(R"({"text":"a {seed} \"cat\"!","seed":7,"opts":{"cfg":7.0}})"))
      << "what stands in a prompt is no place to fill";
  EXPECT_EQ(read(mine, answer(200, R"({"result":[{"data":")" + kPicture + R"("}]})")),
            "done image [PNG]");
  EXPECT_EQ(read(mine, answer(200, R"({"result":[{"data":"https://x.y/z"}]})")),
            "done image [https://x.y/z]");
  EXPECT_EQ(read(mine, answer(400, "that is not allowed here")), "done refused");
  EXPECT_EQ(read(mine, answer(200, "{}")), "done protocol-error");
}

TEST(Generic, Polls) {
  const core::ScratchFolder folder;
  const Service mine = described(
      folder,
      {{"url", "https://h/jobs"},
       {"image", "/out"},
       {"poll",
        {{"url", "/next"}, {"status", "/state"}, {"done", {"ready"}}, {"failed", {"broken"}}}}});
  EXPECT_EQ(read(mine, answer(202, R"({"state":"queued","next":"/jobs/1"})")),
            "poll GET https://h/jobs/1");
  EXPECT_EQ(read(mine, answer(200, R"({"state":"running"})"), {{"url", "https://h/jobs/1"}}),
            "poll GET https://h/jobs/1");
  EXPECT_EQ(read(mine, answer(200, R"({"state":"ready","out":")" + kPicture + R"("})")),
            "done image [PNG]");
  EXPECT_EQ(read(mine, answer(200, R"({"state":"broken"})")), "done failed");
  EXPECT_EQ(read(mine, answer(200, R"({"state":"queued","next":"http://10.0.0.1/x"})")),
            "done protocol-error");
}

TEST(Generic, RefusesADescriptionThatIsNone) {
  const core::ScratchFolder folder;
  for (const json& wrong : {json::array(),
                            json{{"url", "ftp://x"}},
                            json{{"url", "http://x"}, {"method", "DELETE"}},
                            json{{"url", "http://x"}, {"image", "no pointer"}},
                            json{{"url", "http://x"}, {"imgae", ""}},
                            json{{"url", "http://x"}, {"headers", 3}}}) {
    EXPECT_THROW(described(folder, wrong), core::Error) << wrong;
  }
}

}  // namespace
}  // namespace patina::queryers
