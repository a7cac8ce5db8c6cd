// SPDX-License-Identifier: Apache-2.0
#include "images/containers/xmp.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>
#include <limits>
#include <memory>
#include <string_view>

namespace patina::images {
namespace {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

struct FreeBuffer {
  void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
};

std::string text_of(const xmlChar* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

// Where no namespace is declared for a prefix, libxml2 leaves it in the name.
std::string local_name(const xmlChar* name) {
  const std::string whole = text_of(name);
  return whole.substr(whole.rfind(':') + 1);
}

std::string space_of(const xmlNs* space) {
  return space == nullptr ? std::string() : text_of(space->href);
}

// Without the network, entities or what libxml2 prints.
Document parse(const core::Bytes& xmp) {
  if (xmp.empty() || xmp.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return nullptr;
  }
  return Document(xmlReadMemory(reinterpret_cast<const char*>(xmp.data()),
                                static_cast<int>(xmp.size()),
                                nullptr,
                                nullptr,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

// A packet stands between processing instructions, which are no part of its tree's root, and is
// padded with blanks, so that programs may edit it in place.
core::Bytes written(xmlDoc* document) {
  const std::unique_ptr<xmlBuffer, FreeBuffer> buffer(xmlBufferCreate());
  xmlSaveCtxt* const saving = xmlSaveToBuffer(buffer.get(), "UTF-8", XML_SAVE_NO_DECL);
  if (saving == nullptr) return {};
  xmlSaveDoc(saving, document);
  xmlSaveClose(saving);
  const xmlChar* const text = xmlBufferContent(buffer.get());
  return core::Bytes(text, text + xmlBufferLength(buffer.get()));
}

/// Walks the tree without recursion: a packet may nest as deep as its size allows.
class Walk {
 public:
  Walk(xmlDoc* document, const PropertyTest& is_meant) : document_(document), is_meant_(is_meant) {}

  /// Number of properties that are meant; `remove` takes them out.
  int count(bool remove) {
    int found = 0;
    xmlNode* node = xmlDocGetRootElement(document_);
    while (node != nullptr) {
      found += count_attributes(node, remove);
      xmlNode* const next = node->type == XML_ELEMENT_NODE && node->children != nullptr
                                ? node->children
                                : behind(node);
      if (node->type == XML_ELEMENT_NODE && node->parent != nullptr &&
          node != xmlDocGetRootElement(document_) &&
          is_meant_(space_of(node->ns), local_name(node->name))) {
        ++found;
        xmlNode* const after = behind(node);
        if (remove) {
          xmlUnlinkNode(node);
          xmlFreeNode(node);
        }
        node = after;
        continue;
      }
      node = next;
    }
    return found;
  }

 private:
  int count_attributes(xmlNode* node, bool remove) {
    int found = 0;
    if (node->type != XML_ELEMENT_NODE) return found;
    for (xmlAttr* attribute = node->properties; attribute != nullptr;) {
      xmlAttr* const next = attribute->next;
      if (is_meant_(space_of(attribute->ns), local_name(attribute->name))) {
        ++found;
        if (remove) xmlRemoveProp(attribute);
      }
      attribute = next;
    }
    return found;
  }

  xmlNode* behind(xmlNode* node) const {
    while (node != nullptr && node->next == nullptr) {
      node = node->parent;
      if (node == nullptr || node->type != XML_ELEMENT_NODE) return nullptr;
    }
    return node == nullptr ? nullptr : node->next;
  }

  xmlDoc* document_;
  const PropertyTest& is_meant_;
};

// libxml2 wants the document to start at its first markup.
core::Bytes from_first_markup(const core::Bytes& xmp) {
  std::size_t begin = 0;
  while (begin < xmp.size() && xmp[begin] != '<') ++begin;
  std::size_t end = xmp.size();
  while (end > begin && xmp[end - 1] != '>') --end;
  return core::Bytes(xmp.begin() + static_cast<std::ptrdiff_t>(begin),
                     xmp.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace

bool has_property(const core::Bytes& xmp, const PropertyTest& is_meant) {
  const Document document = parse(from_first_markup(xmp));
  return document && Walk(document.get(), is_meant).count(false) > 0;
}

bool remove_properties(core::Bytes& xmp, const PropertyTest& is_meant) {
  if (xmp.empty()) return false;
  const Document document = parse(from_first_markup(xmp));
  if (!document) {
    xmp.clear();
    return true;
  }
  if (Walk(document.get(), is_meant).count(true) == 0) return false;
  xmp = written(document.get());
  return true;
}

}  // namespace patina::images
