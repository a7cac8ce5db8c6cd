// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/robots.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace patina::queryers {
namespace {

bool allows(const std::string& rules, const std::string& target) {
  return parse_robots(rules, "Patina").allows(target);
}

// RFC 9309, Sec. 5.1 and 5.2.
TEST(ParseRobots, HasTheExamplesOfItsStandard) {
  const std::string simple =
      "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
      "User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
      "User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n"
      "User-Agent: quxbot\n";
  const auto of = [&simple](const char* token, const char* target) {
    return parse_robots(simple, token).allows(target);
  };
  EXPECT_FALSE(of("other", "/x.gif"));
  EXPECT_FALSE(of("other", "/example/x"));
  EXPECT_TRUE(of("other", "/publications/x"));
  EXPECT_TRUE(of("foobot", "/example/page.html"));
  EXPECT_FALSE(of("FooBot", "/example/other.html"));
  EXPECT_FALSE(of("bazbot", "/example/page.html"));
  EXPECT_TRUE(of("bazbot", "/example/x"));
  EXPECT_TRUE(of("quxbot", "/example/page.html"));

  const std::string longest =
      "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
  EXPECT_FALSE(parse_robots(longest, "foobot").allows("/example/page/disallowed.gif"));
  EXPECT_TRUE(parse_robots(longest, "foobot").allows("/example/page/other.gif"));
}

TEST(ParseRobots, MergesTheGroupsOfOneName) {
  const std::string rules =
      "user-agent: patina\ndisallow: /a\n\nuser-agent: x\ndisallow: /b\n\nUser-Agent: "
      "PATINA\ndisallow: "
      "/c\n\nuser-agent: *\ndisallow: /d";
  EXPECT_FALSE(allows(rules, "/a"));
  EXPECT_TRUE(allows(rules, "/b"));
  EXPECT_FALSE(allows(rules, "/c"));
  EXPECT_TRUE(allows(rules, "/d")) << "there is a group for us";
}

TEST(ParseRobots, AllowWinsAmongRulesOfOneLength) {
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /page\nAllow: /page", "/page"));
}

TEST(ParseRobots, ComparesPercentEncodedOctets) {
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /a%3cd.html", "/a%3Cd.html"));
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /%7Ejoe/", "/~joe/x"));
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /\xC3\xBC", "/%C3%BCber"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /A", "/a")) << "case matters";
}

TEST(ParseRobots, LeavesOutWhatItDoesNotUnderstand) {
  const Robots robots = parse_robots(
      "\xEF\xBB\xBFnonsense\nDisallow: /before-any-group\nUser-agent: * # all\r\nDisallow: /x # "
      "here\r\n"
      "Disallow:\r\nCrawl-delay: 7\nSitemap: https://a.b/map.xml\nContent-Signal: ai-train=no\n",
      "Patina");
  EXPECT_TRUE(robots.allows("/before-any-group"));
  EXPECT_FALSE(robots.allows("/x"));
  EXPECT_TRUE(robots.allows("/"));
  EXPECT_EQ(robots.crawl_delay_s, 7.0);
  EXPECT_EQ(robots.sitemaps, std::vector<std::string>{"https://a.b/map.xml"});
  EXPECT_EQ(robots.signals, std::vector<std::string>{"content-signal: ai-train=no"});
  EXPECT_TRUE(parse_robots("User-agent: *\nDisallow: /", "x").allows("/robots.txt"));
}

TEST(RobotsMatch, KnowsStarsAndEnds) {
  EXPECT_TRUE(robots_match("/a*b", "/axxbyy"));
  EXPECT_FALSE(robots_match("/a*b$", "/axxbyy"));
  EXPECT_TRUE(robots_match("/a*b$", "/axxbyb"));
  EXPECT_TRUE(robots_match("*", ""));
  EXPECT_TRUE(robots_match("/*/*/c", "/a/b/c"));
  EXPECT_FALSE(robots_match("/a$", "/ab"));
  EXPECT_TRUE(robots_match("", "/x"));
  EXPECT_FALSE(robots_match("/a", ""));
  const std::string stars(2'000, '*');
  EXPECT_FALSE(robots_match(stars + "b$", std::string(20'000, 'a')));
}

}  // namespace
}  // namespace patina::queryers
