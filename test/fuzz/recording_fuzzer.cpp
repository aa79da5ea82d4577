// Bytes of any kind as a recording, by whichever reader takes them, and as lines of events: they may be refused, never
// crash or hang. What an event points to is read.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/hooks/code_events.h"
#include "runtime/hooks/perf_script.h"
#include "runtime/hooks/recording.h"
#include "runtime/hooks/scenario.h"
#include "runtime/hooks/synthetic.h"

using namespace spile;

static void read_all(hooks::Recording &recording) {
  uint32_t hook = 0;
  vm::Event event;
  uint64_t sum = 0;
  for (;;) {
    const auto more = recording.next(hook, event);
    if (!more || !*more) break;
    sum += recording.hooks().at(hook).name().size();
    for (const std::byte byte : event.ctx) sum += std::to_integer<unsigned>(byte);
    for (const uint64_t address : event.user_stack) sum += address;
    for (const char c : event.arguments) sum += static_cast<unsigned char>(c);
    std::array<std::byte, 16> bytes;
    if (event.memory != nullptr && event.memory->read(sum, bytes)) sum++;
  }
  recording.notices();
}

static void read_steps(const Result<std::unique_ptr<hooks::EventSteps>> &steps) {
  while (steps && *steps != nullptr) {
    const auto step = (*steps)->next();
    if (!step || *step == nullptr) break;
    const auto *event = std::get_if<hooks::EventStep>(&(*step)->what);
    const auto hook = event != nullptr ? hooks::find_code_event(event->hook) : std::nullopt;
    auto record = hook ? hooks::SyntheticRecord::make(*hook, *event) : input_error("");
    vm::Event shown;
    if (record) record->show(shown);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const int file = ::memfd_create("recording", 0);
  if (file < 0 || ::write(file, data, size) < 0) return 0;
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (auto bytes = hooks::ByteStream::open(path))
    if (const auto recording = hooks::open_recording(*bytes); recording && *recording) read_all(**recording);
  const hooks::Constants constants = [](std::string_view) { return std::optional<int64_t>(); };
  const std::string name = "fuzz.evt";
  read_steps(hooks::read_event_lines(name, {reinterpret_cast<const char *>(data), size}, constants));
  if (auto bytes = hooks::ByteStream::open(path)) read_steps(hooks::read_perf_script(*bytes));
  ::close(file);
  return 0;
}
