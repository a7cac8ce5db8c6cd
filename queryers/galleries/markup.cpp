// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/markup.h"

#include <climits>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <memory>

namespace patina::queryers {
namespace {

constexpr int kMaxElements = 100'000;
constexpr std::size_t kMaxValue = 64 << 10;

struct State {
  const Walker* walker = nullptr;
  int elements = 0;
  xmlParserCtxt* parser = nullptr;
};

std::string text_of(const xmlChar* text) {
  if (text == nullptr) return {};
  std::string copy(reinterpret_cast<const char*>(text));
  if (copy.size() > kMaxValue) copy.resize(kMaxValue);
  return copy;
}

void on_open(void* data, const xmlChar* name, const xmlChar** attributes) {
  auto& state = *static_cast<State*>(data);
  if (++state.elements > kMaxElements) {
    xmlStopParser(state.parser);
    return;
  }
  Attributes taken;
  for (const xmlChar** at = attributes; at != nullptr && *at != nullptr; at += 2) {
    taken.add(text_of(at[0]), text_of(at[1]));
  }
  state.walker->open(text_of(name), taken);
}

void on_close(void* data, const xmlChar* name) {
  auto& state = *static_cast<State*>(data);
  if (state.elements <= kMaxElements) state.walker->close(text_of(name));
}

void on_text(void* data, const xmlChar* text, int length) {
  auto& state = *static_cast<State*>(data);
  if (length <= 0 || state.elements > kMaxElements) return;
  state.walker->text(
      std::string_view(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)));
}

void on_entity_declaration(void*, const xmlChar*, int, const xmlChar*, const xmlChar*, xmlChar*) {}

xmlSAXHandler make_handler() {
  xmlSAXHandler handler{};
  handler.startElement = on_open;
  handler.endElement = on_close;
  handler.characters = on_text;
  handler.cdataBlock = on_text;
  handler.entityDecl = on_entity_declaration;  // what a document declares is not expanded
  return handler;
}

int bounded(std::string_view text) {
  return static_cast<int>(text.size() > INT_MAX ? INT_MAX : text.size());
}

}  // namespace

void walk_html(std::string_view html, const Walker& walker) {
  xmlSAXHandler handler = make_handler();
  State state;
  state.walker = &walker;
  const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxt*)> parser(
      htmlCreatePushParserCtxt(&handler, &state, nullptr, 0, nullptr, XML_CHAR_ENCODING_UTF8),
      htmlFreeParserCtxt);
  if (!parser) return;
  state.parser = parser.get();
  htmlCtxtUseOptions(
      parser.get(),
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
  htmlParseChunk(parser.get(), html.data(), bounded(html), 1);
  if (parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
  parser->myDoc = nullptr;
}

void walk_xml(std::string_view xml, const Walker& walker) {
  xmlSAXHandler handler = make_handler();
  State state;
  state.walker = &walker;
  const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxt*)> parser(
      xmlCreatePushParserCtxt(&handler, &state, nullptr, 0, nullptr), xmlFreeParserCtxt);
  if (!parser) return;
  state.parser = parser.get();
  xmlCtxtUseOptions(parser.get(), XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlParseChunk(parser.get(), xml.data(), bounded(xml), 1);
  if (parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
  parser->myDoc = nullptr;
}

}  // namespace patina::queryers
