// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/page.h"

#include <string>

#include <gtest/gtest.h>

#include "http/url.h"
#include "queryers/galleries/sitemap.h"

namespace patina::queryers {
namespace {

const http::Url kHere = http::require_url("https://a.b/dir/page.html");

/// "first|second (place)" for each picture, a line each.
std::string pictures(const std::string& html) {
  std::string text;
  for (const PagePicture& picture : read_page(html, kHere, 200).pictures) {
    std::string line;
    for (const Candidate& candidate : picture.candidates) {
      line += (line.empty() ? "" : "|") + candidate.url.target();
    }
    text += line + " (" + to_string(picture.candidates.front().place) + ")\n";
  }
  return text;
}

TEST(ReadPage, OrdersTheAddressesOfAPicture) {
  EXPECT_EQ(pictures(R"(<a href="o.png"><img src="t.png" srcset="m.png 1x, l.png 2x"
                        data-original="z.png"></a>)"),
            "/dir/o.png|/dir/l.png|/dir/z.png|/dir/t.png (link)\n");
  EXPECT_EQ(pictures(R"(<picture><source type="image/webp" srcset="a.webp 800w">
                        <source type="image/png" srcset="a.png 400w"><img src="a.jpg"></picture>)"),
            "/dir/a.png|/dir/a.webp|/dir/a.jpg (srcset)\n");
}

TEST(ReadPage, TakesALinkToAnImageWithoutAThumbnail) {
  EXPECT_EQ(pictures(R"(<a href="a.jpg">a.jpg</a> <a href="b.jpg"><img src="t.jpg"></a>
                        <a href="a.jpg">again</a> <a href="c/">c</a>)"),
            "/dir/a.jpg (link)\n/dir/b.jpg|/dir/t.jpg (link)\n");
}

TEST(ReadPage, ResolvesAgainstBaseAndDecodesEntities) {
  EXPECT_EQ(pictures(R"(<base href="/media/"><img src="x.png?a=1&amp;b=2">)"),
            "/media/x.png?a=1&b=2 (img)\n");
  EXPECT_EQ(
      pictures(R"(<img src="//cdn.example/x.png"><img src="javascript:x"><img src="data:,">)"),
      "/x.png (img)\n");
}

TEST(ReadPage, LeavesIconsOut) {
  EXPECT_EQ(pictures(R"(<img src=a.png width=32 height=32><img src=b.png class="user-avatar">
                        <img src=c.png width="100%"><img src=d.png height=400>)"),
            "/dir/c.png (img)\n/dir/d.png (img)\n");
}

TEST(ReadPage, TakesCardsScriptsAndStylesWhereNoElementShowedThem) {
  EXPECT_EQ(
      pictures(R"html(<head><meta property="og:image" content="/card.png">
                        <meta property="og:image" content="/shown.png">
                        <link rel="preload" as="image" imagesrcset="/p1.png 1x, /p2.png 2x"></head>
                        <script type="application/ld+json">{"@graph":[{"@type":"ImageObject",
                        "contentUrl":"/ld.png"}]}</script>
                        <div style="background-image: url('/bg.png')"></div><img src="/shown.png">)html"),
      "/shown.png (img)\n/p2.png (link element)\n/ld.png (JSON-LD)\n/card.png (card)\n/bg.png "
      "(style)\n");
}

TEST(ReadPage, TakesWhatScriptsStartFrom) {
  EXPECT_EQ(pictures(R"html(<script id="__NEXT_DATA__" type="application/json">{"props":{"works":[
                      {"title":"x.png","thumbnail":"/t.png","original":"https://a.b/o.png"},
                      {"url":"/p","avatarUrl":"/me.png"}]},"buildId":"b"}</script>)html"),
            "/o.png|/t.png (script data)\n");
  EXPECT_EQ(
      pictures(R"html(<script>window.__INITIAL_STATE__ = {"a":"}","list":["/1.webp","/2.jpg?w=9"]};
                      f();</script><img src="/1.webp">)html"),
      "/1.webp (img)\n/2.jpg?w=9 (script data)\n");
  EXPECT_EQ(pictures(R"html(<script>window.__a = {"b": "/1.png"</script><script>{"c"</script>
                      <script type="module">x = {"a":"/m.png"}</script>
                      <script>var a = {"b":"/no.png"}; a == {}</script>)html"),
            "");
}

TEST(ReadPage, FindsFeeds) {
  const Page page = read_page(R"(<link rel="alternate" type="application/rss+xml" href="/rss">
                                 <link rel="alternate" hreflang="de" href="/de">)",
                              kHere,
                              200);
  ASSERT_EQ(page.feeds.size(), 1U);
  EXPECT_EQ(page.feeds[0].target(), "/rss");
}

TEST(ReadFeed, ReadsRssAndAtom) {
  const auto read = [](const std::string& xml) {
    const Sitemap feed = read_feed(xml, kHere);
    std::string text;
    for (const http::Url& page : feed.pages) text += "page " + page.target() + " ";
    for (const http::Url& image : feed.images) text += "image " + image.target() + " ";
    return text;
  };
  EXPECT_EQ(read("<rss><channel><link>https://a.b/</link><item><link>/w/1</link>"
                 "<enclosure url='/1.png' type='image/png'/><enclosure url='/1.mp3' "
                 "type='audio/mpeg'/><media:content xmlns:media='m' url='/2' medium='image'/>"
                 "</item></channel></rss>"),
            "page /w/1 image /1.png image /2 ");
  EXPECT_EQ(
      read("<feed xmlns='x'><link rel='self' href='/feed'/><entry><link href='/w/2'/>"
           "<link rel='enclosure' href='/3.jpg'/><link rel='edit' href='/e'/></entry></feed>"),
      "page /w/2 image /3.jpg ");
  EXPECT_EQ(read("<rss><item><link>"), "");
  EXPECT_EQ(read(""), "");
}

TEST(ReadPage, FindsLinksAndTheNextPage) {
  const Page page = read_page(
      R"(<title>My <b>page</title><a href="/x">x</a><a href="/x">again</a><a rel="nofollow" href="/n">n</a>
         <a href="/pic.png">p</a><a rel=next href="?page=2">next</a>)",
      kHere,
      200);
  ASSERT_EQ(page.links.size(), 2U);
  EXPECT_EQ(page.links[0].target(), "/x");
  EXPECT_EQ(page.next->target(), "/dir/page.html?page=2");
}

TEST(ReadPage, BrokenHtmlIsReadAsFarAsItGoes) {
  for (const char* html : {"",
                           "<",
                           "<img",
                           "<img src=",
                           "<a href='",
                           "<script type=application/ld+json>{",
                           "<!--",
                           "<picture><img>",
                           "\xFF\xFE<img src=x.png>",
                           "<base href=':'>"}) {
    read_page(html, kHere, 200);
  }
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "<div><a href=/" + std::to_string(i) + ">";
  read_page(deep, kHere, 200);
}

TEST(Srcset, IsSplitAsHtmlSplitsIt) {
  EXPECT_EQ(largest_of_srcset("a.png"), "a.png");
  EXPECT_EQ(largest_of_srcset("a.png 1x, b.png 2x"), "b.png");
  EXPECT_EQ(largest_of_srcset("a,b.png 100w, c,d.png 200w"), "c,d.png") << "URLs may hold commas";
  EXPECT_EQ(largest_of_srcset("a.png, b.png 1.5x,c.png 0.5x"), "b.png");
  EXPECT_EQ(largest_of_srcset(" , ,"), "");
  EXPECT_EQ(largest_of_srcset(""), "");
}

TEST(ReadSitemap, ReadsPagesImagesAndIndexes) {
  const Sitemap map = read_sitemap(
      "<urlset xmlns:image='x'><url><loc> https://a.b/p "
      "</loc><image:image><image:loc>https://a.b/i.png"
      "</image:loc></image:image></url></urlset>",
      kHere);
  ASSERT_EQ(map.pages.size(), 1U);
  ASSERT_EQ(map.images.size(), 1U);
  EXPECT_EQ(map.images[0].target(), "/i.png");
  EXPECT_EQ(read_sitemap("<sitemapindex><sitemap><loc>/m.xml</loc></sitemap></sitemapindex>", kHere)
                .sitemaps.size(),
            1U);
  // Entities that a document declares are not expanded.
  EXPECT_TRUE(read_sitemap("<!DOCTYPE x [<!ENTITY a 'https://a.b/'><!ENTITY b SYSTEM "
                           "'file:///etc/passwd'>]><urlset><url><loc>&b;</loc></url></urlset>",
                           kHere)
                  .pages.size() <= 1);
  read_sitemap("<urlset><url><loc>", kHere);
}

}  // namespace
}  // namespace patina::queryers
