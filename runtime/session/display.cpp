#include "runtime/session/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <numeric>
#include <string_view>

#include "backend/object/print_value.h"

namespace spile::session {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kPrefix = "spile:";
constexpr size_t kBar = 52;  // characters of the longest one

std::vector<uint64_t> words_of(Bytes bytes) {
  std::vector<uint64_t> words(bytes.size() / sizeof(uint64_t));
  if (!words.empty()) std::memcpy(words.data(), bytes.data(), words.size() * sizeof(uint64_t));
  return words;
}

// "lhist:0:200:20". Plain for a tag that is not one of ours.
Display display_of(std::string_view tag) {
  const std::string_view name = tag.substr(0, tag.find(':'));
  if (name == "avg") return {Display::Average};
  if (name == "hist") return {Display::Log2};
  if (name == "count") return {.kind = Display::Number, .counts = true};
  if (name == "sum" || name == "min" || name == "max") return {Display::Number};
  if (name == "table") return {Display::Table};
  if (name == "scratch") return {.kind = Display::Table, .is_scratch = true};
  if (name != "lhist") return {};
  Display display{Display::Linear};
  tag.remove_prefix(name.size());
  for (int64_t *number : {&display.min, &display.max, &display.step}) {
    if (!tag.starts_with(':')) return {};
    tag.remove_prefix(1);
    const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), *number);
    if (error != std::errc()) return {};
    tag.remove_prefix(static_cast<size_t>(end - tag.data()));
  }
  return display.step > 0 && display.max > display.min ? display : Display{};
}

int64_t average(Bytes bytes) {
  const std::vector<uint64_t> words = words_of(bytes);
  return words.size() < 2 || words[0] == 0 ? 0 : static_cast<int64_t>(words[1]) / static_cast<int64_t>(words[0]);
}

// 1024: "1K", so that the edges of a log2 histogram stay short.
std::string edge(uint64_t power) {
  static constexpr std::string_view kUnits[] = {"", "K", "M", "G", "T", "P", "E"};
  return fmt::format("{}{}", uint64_t{1} << power % 10, kUnits[power / 10]);
}

std::string log2_label(size_t slot) {
  if (slot == 0) return "(..., 0)";
  if (slot <= 2) return fmt::format("[{}]", slot - 1);
  return slot - 1 == 64 ? fmt::format("[{}, ...)", edge(slot - 2))
                        : fmt::format("[{}, {})", edge(slot - 2), edge(slot - 1));
}

std::string linear_label(const Display &display, size_t slot, size_t slots) {
  if (slot == 0) return fmt::format("(..., {})", display.min);
  if (slot + 1 == slots) return fmt::format("[{}, ...)", display.max);
  const int64_t from = display.min + static_cast<int64_t>(slot - 1) * display.step;
  return fmt::format("[{}, {})", from, std::min(from + display.step, display.max));
}

}  // namespace

std::vector<Display> displays_of(const object::Object &object) {
  std::vector<Display> displays(object.maps.size());
  // Those of <bpf/usdt.bpf.h> are filled for the programs' sake.
  for (size_t i = 0; i < displays.size(); i++) displays[i].is_scratch = object.maps[i].name.starts_with("__bpf_usdt_");
  for (uint32_t id = 1; id < object.btf.type_count(); id++) {
    const object::BtfType tag = object.btf.type(object::BtfId(id));
    if (tag.kind != object::BtfKind::DeclTag || !tag.name.starts_with(kPrefix)) continue;
    const object::BtfType variable = object.btf.type(tag.type);
    if (variable.kind != object::BtfKind::Var) continue;
    for (size_t i = 0; i < displays.size(); i++)
      if (object.maps[i].name == variable.name) displays[i] = display_of(tag.name.substr(kPrefix.size()));
  }
  return displays;
}

std::string display_key(const object::Btf &btf, object::BtfId type, Bytes bytes) {
  if (!type || btf.type(btf.resolve(type)).kind != object::BtfKind::Struct)
    return object::format_value(btf, type, bytes);
  std::string text;
  for (const object::BtfMember &member : btf.members(btf.resolve(type))) {
    const size_t offset = member.bit_offset / 8;
    if (member.bitfield_size != 0 || offset + btf.size_of(member.type) > bytes.size())
      return object::format_value(btf, type, bytes);
    text += (text.empty() ? "" : ", ") + display_key(btf, member.type, bytes.subspan(offset, btf.size_of(member.type)));
  }
  return text;
}

std::string display_value(const object::Btf &btf, const Display &display, object::BtfId type, Bytes bytes) {
  switch (display.kind) {
    case Display::Plain:
    case Display::Log2:
    case Display::Linear:
      return object::format_value(btf, type, bytes);
    case Display::Table:
    case Display::Number:
      return display_key(btf, type, bytes);
    case Display::Average:
      break;
  }
  const std::vector<uint64_t> words = words_of(bytes);
  if (words.size() < 2) return object::format_value(btf, type, bytes);
  return fmt::format("{} ({} in {})", average(bytes), static_cast<int64_t>(words[1]), words[0]);
}

std::string display_histogram(const Display &display, Bytes bytes) {
  const std::vector<uint64_t> slots = words_of(bytes);
  const auto is_used = [](uint64_t n) { return n != 0; };
  const auto first = std::ranges::find_if(slots, is_used);
  if (first == slots.end()) return {};
  const auto last = std::find_if(slots.rbegin(), slots.rend(), is_used).base();
  const uint64_t most = std::ranges::max(slots);
  std::string text;
  for (auto slot = first; slot != last; ++slot) {
    const auto index = static_cast<size_t>(slot - slots.begin());
    const std::string label =
        display.kind == Display::Log2 ? log2_label(index) : linear_label(display, index, slots.size());
    const auto bar = static_cast<size_t>(static_cast<double>(*slot) / static_cast<double>(most) * kBar);
    text += fmt::format("{:<16} {:>8} |{:<{}}|\n", label, *slot, std::string(bar, '@'), kBar);
  }
  return text;
}

std::vector<Bucket> buckets_of(const Display &display, Bytes bytes) {
  const std::vector<uint64_t> slots = words_of(bytes);
  std::vector<Bucket> buckets;
  for (size_t slot = 0; slot < slots.size(); slot++) {
    Bucket bucket{{}, {}, slots[slot]};
    const bool is_last = slot + 1 == slots.size();
    if (display.kind == Display::Log2) {
      // Below 0, 0, 1, 2 to 3, 4 to 7, ...
      if (slot != 0)
        bucket.min = slot <= 2 ? static_cast<int64_t>(slot) - 1 : int64_t{1} << std::min<size_t>(slot - 2, 62);
      if (!is_last) bucket.max = slot <= 2 ? static_cast<int64_t>(slot) - 1 : *bucket.min + (*bucket.min - 1);
    } else {
      const int64_t from = display.min + (static_cast<int64_t>(slot) - 1) * display.step;
      if (slot != 0) bucket.min = is_last ? display.max : from;
      if (!is_last) bucket.max = slot == 0 ? display.min - 1 : std::min(from + display.step, display.max) - 1;
    }
    buckets.push_back(bucket);
  }
  return buckets;
}

int64_t display_rank(const Display &display, Bytes bytes) {
  if (display.kind == Display::Average) return average(bytes);
  const std::vector<uint64_t> slots = words_of(bytes);
  return static_cast<int64_t>(std::accumulate(slots.begin(), slots.end(), uint64_t{0}));
}

}  // namespace spile::session
