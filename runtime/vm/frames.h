// Frames: the calls that a checked program is inside of, and their stack. One for each run; the interpreter and its
// accelerator (checked.h, accelerate.h) both open and leave frames here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "runtime/vm/regions.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

class Frames {
 public:
  struct Frame {
    int64_t return_to;              // the instruction
    const void *resume;             // the same for the accelerator; null: the interpreter goes on
    std::array<uint64_t, 4> saved;  // r6 to r9
    uint64_t loops_left;
  };

  Frames() = default;
  // Before a run. [noise]: what stack holds that nobody wrote: zeros, or noise made from a number that is not 0.
  // [is_used]: whether the program ever has the stack's address; what is never seen is not made zero.
  void begin(uint64_t noise, bool is_used) {
    noise_ = noise;
    depth_ = 0;
    loops_left = kMaxLoops;
    window_ = nullptr;
    if (noise == 0) {
      if (is_used) clear_top();
      return;
    }
    for (std::byte &b : stack_) {
      noise = noise * 6364136223846793005 + 1442695040888963407;
      b = static_cast<std::byte>(noise >> 56);
    }
  }
  Frames(const Frames &) = delete;
  Frames &operator=(const Frames &) = delete;

  // [window] says where the stack is, from now on.
  void tell(Window &window) {
    window_ = &window;
    window.set(stack_begin(), stack_size(), true);
  }

  unsigned depth() const { return depth_; }
  bool is_full() const { return depth_ + 1 == kMaxFrames; }
  uint64_t stack_begin() const { return reinterpret_cast<uint64_t>(stack_.data()); }
  uint64_t stack_size() const { return (depth_ + 1) * uint64_t{kStackBytes}; }  // of all that are entered
  uint64_t stack_end() const { return stack_begin() + stack_size(); }           // r10

  std::span<const std::byte> stack() const { return std::span(stack_).first(stack_size()); }

  bool holds(uint64_t address, uint64_t bytes) const {
    const uint64_t into = address - stack_begin(), size = stack_size();
    return into <= size && size - into >= bytes;
  }

  void enter(int64_t return_to, const void *resume, const std::array<uint64_t, 4> &saved) {
    frames_[depth_++] = {return_to, resume, saved, loops_left};
    loops_left = kMaxLoops;
    if (noise_ == 0) clear_top();
    if (window_ != nullptr) window_->grow(kStackBytes);
  }
  // The one that is gone back to. There is one.
  const Frame &leave() {
    const Frame &frame = frames_[--depth_];
    loops_left = frame.loops_left;
    if (window_ != nullptr) window_->grow(-int64_t{kStackBytes});
    return frame;
  }
  const Frame &caller() const { return frames_[depth_ - 1]; }

  uint64_t loops_left = kMaxLoops;  // of may_goto in the top frame

 private:
  void clear_top() { std::memset(stack_.data() + depth_ * kStackBytes, 0, kStackBytes); }

  uint64_t noise_ = 0;
  unsigned depth_ = 0;  // of the top frame
  Window *window_ = nullptr;
  std::array<Frame, kMaxFrames> frames_;  // the callers of those that are entered
  alignas(16) std::array<std::byte, kMaxFrames * kStackBytes> stack_;
};

}  // namespace spile::vm
