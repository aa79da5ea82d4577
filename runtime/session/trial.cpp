#include "runtime/session/trial.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>

#include "runtime/helpers/timers.h"
#include "runtime/maps/storage_map.h"
#include "runtime/session/packet_run.h"
#include "runtime/session/print_maps.h"

namespace spile::session {

namespace {

// How far the virtual clock goes on each time that a program looks at it.
constexpr uint64_t kTickNs = 1000;

bool is_safe_made_up(tables::CtxResult result) {
  switch (result) {
    case tables::CtxResult::Scalar:
    case tables::CtxResult::Packet:  // data and data_end: no byte lies between two zeros
    case tables::CtxResult::PacketEnd:
    case tables::CtxResult::PacketMeta:
    case tables::CtxResult::SocketOrNull:
    case tables::CtxResult::SockCommonOrNull:
      return true;
    case tables::CtxResult::Socket:
    case tables::CtxResult::FlowKeys:
    case tables::CtxResult::TpBuffer:
    case tables::CtxResult::BtfArgument:
    case tables::CtxResult::NfHookState:
    case tables::CtxResult::SkBuffObject:
      return false;
  }
  return false;
}

// What a kernel does not list, or, of control groups, keeps apart in a test run.
bool is_storage(const maps::Map *map) { return dynamic_cast<const maps::StorageMap *>(map) != nullptr; }

class Trial {
 public:
  explicit Trial(const TrialInput &input) : input_(input) {
    env_.timers = &timers_;
    env_.network = input.network.get();
    env_.print = [this](std::string_view text) {
      if (prints_) *result_.printed += text;
    };
    env_.now_ns = {[](void *ns) { return *static_cast<uint64_t *>(ns) += kTickNs; }, &now_ns_};
    result_.printed.emplace();
    event_.pid = event_.tid = 1000;  // not 1, which no signal reaches
    constexpr std::string_view kComm = "spile";
    std::ranges::copy(kComm, event_.comm.begin());
  }

  Result<TrialResult> run(const object::Object &object, std::span<const Accepted> programs, size_t chosen,
                          vm::Engine &engine) {
    auto maps = MapSet::create(object);
    if (!maps) return std::unexpected(maps.error());
    maps->watch_timers(timers_);
    env_.types = types_of(object, programs);
    std::vector<std::unique_ptr<vm::Loaded>> loaded;
    for (const Accepted &accepted : programs) {
      if (auto runs = check_runs_here(accepted); !runs) return std::unexpected(runs.error());
      auto one = engine.load(*accepted.program, maps->pointers());
      if (!one) return std::unexpected(one.error());
      maps->put_program(object, accepted.program->name, one->get());
      loaded.push_back(std::move(*one));
    }
    const tables::ProgramType &type = *programs[chosen].type;
    auto ran = type.hook == tables::HookKind::Packet ? on_packet(*loaded[chosen], type.number)
                                                     : on_context(*loaded[chosen], type.number);
    if (!ran) return std::unexpected(ran.error());
    for (size_t i = 0; i < object.maps.size(); i++) {
      maps::Map *const map = maps->pointers()[i];
      if (!object.maps[i].is_global_data)
        print_map(object, object.maps[i], {}, *map, is_storage(map) ? result_.storage : result_.maps);
    }
    return std::move(result_);
  }

 private:
  template <class Run>
  void repeat(const Run &run) {
    const auto begin = std::chrono::steady_clock::now();
    for (uint64_t i = 0; i < input_.repeat; i++) {
      result_.r0 = run();
      prints_ = false;
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    result_.ns_per_run = took.count() / static_cast<double>(input_.repeat);
  }

  Result<void> on_packet(const vm::Loaded &program, uint32_t type) {
    auto buffer = hooks::PacketBuffer::allocate();
    if (!buffer) return std::unexpected(buffer.error());
    hooks::PacketContext context(input_.link_type, input_.layer, std::move(*buffer));
    hooks::CapturedPacket captured;
    captured.bytes = input_.packet;
    captured.wire_length = static_cast<uint32_t>(input_.packet.size());
    if (!context.show(captured, event_)) return input_error("the frame of 802.11 holds no packet");
    put_values(input_.values, event_.ctx);
    repeat([&] { return static_cast<uint32_t>(run_on_packet(program, type, event_, env_).result); });
    result_.memory.emplace(event_.packet->data.begin(), event_.packet->data.end());
    return {};
  }

  Result<void> on_context(const vm::Loaded &program, uint32_t type) {
    std::vector<std::byte> ctx = input_.ctx;
    put_values(input_.values, ctx);
    event_.ctx = ctx;
    repeat([&] {
      env_.begin(&event_, type);
      return program.run(ctx.data(), ctx.size(), env_);
    });
    result_.memory = std::move(ctx);
    return {};
  }

  const TrialInput &input_;
  helpers::Timers timers_;
  vm::Env env_;
  vm::Event event_;
  uint64_t now_ns_ = 0;
  bool prints_ = true;
  TrialResult result_;
};

}  // namespace

void put_values(std::span<const CtxValue> values, std::span<std::byte> ctx) {
  for (const CtxValue &v : values)
    if (v.offset + v.size <= ctx.size()) std::memcpy(ctx.data() + v.offset, &v.value, v.size);
}

bool can_be_tried(const tables::ProgramType &type) {
  return std::ranges::all_of(tables::kCtxFields, [&](const tables::CtxField &field) {
    return field.ctx != type.ctx || field.access == tables::kNever || is_safe_made_up(field.result);
  });
}

// The first line of [a] that [b] has not; empty: it has all.
static std::string_view line_of_its_own(std::string_view a, std::string_view b) {
  for (size_t at = 0; at < a.size();) {
    const size_t end = std::min(a.find('\n', at), a.size() - 1);
    const std::string_view line = a.substr(at, end + 1 - at);
    size_t found = b.find(line);
    while (found != std::string_view::npos && found != 0 && b[found - 1] != '\n') found = b.find(line, found + 1);
    if (found == std::string_view::npos) return line.substr(0, end - at);
    at = end + 1;
  }
  return {};
}

// Which elements of the maps they leave behind are not the same.
static std::string difference_of_maps(std::string_view a, std::string_view b) {
  const std::string_view in_a = line_of_its_own(a, b), in_b = line_of_its_own(b, a);
  std::string text = "they leave other maps behind";
  if (!in_a.empty()) text += fmt::format(": the first has `{}`", in_a);
  if (!in_b.empty()) text += fmt::format("{} the other `{}`", in_a.empty() ? ": only" : ",", in_b);
  return text;
}

std::string difference(const TrialResult &a, const TrialResult &b) {
  if (a.r0 != b.r0) return "r0 differs";
  if (a.memory && b.memory && *a.memory != *b.memory) return "they leave other bytes behind";
  if (a.maps != b.maps) return difference_of_maps(a.maps, b.maps);
  if (a.printed && b.printed && *a.printed != *b.printed) return "they print something else";
  return {};
}

Result<TrialResult> try_program(const object::Object &object, std::span<const Accepted> programs, size_t chosen,
                                vm::Engine &engine, const TrialInput &input) {
  return Trial(input).run(object, programs, chosen, engine);
}

}  // namespace spile::session
