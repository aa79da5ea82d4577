// OutputFormat: how what a probe gives is written: its lines, its records, its maps.
//
//   Text         for people: as printed, `name: { … }`, print_maps.h
//   JSON         one object a line: {"printed":…}, {"record":NAME,"value":…}, {"map":NAME,"key":…,"value":…}
//   CSV          tables; a line of names before the first row, and again when another table goes on
//   OpenMetrics  the maps alone, as metrics with their keys as labels; what is printed goes aside, to stderr
//
// All of it by BTF: the members of the structs in the probe are the columns, labels and keys. Called by the session.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend/object/object.h"
#include "runtime/maps/map.h"
#include "runtime/session/display.h"

namespace spile::session {

class OutputFormat {
 public:
  virtual ~OutputFormat() = default;
  // Each gives what is to be written now; nothing, when it waits for the rest of a line.
  virtual std::string printed(std::string_view text) = 0;
  // A record of a ring buffer or perf event array.
  virtual std::string record(const object::Object &object, const object::Map &map,
                             std::span<const std::byte> bytes) = 0;
  virtual std::string map(const object::Object &object, const object::Map &declaration, const Display &display,
                          maps::Map &map) = 0;
  virtual std::string end() { return {}; }
};

// "text", "json", "csv" or "openmetrics"; null for another name. [aside] gets what the format has no place for.
std::unique_ptr<OutputFormat> make_output_format(std::string_view name, std::function<void(const std::string &)> aside);

}  // namespace spile::session
