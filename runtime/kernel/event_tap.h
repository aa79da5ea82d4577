// EventTap: what programs see in the kernel, sent here: of each run the record that they got, and the memory that their
// helpers read for it.
//
//   call bpf_probe_read_user_str  ──►  call spile_tap_read_user_str: calls the helper, keeps what it read
//   (entry), exit                 ──►  spile_tap_begin(ctx, number) before, spile_tap_end() behind: one record in a
//   ring
//
// These functions are C (source()), which whoever has a compiler makes an object of; link() puts them to a probe's,
// mark() and resolve() lead its programs through them. A run keeps what it sees in a place of its CPU. Programs on
// tracepoints are neither preempted nor nested there; where one of a function is, or a sample comes in the middle of a
// run, the later run has the place, and the earlier one is counted as lost. Several programs of one event are given one
// time, which is also what bpf_ktime_get_ns() says: a replay answers with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/object/insert_code.h"
#include "backend/object/object.h"
#include "support/result.h"

namespace spile::kernel {

// A program to listen to.
struct TappedProgram {
  std::string name;
  uint32_t hook = 0;  // the same number: the same tracepoint
  enum class Context : uint8_t { Record, Registers, Sample } context = Context::Record;
  bool wants_stack = false;  // of the task, where the context has registers
  uint32_t record_size = 0;  // bytes of the context, without what lies behind it
  // Fields that say what does: their offsets, and what those count from.
  struct Located {
    uint32_t offset = 0, origin = 0;
  };
  std::vector<Located> located;
  bool is_tail_called = false;  // no event begins with it
};

class EventTap {
 public:
  // What one event keeps at most of a record's memory; what is above is counted.
  static constexpr uint32_t kMostMemory = 32768;
  static constexpr const char *kRing = "spile_tap_ring";
  static constexpr const char *kSlots = "spile_tap_slots";
  static constexpr const char *kEnded = "spile_tap_ended";

  // The functions, for [programs], in C.
  static std::string source(std::span<const TappedProgram> programs, unsigned cpus);

  // [code]: what source() was compiled to.
  EventTap(std::vector<TappedProgram> programs, const object::Object &code)
      : programs_(std::move(programs)), code_(&code) {}

  // A copy of [object] with the functions in it. Its programs do not call them yet.
  Result<object::Object> link(const object::Object &object) const;
  // Which of what is put into a linked object for other reasons stays out of the functions.
  static bool is_inside(const object::Object &linked, object::SectionId section, uint64_t offset);
  // Marks where programs are to call, and says what to put in; resolve() makes calls of the marks behind insert_code().
  std::vector<object::Insertion> mark(object::Object &linked) const;
  static Result<void> resolve(object::Object &linked);

  // One run, as it comes out of the ring; the bytes live as long as the record.
  struct Run {
    uint64_t time_ns = 0;
    uint32_t program = 0;   // of [programs]
    uint64_t function = 0;  // of a hit
    uint32_t cpu = 0, pid = 0, tid = 0, uid = 0, gid = 0;
    char comm[16] = {};
    std::span<const std::byte> record;
    struct Piece {
      uint64_t address = 0;
      std::span<const std::byte> bytes;
    };
    std::vector<Piece> pieces;
    std::vector<uint64_t> stack;
  };
  static Run read(std::span<const std::byte> from_ring);
  // From here on programs see no event any more, and do nothing; those that run have come to their end. Detaching takes
  // the kernel a while, in which they would go on. [ended_fd], [slots_fd]: of the maps kEnded, kSlots.
  static Result<void> end(int ended_fd, int slots_fd, unsigned cpus);
  // Of the map kSlots, of all CPUs: runs that found no room in the ring, reads that found none in their run.
  struct Losses {
    uint64_t runs = 0, reads = 0;
  };
  static Result<Losses> losses(int slots_fd, unsigned cpus);

 private:
  std::vector<TappedProgram> programs_;
  const object::Object *code_;
};

}  // namespace spile::kernel
