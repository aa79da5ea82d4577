#include "runtime/vm/checked_machine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lang-spec/tables/kfuncs.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/run.def"
#include "support/diag_table.h"

namespace spile::vm {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

CheckedMachine::CheckedMachine(std::span<const Insn> insns, std::span<const InsnInfo *const> rows,
                               const CheckedRun &options, uint64_t &fuel)
    : insns_(insns), rows_(rows), options_(options), fuel_(fuel) {
  if (options.reach != nullptr && !options.verified)
    calls_.emplace(*options.reach, frames_, static_cast<const Memory &>(*this));
}

bool CheckedMachine::run_subprogram(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3) {
  begin();
  pc_ = static_cast<int64_t>(callback - kSubprogramTag);
  regs_[1] = r1, regs_[2] = r2, regs_[3] = r3;
  if (!calls_) return run_on();
  const tables::Helper &timer = *tables::find_helper("timer_set_callback");
  const Arguments given{r1, r2, r3, 0, 0};
  calls_->enter_callback(timer, given);
  const bool done = run_on();
  calls_->leave_callback(timer, given);
  return done;
}

void CheckedMachine::begin() {
  env = options_.env;
  frames_.begin(options_.stack_noise, options_.uses_stack);
  if (calls_) calls_->begin();
  regs_ = {};
  regs_[1] = options_.r1;
  regs_[2] = options_.r2;
  regs_[10] = frames_.stack_end();
  pc_ = last_ = 0;
  finished_ = false;
  if (failed_) failed_.reset();
}

bool CheckedMachine::run_on() {
  const Fast *const fast = options_.fast;
  if (fast == nullptr || fast->running != nullptr || fast->engine->has_bound())
    attach();
  else
    tell_context();
  run_above(-1);
  if (attachment_) attachment_.reset();
  return !failed_;
}

CheckedMachine::Attachment::Attachment(CheckedMachine &machine) : fast_(machine.options_.fast) {
  if (Env *const env = machine.options_.env; env != nullptr) {
    env->call_back = call_back;
    env->engine_state = &machine;
  }
  if (fast_ == nullptr) return;
  outer_ = std::exchange(fast_->running, &machine);
  machine.tell_windows();
}
CheckedMachine::Attachment::~Attachment() {
  if (fast_ == nullptr) return;
  fast_->running = outer_;
  if (outer_ != nullptr) outer_->tell_windows();
}

void CheckedMachine::tell_windows() {
  frames_.tell(options_.fast->stack);
  tell_context();
  tell_packet();
}

void CheckedMachine::tell_context() {
  Window &context = options_.fast->context;
  if (options_.regions.empty())
    context.close();
  else
    context.set(options_.regions.front().address, options_.regions.front().size, true);
}

void CheckedMachine::tell_packet() {
  if (find_packet())
    options_.fast->packet.set(packet_region_.address, packet_region_.size, true);
  else
    options_.fast->packet.close();
}

// ---- Steps.

void CheckedMachine::run_above(int floor) {
  const int outer = std::exchange(floor_, floor);
  while (is_going()) {
    if (options_.fast != nullptr && is_whole(pc_))
      options_.fast->engine->run(static_cast<uint32_t>(pc_), regs_, frames_, fuel_, *this);
    else {
      attach();
      step_here();
    }
  }
  floor_ = outer;
}

std::optional<uint32_t> CheckedMachine::step(uint32_t insn) {
  attach();
  pc_ = insn;
  if (rows_[insn]->shape == Shape::CallHelper)
    call_here(insn);
  else
    step_here();
  if (!is_going() || !is_whole(pc_)) return std::nullopt;
  return static_cast<uint32_t>(pc_);
}

void CheckedMachine::finish(uint32_t insn) {
  pc_ = last_ = insn;
  finished_ = true;
}

// The most frequent of the accelerator's steps, without the way through all others.
[[gnu::flatten]] void CheckedMachine::call_here(uint32_t insn) {
  last_ = pc_;
  if (fuel_ == 0) return note(fault<diag::OutOfFuel>(options_.fuel));
  fuel_--;
  note(call_helper(static_cast<uint32_t>(insns_[insn].imm), pc_ + 1));
}

void CheckedMachine::note(Ran<void> done) {
  if (done || failed_) return;
  done.error().insn = static_cast<uint32_t>(last_);
  failed_ = std::move(done.error());
}

Ran<void> CheckedMachine::try_step() {
  if (!is_inside(pc_)) return fault<diag::RunsOffEnd>(pc_, insns_.size());
  last_ = pc_;
  if (fuel_ == 0) return fault<diag::OutOfFuel>(options_.fuel);
  fuel_--;
  if (options_.observe) {
    const Moment moment{static_cast<uint32_t>(pc_), std::span(regs_).first(isa::kRegisterCount), frames_.stack()};
    if (auto problem = options_.observe(moment)) {
      Fault seen;
      seen.diagnostic.message = std::move(*problem);
      return std::unexpected(std::move(seen));
    }
  }
  return execute();
}

// ---- Callbacks.

uint64_t CheckedMachine::call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                                   uint64_t r5) {
  auto &machine = *const_cast<CheckedMachine *>(static_cast<const CheckedMachine *>(env->engine_state));
  return machine.run_callback(callback, {r1, r2, r3, r4, r5});
}

// A fault inside waits in [failed_] until the helper has returned; the helper sees a result that ends most loops.
uint64_t CheckedMachine::run_callback(uint64_t callback, const Arguments &arguments) {
  if (failed_) return 1;
  const tables::Helper *const helper = calling_;
  const int64_t back = pc_;
  const auto depth = static_cast<int>(frames_.depth());
  Ran<void> entered = is_subprogram(callback) ? enter(back) : fault<diag::NoCallTarget>(callback);
  if (entered) {
    if (calls_) calls_->enter_callback(*helper, arguments);
    std::ranges::copy(arguments, regs_.begin() + 1);
    pc_ = static_cast<int64_t>(callback - kSubprogramTag);
    run_above(depth);
    // Behind a fault, frames are still entered: the helper's caller has its registers and its stack back.
    while (static_cast<int>(frames_.depth()) > depth) leave();
    if (calls_) calls_->leave_callback(*helper, arguments);
  } else {
    failed_ = std::move(entered.error());
    failed_->insn = static_cast<uint32_t>(back);
  }
  pc_ = back;
  calling_ = helper;
  return failed_ ? 1 : regs_[0];
}

// ---- Memory.

const Region *CheckedMachine::find(uint64_t address, uint64_t bytes, const Region *&near) const {
  const auto holds = [&](const Region &region) {
    if (region.holds(address, bytes)) return true;
    if (near == nullptr || distance(region, address) < distance(*near, address)) near = &region;
    return false;
  };
  stack_region_.address = frames_.stack_begin();
  stack_region_.size = frames_.stack_size();
  if (holds(stack_region_)) return &stack_region_;
  for (const Region &region : options_.regions)
    if (holds(region)) return &region;
  if (options_.reach == nullptr) return nullptr;
  if (const Region *region = options_.reach->regions.find(address, bytes)) return region;
  if (const Region *region = options_.reach->regions.nearest(address); region != nullptr) holds(*region);
  return find_packet() && holds(packet_region_) ? &packet_region_ : nullptr;
}

bool CheckedMachine::find_packet() const {
  const Packet *packet =
      options_.env == nullptr || options_.env->event == nullptr ? nullptr : options_.env->event->packet;
  if (packet == nullptr) return false;
  packet_region_.address = reinterpret_cast<uint64_t>(packet->data.data()) - packet->meta;
  packet_region_.size = packet->data.size() + packet->meta;
  return true;
}

void CheckedMachine::learn(const Region &region) const {
  Fast &fast = *options_.fast;
  const auto insn = static_cast<uint32_t>(pc_);
  if (&region == &stack_region_) return fast.engine->bind(insn, fast.stack);
  if (&region == &packet_region_) return fast.engine->bind(insn, fast.packet);
  if (!options_.regions.empty() && &region == &options_.regions.front()) return fast.engine->bind(insn, fast.context);
  for (const CallSite &site : options_.sites)
    if (site.result->first == region.address && site.result->size == region.size)
      return fast.engine->bind(insn, *site.result);
  if (region.lasting) fast.engine->learn(insn, region);
}

Ran<uint64_t> CheckedMachine::access(uint64_t base, int16_t off, unsigned bytes, bool writes, bool aligned) const {
  const uint64_t address = base + static_cast<uint64_t>(static_cast<int64_t>(off));
  if (options_.verified) return address;
  if (aligned && address % bytes != 0) return fault<diag::MisalignedAtomic>(bytes, address);
  const Region *near = nullptr;
  const Region *const region = find(address, bytes, near);
  const std::string_view plural = bytes == 1 ? "" : "s";
  if (region == nullptr)
    return fault<diag::OutsideMemory>(writes ? "writes" : "reads", bytes, plural, address,
                                      describe_place(address, bytes, near));
  if (writes && !region->writable) return fault<diag::ReadOnlyMemory>(bytes, plural, address, region->name);
  if (options_.fast != nullptr && !aligned) learn(*region);
  return address;
}

// ---- Instructions.

namespace {

std::unexpected<Fault> no_instruction(const Insn &insn) {
  const InsnInfo *info = isa::lookup(insn);
  if (info == nullptr) return fault<diag::NoInstruction>(fmt::format("{:#04x} is no opcode", insn.opcode));
  return fault<diag::NoInstruction>(isa::malformed(*info, insn));
}

uint64_t load_bytes(uint64_t address, unsigned bytes) {
  uint64_t value = 0;
  memcpy(&value, reinterpret_cast<const void *>(address), bytes);
  return value;
}

}  // namespace

Ran<void> CheckedMachine::execute() {
  const Insn &insn = insns_[static_cast<size_t>(pc_)];
  const InsnInfo *const info = rows_[static_cast<size_t>(pc_)];
  if (info == nullptr) return no_instruction(insn);

  uint64_t &dst = regs_[insn.dst];
  uint64_t &src = regs_[insn.src];
  int64_t next = pc_ + 1;
  const auto writes_dst = [&] { return insn.dst != isa::kFramePointer; };
  switch (info->shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
    case Shape::AddressCast:
      if (!writes_dst()) return fault<diag::WritesFramePointer>();
      dst = isa::alu(info->alu(), info->bits, dst, info->shape == Shape::AluImm ? isa::operand(insn) : src);
      break;
    case Shape::BranchImm:
      if (isa::holds(info->cond(), info->bits, dst, isa::operand(insn))) next += insn.off;
      break;
    case Shape::BranchReg:
      if (isa::holds(info->cond(), info->bits, dst, src)) next += insn.off;
      break;
    case Shape::Jump:
    case Shape::JumpLong:
      next += isa::distance(*info, insn);
      break;
    case Shape::MayGoto:
      if (frames_.loops_left == 0)
        next += insn.off;
      else
        frames_.loops_left--;
      break;
    case Shape::CallHelper:
      return call_helper(static_cast<uint32_t>(insn.imm), next);
    case Shape::CallLocal:
      if (auto entered = enter(next); !entered) return entered;
      next += insn.imm;
      break;
    case Shape::CallKfunc:
      return call_kfunc(static_cast<uint32_t>(insn.imm), next);
    case Shape::CallReg:
      if (dst < kMaxHelperNumber) return call_helper(static_cast<uint32_t>(dst), next);
      if (!is_subprogram(dst)) return fault<diag::NoCallTarget>(dst);
      if (auto entered = enter(next); !entered) return entered;
      next = static_cast<int64_t>(dst - kSubprogramTag);
      break;
    case Shape::Exit:
      next = leave();
      break;
    case Shape::Load:
    case Shape::LoadAcquire: {
      if (!writes_dst()) return fault<diag::WritesFramePointer>();
      auto address = access(src, insn.off, info->bytes(), false, info->shape == Shape::LoadAcquire);
      if (!address) return std::unexpected(std::move(address).error());
      const isa::Extend how = info->shape == Shape::Load ? info->extend() : isa::Extend::Zero;
      dst = isa::extend(how, info->bits, load_bytes(*address, info->bytes()));
      break;
    }
    case Shape::StoreImm:
    case Shape::StoreReg:
    case Shape::StoreRelease: {
      auto address = access(dst, insn.off, info->bytes(), true, info->shape == Shape::StoreRelease);
      if (!address) return std::unexpected(std::move(address).error());
      const uint64_t value = info->shape == Shape::StoreImm ? isa::operand(insn) : src;
      memcpy(reinterpret_cast<void *>(*address), &value, info->bytes());
      break;
    }
    case Shape::Atomic: {
      auto address = access(dst, insn.off, info->bytes(), true, true);
      if (!address) return std::unexpected(std::move(address).error());
      const isa::AtomicEffect effect =
          isa::atomic(info->atomic(), info->bits, load_bytes(*address, info->bytes()), src, regs_[0]);
      if (insn.src == isa::kFramePointer && effect.src != src) return fault<diag::WritesFramePointer>();
      memcpy(reinterpret_cast<void *>(*address), &effect.memory, info->bytes());
      src = effect.src;
      // A fetch into r0 has the effect on src; only cmpxchg has one on r0.
      if (info->atomic() == isa::Atomic::Cmpxchg) regs_[0] = effect.r0;
      break;
    }
    case Shape::LoadImm64: {
      if (!writes_dst()) return fault<diag::WritesFramePointer>();
      if (next == static_cast<int64_t>(insns_.size())) return fault<diag::NoInstruction>("half of a 64-bit immediate");
      const Insn &second = insns_[static_cast<size_t>(next)];
      if (const auto complaint = isa::malformed_second(second); !complaint.empty())
        return fault<diag::NoInstruction>(complaint);
      if (info->op == isa::Op::LddwFunc)
        dst = kSubprogramTag + static_cast<uint64_t>(next + insn.imm);
      else if (info->op == isa::Op::Lddw)
        dst = isa::imm64(insn, second);
      else if (auto loaded = map_address(*info, insn, second); loaded)
        dst = *loaded;
      else
        return std::unexpected(std::move(loaded).error());
      next++;
      break;
    }
    case Shape::PacketAbs:
      next = packet(insn.imm, *info, next);
      break;
    case Shape::PacketInd:
      next = packet(static_cast<int32_t>(static_cast<uint32_t>(src) + static_cast<uint32_t>(insn.imm)), *info, next);
      break;
  }
  pc_ = next;
  return {};
}

int64_t CheckedMachine::packet(int64_t offset, const InsnInfo &info, int64_t next) {
  if (options_.env != nullptr && packet_load(*options_.env, offset, info.bytes(), regs_[0])) return next;
  regs_[0] = 0;
  return leave();
}

Ran<uint64_t> CheckedMachine::map_address(const InsnInfo &info, const Insn &first, const Insn &second) const {
  const bool is_value = info.op == isa::Op::LddwMapIdxValue;
  if (!is_value && info.op != isa::Op::LddwMapIdx)
    return fault<diag::NoInstruction>("only the kernel knows what this means");
  const auto index = static_cast<uint32_t>(first.imm);
  const ResolvedMap map = index < options_.maps.size() ? options_.maps[index] : ResolvedMap{};
  const uint64_t address = is_value ? map.values : map.address;
  if (address == 0)
    return fault<diag::NoMapHere>(index, options_.maps.size(), is_value ? "values at a fixed address" : "address");
  return address + (is_value ? static_cast<uint32_t>(second.imm) : 0);
}

// ---- Calls.

void CheckedMachine::find_function(CallSite &site, uint32_t number) const {
  site.function = options_.resolve == nullptr ? nullptr : options_.resolve(number);
  if (calls_) site.helper = tables::find_helper(number);
}

void CheckedMachine::find_kernel_function(CallSite &site, uint32_t id) const {
  site.function = kernel_function(options_.btf, id, options_.resolve);
  if (calls_ && site.function != nullptr) site.kfunc = tables::find_kfunc(options_.btf->type(object::BtfId{id}).name);
}

Ran<void> CheckedMachine::call_helper(uint32_t number, int64_t next) {
  CallSite fresh;
  CallSite &called = site(fresh);
  if (called.function == nullptr) find_function(called, number);
  if (called.function == nullptr || (calls_ && called.helper == nullptr))
    return fault<diag::NoHelperHere>("helper", number);
  return call(called, next);
}

Ran<void> CheckedMachine::call_kfunc(uint32_t id, int64_t next) {
  CallSite fresh;
  CallSite &called = site(fresh);
  if (called.function == nullptr) find_kernel_function(called, id);
  if (called.function == nullptr) return fault<diag::NoHelperHere>("kernel function", id);
  return call(called, next);
}

Ran<void> CheckedMachine::call(CallSite &site, int64_t next) {
  if (!calls_) return call(site.function, next);
  const Arguments arguments{regs_[1], regs_[2], regs_[3], regs_[4], regs_[5]};
  if (auto fine = calls_->before(site, options_.env->program_type, arguments); !fine) return fine;
  calling_ = site.helper;
  auto done = call(site.function, next);
  if (done) calls_->after(site, arguments, regs_[0]);
  return done;
}

Ran<void> CheckedMachine::call(HelperFn function, int64_t next) {
  const uint64_t result = function(regs_[1], regs_[2], regs_[3], regs_[4], regs_[5], options_.env);
  if (failed_) return std::unexpected(*failed_);
  after_call(result);
  if (options_.fast != nullptr) tell_packet();
  const bool left = options_.env != nullptr && std::exchange(options_.env->tail_called, false);
  if (left && options_.elsewhere != nullptr && *options_.elsewhere) return std::unexpected(**options_.elsewhere);
  pc_ = left ? leave() : next;
  return {};
}

Ran<void> CheckedMachine::enter(int64_t return_to) {
  if (frames_.is_full()) return fault<diag::CallsTooDeep>(kMaxFrames);
  frames_.enter(return_to, nullptr, {regs_[6], regs_[7], regs_[8], regs_[9]});
  regs_[10] = frames_.stack_end();
  return {};
}

int64_t CheckedMachine::leave() {
  if (frames_.depth() == 0) {
    finished_ = true;
    return pc_;
  }
  const Frames::Frame &caller = frames_.leave();
  after_call(regs_[0]);
  for (unsigned i = 0; i < 4; i++) regs_[6 + i] = caller.saved[i];
  regs_[10] = frames_.stack_end();
  return caller.return_to;
}

}  // namespace spile::vm
