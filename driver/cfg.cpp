#include "driver/cfg.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "backend/isa/disasm.h"
#include "driver/html.h"
#include "verifier/structure.h"

namespace spile::driver {
namespace {

// Sizes in pixels, of a font of 11.
constexpr unsigned kCharWidth = 7, kLineHeight = 14, kPadding = 6, kColumnGap = 28, kRowGap = 34, kLoopGap = 10;
constexpr size_t kMaxLines = 12, kMaxColumns = 44;  // of a block's text; more is cut

// What a block shows, cut to what can be looked over.
std::vector<std::string> text_of(const object::Program &program, const Block &block) {
  std::vector<std::string> lines;
  for (uint32_t i = block.first; i < block.last; i += isa::width(program.insns[i])) {
    if (lines.size() == kMaxLines) {
      lines.back() = fmt::format("... to {}", block.last - 1);
      break;
    }
    std::string line = fmt::format("{}: {}", i, isa::disassemble(program.insns, i));
    if (line.size() > kMaxColumns) line = line.substr(0, kMaxColumns - 3) + "...";
    lines.push_back(std::move(line));
  }
  return lines;
}

class Layout {
 public:
  Layout(const object::Program &program, const std::vector<Block> &blocks)
      : blocks_(blocks), boxes_(blocks.size()), is_reached_(blocks.size()) {
    for (size_t b = 0; b < blocks.size(); b++) {
      boxes_[b].lines = text_of(program, blocks[b]);
      size_t longest = 0;
      for (const std::string &line : boxes_[b].lines) longest = std::max(longest, line.size());
      boxes_[b].width = static_cast<unsigned>(longest) * kCharWidth + 2 * kPadding;
      boxes_[b].height = static_cast<unsigned>(boxes_[b].lines.size()) * kLineHeight + 2 * kPadding;
    }
    find_rows();
    place();
  }

  struct Box {
    std::vector<std::string> lines;
    unsigned row = 0, x = 0, y = 0, width = 0, height = 0;
  };
  const Box &operator[](size_t block) const { return boxes_[block]; }
  unsigned width() const { return width_; }
  unsigned height() const { return height_; }
  // To a block above it, or to itself.
  bool goes_back(size_t from, size_t to) const { return boxes_[to].row <= boxes_[from].row; }

 private:
  // A block is a row below the lowest that leads to it; blocks are in the order of the code, so that what jumps back is
  // a loop's end, and does not count.
  void find_rows() {
    for (size_t b = 0; b < blocks_.size(); b++) {
      // Each function begins below all of the one before it.
      if (b > 0 && !is_reached_[b]) boxes_[b].row = lowest_ + 1;
      lowest_ = std::max(lowest_, boxes_[b].row);
      for (const uint32_t next : blocks_[b].next)
        if (next > b) {
          boxes_[next].row = std::max(boxes_[next].row, boxes_[b].row + 1);
          is_reached_[next] = true;
        }
    }
  }

  void place() {
    std::map<unsigned, std::vector<size_t>> rows;
    for (size_t b = 0; b < blocks_.size(); b++) rows[boxes_[b].row].push_back(b);
    std::map<unsigned, unsigned> widths;
    for (const auto &[row, members] : rows) {
      for (const size_t b : members) widths[row] += boxes_[b].width + kColumnGap;
      width_ = std::max(width_, widths[row]);
    }
    unsigned y = kPadding;
    for (const auto &[row, members] : rows) {
      unsigned x = kPadding + (width_ - widths[row]) / 2, tallest = 0;
      for (const size_t b : members) {
        boxes_[b].x = x, boxes_[b].y = y;
        x += boxes_[b].width + kColumnGap;
        tallest = std::max(tallest, boxes_[b].height);
      }
      y += tallest + kRowGap;
    }
    height_ = y;
  }

  const std::vector<Block> &blocks_;
  std::vector<Box> boxes_;
  std::vector<bool> is_reached_;  // by block
  unsigned lowest_ = 0, width_ = 0, height_ = 0;
};

}  // namespace

std::vector<Block> blocks_of(const object::Program &program) {
  const auto count = static_cast<uint32_t>(program.insns.size());
  std::vector<bool> begins(count + 1);
  begins[0] = begins[count] = true;
  for (const auto &sub : program.subprograms) begins[sub.start] = true;
  for (uint32_t i = 0; i < count; i += isa::width(program.insns[i])) {
    const isa::Insn &insn = program.insns[i];
    if (!insn.is_jump() || insn.is_call()) continue;  // an exit is a jump, too
    for (const uint32_t target : verifier::successors(program, i))
      if (target < count) begins[target] = true;
    begins[i + 1] = true;
  }
  std::vector<Block> blocks;
  std::vector<uint32_t> block_at(count);
  for (uint32_t first = 0; first < count;) {
    uint32_t last = first + 1;
    while (!begins[last]) last++;
    block_at[first] = static_cast<uint32_t>(blocks.size());
    blocks.push_back({first, last, {}});
    first = last;
  }
  for (Block &block : blocks) {
    uint32_t end = block.first;
    for (uint32_t i = end; i < block.last; i += isa::width(program.insns[i])) end = i;
    for (const uint32_t target : verifier::successors(program, end))
      if (target < count && begins[target]) block.next.push_back(block_at[target]);
  }
  return blocks;
}

std::string cfg_as_dot(const object::Program &program) {
  const std::vector<Block> blocks = blocks_of(program);
  std::string out = fmt::format("digraph \"{}\" {{\n  node [shape=box, fontname=monospace];\n", program.name);
  for (const Block &block : blocks) {
    std::string label;
    for (const std::string &line : text_of(program, block)) label += line + "\\l";
    out += fmt::format("  b{} [label=\"{}\"];\n", block.first, label);
    for (const uint32_t next : block.next) out += fmt::format("  b{} -> b{};\n", block.first, blocks[next].first);
  }
  return out + "}\n";
}

std::string cfg_as_svg(const object::Program &program, std::string_view prefix, const std::vector<bool> &marked) {
  const std::vector<Block> blocks = blocks_of(program);
  const Layout layout(program, blocks);
  std::string edges, boxes;
  unsigned loops = 0;
  for (size_t b = 0; b < blocks.size(); b++) {
    const Layout::Box &box = layout[b];
    const bool is_marked =
        std::any_of(marked.begin() + std::min<ptrdiff_t>(blocks[b].first, std::ssize(marked)),
                    marked.begin() + std::min<ptrdiff_t>(blocks[b].last, std::ssize(marked)), [](bool m) { return m; });
    boxes +=
        fmt::format("<g id=\"{}{}\" class=\"block{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>",
                    prefix, blocks[b].first, is_marked ? " path" : "", box.x, box.y, box.width, box.height);
    unsigned y = box.y + kPadding + kLineHeight - 3;
    for (const std::string &line : box.lines) {
      boxes += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", box.x + kPadding, y, escaped(line));
      y += kLineHeight;
    }
    boxes += "</g>\n";
    const unsigned from_x = box.x + box.width / 2, from_y = box.y + box.height;
    for (const uint32_t next : blocks[b].next) {
      const Layout::Box &to = layout[next];
      const unsigned to_x = to.x + to.width / 2;
      if (!layout.goes_back(b, next)) {
        edges += fmt::format("<path d=\"M{} {} C{} {} {} {} {} {}\" marker-end=\"url(#{}arrow)\"/>\n", from_x, from_y,
                             from_x, from_y + kRowGap / 2, to_x, to.y - kRowGap / 2, to_x, to.y, prefix);
        continue;
      }
      const unsigned side = layout.width() + kLoopGap * ++loops;
      edges += fmt::format("<path class=\"back\" d=\"M{} {} V{} H{} V{} H{}\" marker-end=\"url(#{}arrow)\"/>\n", from_x,
                           from_y, from_y + kRowGap / 3, side, to.y + kPadding, to.x + to.width, prefix);
    }
  }
  const unsigned width = layout.width() + kLoopGap * (loops + 2), height = layout.height();
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\">\n"
      "<title>control flow of {2}</title>\n"
      "<style>.block rect{{fill:#fff;stroke:#555}}.block text{{font:11px monospace;white-space:pre}}"
      ".path rect{{fill:#fdd}}path{{fill:none;stroke:#777}}.back{{stroke:#b60}}</style>\n"
      "<defs><marker id=\"{3}arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
      "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" style=\"fill:#777\"/></marker></defs>\n{4}{5}</svg>\n",
      width, height, escaped(program.name), prefix, edges, boxes);
}

}  // namespace spile::driver
