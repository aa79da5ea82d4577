#include "runtime/kernel/event_tap.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "backend/isa/builder.h"
#include "backend/object/static_link.h"
#include "runtime/kernel/helper_calls.h"
#include "support/check.h"

namespace spile::kernel {

namespace {

constexpr uint32_t kRingBytes = 16 << 20;
constexpr std::string_view kPrefix = "spile_tap_";

// What programs call in place of a helper, or at their ends.
struct Function {
  const char *name;
  int32_t helper;    // 0: none
  const char *kept;  // bytes, by `result` and `size`; null: nothing
};
constexpr Function kFunctions[] = {
    {"spile_tap_begin", 0, nullptr},
    {"spile_tap_end", 0, nullptr},
    {"spile_tap_time", BPF_FUNC_ktime_get_ns, nullptr},
    {"spile_tap_read", BPF_FUNC_probe_read, "result ? 0 : size"},
    {"spile_tap_read_str", BPF_FUNC_probe_read_str, "result"},
    {"spile_tap_read_user", BPF_FUNC_probe_read_user, "result ? 0 : size"},
    {"spile_tap_read_user_str", BPF_FUNC_probe_read_user_str, "result"},
    {"spile_tap_read_kernel", BPF_FUNC_probe_read_kernel, "result ? 0 : size"},
    {"spile_tap_read_kernel_str", BPF_FUNC_probe_read_kernel_str, "result"},
};
constexpr size_t kBegin = 0, kEnd = 1;
// A helper's number that no kernel has: a call of kFunctions, until it is one.
constexpr int32_t kMark = 0x7f000000;

// As the C below has it.
struct Head {
  uint64_t time_ns, task, user, function;
  uint32_t cpu, program, record_size, size;
  char comm[16];
};
// As many as the kernel gives unless it is told to give more.
constexpr uint32_t kMostFrames = 127;
// The address of no piece that is read.
constexpr uint64_t kStackPiece = ~uint64_t{0};
struct PieceHead {
  uint64_t address, size;
};
struct Slot {
  uint64_t lost, left_out, task;
  uint32_t hook, program, is_open, padding;
  Head head;
  std::byte bytes[2 * EventTap::kMostMemory + 64];
};

constexpr std::string_view kCommon = R"(#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u64 time_ns, task, user, function;
	__u32 cpu, program, record_size, size;
	char comm[16];
	char bytes[2 * MOST + 64];
};

struct slot {
	__u64 lost, left_out, task;
	__u32 hook, program, is_open, padding;
	struct event event;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CPUS);
	__type(key, __u32);
	__type(value, struct slot);
} spile_tap_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING);
} spile_tap_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} spile_tap_ended SEC(".maps");

static __always_inline struct slot *own_slot(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&spile_tap_slots, &cpu);
}

/* That of the run which asks; none when it is not listened to, or has lost its place. */
static __always_inline struct slot *open_slot(void)
{
	struct slot *slot = own_slot();

	return slot && slot->is_open && slot->event.task == bpf_get_current_pid_tgid() ? slot : 0;
}

struct piece {
	__u64 address, size;
	char bytes[];
};

static __always_inline void keep(const void *from, const void *data, __u64 size)
{
	struct slot *slot = open_slot();
	struct piece *piece;
	__u64 at;

	if (!slot)
		return;
	at = slot->event.size;
	if (at > MOST || size > MOST) {
		slot->left_out++;
		return;
	}
	piece = (struct piece *)(slot->event.bytes + at);
	piece->address = (__u64)from;
	piece->size = size;
	bpf_probe_read_kernel(piece->bytes, size, data);
	slot->event.size = at + sizeof(*piece) + ((size + 7) & ~7ull);
}

__hidden __u64 spile_tap_time(void)
{
	struct slot *slot = open_slot();

	return slot ? slot->event.time_ns : bpf_ktime_get_ns();
}

__hidden int spile_tap_end(void)
{
	struct slot *slot = open_slot();
	__u64 size;

	if (!slot)
		return 0;
	slot->is_open = 0;
	size = slot->event.size;
	if (size > 2 * MOST + 32)
		return 0;
	if (bpf_ringbuf_output(&spile_tap_ring, &slot->event, sizeof(slot->event) - sizeof(slot->event.bytes) + size, 0))
		slot->lost++;
	return 0;
}

)";

constexpr std::string_view kRead = R"(__hidden long {0}(void *to, __u64 size, const void *from)
{{
	static long (*const read)(void *, __u64, const void *) = (void *){1};
	long result = read(to, size, from);
	__u64 kept = {2};

	if (result >= 0 && kept)
		keep(from, to, kept);
	return result;
}}

)";

constexpr std::string_view kBeginHead = R"(__hidden int spile_tap_begin(void *ctx, __u64 program)
{
	struct slot *slot = own_slot();
	__u64 task = bpf_get_current_pid_tgid(), end, place;
	__u32 hook = 0, *ended;
	struct event *event;
	struct piece *piece;
	long got;

	if (task >> 32 == OWN)
		return 1;
	if (!slot)
		return 0;
	if (__sync_lock_test_and_set(&slot->is_open, 1))
		slot->lost++;
	slot->event.task = task;
	slot->event.function = 0;
	ended = bpf_map_lookup_elem(&spile_tap_ended, &hook);
	if (ended && *(volatile __u32 *)ended) {
		slot->is_open = 0;
		return 1;
	}
	event = &slot->event;
	switch (program) {
)";

constexpr std::string_view kBeginTail = R"(	}
	if (slot->hook != hook || slot->program >= program || slot->task != task)
		event->time_ns = bpf_ktime_get_ns();
	slot->hook = hook;
	slot->program = program;
	slot->task = task;
	*(__u64 *)event->bytes = 0;
	event->user = bpf_get_current_uid_gid();
	event->cpu = bpf_get_smp_processor_id();
	event->program = program;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return 0;
}
)";

std::vector<isa::Insn> call_of(size_t function) {
  return isa::sequence(isa::call(kMark + static_cast<int32_t>(function)));
}

// One record is read as a whole; what lies behind it is as long as its fields say.
std::string case_of(const TappedProgram &program, size_t number) {
  using Context = TappedProgram::Context;
  std::string text =
      fmt::format("\tcase {}:\n\t\thook = {};\n\t\tend = {};\n", number, program.hook + 1, program.record_size);
  // A sample's context is not in memory as programs see it.
  if (program.context == Context::Sample)
    for (uint32_t at = 0; at < program.record_size; at += sizeof(uint64_t))
      text += fmt::format("\t\t*(volatile __u64 *)(event->bytes + {0}) = *(volatile __u64 *)(ctx + {0});\n", at);
  else
    text += fmt::format("\t\tbpf_probe_read_kernel(event->bytes, {}, ctx);\n", program.record_size);
  if (program.context == Context::Registers) text += "\t\tevent->function = bpf_get_func_ip(ctx);\n";
  for (const TappedProgram::Located &located : program.located)
    text += fmt::format(
        "\t\tplace = *(__u32 *)(event->bytes + {});\n\t\tplace = (place & 0xffff) + (place >> 16) + {};\n"
        "\t\tif (place > end)\n\t\t\tend = place;\n",
        located.offset, located.origin);
  if (!program.located.empty())
    text += fmt::format(
        "\t\tif (end > 8192)\n\t\t\tend = 8192;\n\t\tplace = end - {0};\n\t\tif (place && place <= 8192)\n"
        "\t\t\tbpf_probe_read_kernel(event->bytes + {0}, place, ctx + {0});\n",
        program.record_size);
  text += "\t\tevent->record_size = end;\n\t\tevent->size = (end + 7) & ~7u;\n";
  if (program.wants_stack)
    text += fmt::format(
        "\t\tpiece = (struct piece *)(event->bytes + {0});\n"
        "\t\tgot = bpf_get_stack(ctx, piece->bytes, {1}, BPF_F_USER_STACK);\n\t\tif (got > 0) {{\n"
        "\t\t\tpiece->address = {2}ull;\n\t\t\tpiece->size = got;\n"
        "\t\t\tevent->size = {0} + sizeof(*piece) + got;\n\t\t}}\n",
        program.record_size, kMostFrames * sizeof(uint64_t), kStackPiece);
  return text + "\t\tbreak;\n";
}

}  // namespace

std::string EventTap::source(std::span<const TappedProgram> programs, unsigned cpus) {
  // What this process does for the recording would be in the recording, which makes it do more.
  std::string text = fmt::format("#define MOST {}u\n#define CPUS {}\n#define RING {}\n#define OWN {}\n", kMostMemory,
                                 cpus, kRingBytes, ::getpid());
  text += kCommon;
  for (const Function &function : kFunctions)
    if (function.kept != nullptr) text += fmt::format(kRead, function.name, function.helper, function.kept);
  text += kBeginHead;
  for (size_t i = 0; i < programs.size(); i++)
    if (!programs[i].is_tail_called) text += case_of(programs[i], i + 1);
  text += "\tdefault:\n\t\treturn 0;\n";
  text += kBeginTail;
  return text;
}

Result<object::Object> EventTap::link(const object::Object &object) const {
  const object::Object *const both[] = {&object, code_};
  return object::link_objects(both, object.path);
}

bool EventTap::is_inside(const object::Object &linked, object::SectionId section, uint64_t offset) {
  return std::ranges::any_of(linked.symbols, [&](const object::Symbol &symbol) {
    return symbol.kind == object::SymbolKind::Function && symbol.section == section &&
           symbol.name.starts_with(kPrefix) && symbol.value <= offset && offset < symbol.value + symbol.size;
  });
}

std::vector<object::Insertion> EventTap::mark(object::Object &linked) const {
  for_each_helper_call(linked, [&](object::SectionId section, size_t at, uint32_t helper) {
    const auto *function = std::ranges::find(kFunctions, static_cast<int32_t>(helper), &Function::helper);
    if (helper == 0 || function == std::end(kFunctions) || is_inside(linked, section, at)) return;
    const isa::Insn call = isa::call(kMark + static_cast<int32_t>(function - kFunctions));
    std::memcpy(linked.sections[section.index].bytes.data() + at, &call, sizeof call);
  });
  std::vector<object::Insertion> insertions;
  for (size_t i = 0; i < programs_.size(); i++) {
    const object::ProgramEntry *entry = linked.find_program(programs_[i].name);
    SPILE_CHECK(entry != nullptr, "linking keeps programs");
    if (!programs_[i].is_tail_called)
      insertions.push_back(
          {entry->section_id, entry->offset,
           isa::sequence(isa::mov64_reg(6, 1), isa::mov64(2, static_cast<int32_t>(i) + 1), call_of(kBegin),
                         isa::branch64(isa::JEQ, 0, 0, 2), isa::mov64(0, 0), isa::exit(), isa::mov64_reg(1, 6))});
    const std::vector<std::byte> &bytes = linked[entry->section_id].bytes;
    isa::Insn insn;
    for (uint64_t at = entry->offset; at < entry->offset + entry->size; at += (insn.is_lddw() ? 2 : 1) * sizeof insn) {
      std::memcpy(&insn, bytes.data() + at, sizeof insn);
      if (insn.is_exit())
        insertions.push_back(
            {entry->section_id, at, isa::sequence(isa::mov64_reg(6, 0), call_of(kEnd), isa::mov64_reg(0, 6)), true});
    }
  }
  return insertions;
}

Result<void> EventTap::resolve(object::Object &linked) {
  struct Call {
    object::SectionId section;
    size_t at;
    const Function *function;
  };
  std::vector<Call> calls;
  for_each_helper_call(linked, [&](object::SectionId section, size_t at, uint32_t helper) {
    if (static_cast<int32_t>(helper) < kMark || static_cast<int32_t>(helper) >= kMark + std::ssize(kFunctions)) return;
    calls.push_back({section, at, &kFunctions[static_cast<int32_t>(helper) - kMark]});
  });
  const isa::Insn call = isa::call_local(-1);
  for (const Call &marked : calls) {
    const object::SymbolId symbol = linked.find_symbol(marked.function->name);
    if (!symbol) return unsupported_error("{}: `{}` is not there", linked.path, marked.function->name);
    object::Section &section = linked.sections[marked.section.index];
    std::memcpy(section.bytes.data() + marked.at, &call, sizeof call);
    section.relocs.push_back({marked.at, object::RelocType::Call32, symbol});
  }
  for (object::Section &section : linked.sections) std::ranges::sort(section.relocs, {}, &object::Reloc::offset);
  return {};
}

EventTap::Run EventTap::read(std::span<const std::byte> from_ring) {
  Head head;
  Run run;
  if (from_ring.size() < sizeof head) return run;
  std::memcpy(&head, from_ring.data(), sizeof head);
  run.time_ns = head.time_ns;
  run.program = head.program - 1;
  run.function = head.function;
  run.cpu = head.cpu;
  run.pid = static_cast<uint32_t>(head.task >> 32);
  run.tid = static_cast<uint32_t>(head.task);
  run.uid = static_cast<uint32_t>(head.user);
  run.gid = static_cast<uint32_t>(head.user >> 32);
  std::memcpy(run.comm, head.comm, sizeof run.comm);
  std::span<const std::byte> rest = from_ring.subspan(sizeof head);
  const auto filled = [&rest](uint64_t size) { return std::min<uint64_t>((size + 7) & ~uint64_t{7}, rest.size()); };
  run.record = rest.first(std::min<size_t>(head.record_size, rest.size()));
  rest = rest.subspan(filled(head.record_size));
  for (PieceHead piece; rest.size() >= sizeof piece; rest = rest.subspan(filled(piece.size))) {
    std::memcpy(&piece, rest.data(), sizeof piece);
    rest = rest.subspan(sizeof piece);
    const auto bytes = rest.first(std::min<uint64_t>(piece.size, rest.size()));
    if (piece.address == kStackPiece) {
      run.stack.resize(bytes.size() / sizeof(uint64_t));
      std::memcpy(run.stack.data(), bytes.data(), run.stack.size() * sizeof(uint64_t));
    } else {
      run.pieces.push_back({piece.address, bytes});
    }
  }
  return run;
}

Result<void> EventTap::end(int ended_fd, int slots_fd, unsigned cpus) {
  // A run says that it is open before it asks whether all has ended; here it is the other way about. Much longer than a
  // program runs: one that goes on in a program that is not listened to, or throws, stays open.
  constexpr auto kLongest = std::chrono::milliseconds(100);
  const uint32_t zero = 0, one = 1;
  if (::bpf_map_update_elem(ended_fd, &zero, &one, BPF_ANY) != 0) return os_error(errno, "the end of a recording");
  const auto slot = std::make_unique<Slot>();
  const auto given_up = std::chrono::steady_clock::now() + kLongest;
  for (uint32_t cpu = 0; cpu < cpus; cpu++)
    while (::bpf_map_lookup_elem(slots_fd, &cpu, slot.get()) == 0 && slot->is_open != 0 &&
           std::chrono::steady_clock::now() < given_up)
      ::usleep(100);
  return {};
}

Result<EventTap::Losses> EventTap::losses(int slots_fd, unsigned cpus) {
  Losses losses;
  const auto slot = std::make_unique<Slot>();
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    if (::bpf_map_lookup_elem(slots_fd, &cpu, slot.get()) != 0) return os_error(errno, "what was lost of a recording");
    losses.runs += slot->lost;
    losses.reads += slot->left_out;
  }
  return losses;
}

}  // namespace spile::kernel
