// ANTLR's runtime searches parse trees by paths, with a grammar of its own that a constructor of a global reads before
// main() begins: a quarter of what a start of the program would cost. Nothing here searches parse trees; with these
// definitions in its place that part of the runtime's archive is not linked.
#include <tree/xpath/XPath.h>
#include <tree/xpath/XPathElement.h>

#include "support/check.h"

namespace antlr4::tree::xpath {

XPath::XPath(Parser *parser, const std::string &path) : _path(path), _parser(parser) {}

std::vector<std::unique_ptr<XPathElement>> XPath::split(const std::string & /*path*/) {
  SPILE_UNREACHABLE("paths in parse trees are not linked");
}

std::vector<ParseTree *> XPath::evaluate(ParseTree * /*tree*/) {
  SPILE_UNREACHABLE("paths in parse trees are not linked");
}

std::unique_ptr<XPathElement> XPath::getXPathElement(Token * /*word*/, bool /*anywhere*/) {
  SPILE_UNREACHABLE("paths in parse trees are not linked");
}

}  // namespace antlr4::tree::xpath
