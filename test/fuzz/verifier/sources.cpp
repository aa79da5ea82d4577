#include "test/fuzz/verifier/sources.h"

#include <algorithm>
#include <random>

#include "backend/isa/info.h"
#include "test/fuzz/verifier/random_program.h"

namespace spile::fuzz {
namespace {

using isa::Insn;

constexpr size_t kMaxOriginal = 400;  // instructions: longer programs would take all the time
constexpr uint64_t kMutatedPart = 4;  // one in so many, when there are objects
constexpr uint64_t kSpoiltPart = 11;  // one in so many of those that are made

// One place of [insns], changed a little. Mostly what compilers and people get wrong: a bound, an offset, a register, a
// comparison, a check that is missing.
void mutate(std::vector<Insn> &insns, std::mt19937_64 &random) {
  size_t at = random() % insns.size();
  if (at > 0 && insns[at - 1].is_lddw()) at--;
  Insn &insn = insns[at];
  const auto near = [&](int32_t value) {
    static constexpr int32_t kSteps[] = {1, -1, 4, -4, 8, -8, 64, -64};
    return static_cast<int32_t>(static_cast<uint32_t>(value) + static_cast<uint32_t>(kSteps[random() % 8]));
  };
  const isa::InsnInfo *info = isa::lookup(insn);
  const bool is_call = info == nullptr || insn.is_call() || insn.is_lddw();
  switch (random() % 7) {
    case 0:
      if (!is_call) insn.imm = near(insn.imm);
      break;
    case 1:
      if (!is_call && !insn.is_jump()) insn.off = static_cast<int16_t>(near(insn.off));
      break;
    case 2:
      insn.dst = static_cast<uint8_t>(random() % isa::kRegisterCount);
      break;
    case 3:
      if (!is_call) insn.src = static_cast<uint8_t>(random() % isa::kRegisterCount);
      break;
    case 4:  // another operation of the class
      if (!is_call) insn.opcode = static_cast<uint8_t>((insn.opcode & 0x0f) | (random() % 14) << 4);
      break;
    case 5:  // gone
      if (!insn.is_lddw()) insn = isa::jump(0);
      break;
    case 6:
      if (!is_call && !insn.is_jump()) insn.imm = static_cast<int32_t>(random() >> (random() % 64));
      break;
  }
}

}  // namespace

Sources::Sources(std::span<const std::string> paths) {
  objects_.push_back(std::make_unique<object::Object>(made_object()));
  for (const std::string &path : paths) {
    auto object = object::read_elf_file(path);
    if (!object) continue;
    objects_.push_back(std::make_unique<object::Object>(std::move(*object)));
    const object::Object &kept = *objects_.back();
    for (const object::ProgramEntry &entry : kept.programs) {
      Case made{.type = tables::find_program_type(entry.section), .object = objects_.size() - 1};
      auto program = object::link(kept, entry);
      if (!program || made.type == nullptr || program->insns.size() > kMaxOriginal) continue;
      made.program = std::move(*program);
      originals_.push_back(std::move(made));
    }
  }
}

Case Sources::make(uint64_t seed) const {
  if (!originals_.empty() && seed % kMutatedPart == 0) return mutated(seed);
  const auto kind = static_cast<ProgramMaker::Kind>(seed / kMutatedPart % 4);
  Case made{.type = tables::find_program_type(ProgramMaker::section(kind))};
  made.program.name = "random";
  made.program.license = "GPL";
  made.program.object = objects_.front().get();
  ProgramMaker maker(seed, kind);
  made.program.insns = maker.make();
  for (const auto &[function, start] : maker.functions()) {
    const object::BtfId id{static_cast<uint32_t>(function)};
    const object::Binding binding = function == MadeFunction::Main ? object::Binding::Global : object::Binding::Local;
    made.program.subprograms.push_back({std::string(made.program.object->btf.type(id).name), start, id, binding});
  }
  if (seed % kSpoiltPart == 0) {
    std::mt19937_64 random(seed);
    mutate(made.program.insns, random);
  }
  return made;
}

Case Sources::mutated(uint64_t seed) const {
  std::mt19937_64 random(seed);
  Case made = originals_[random() % originals_.size()];
  for (uint64_t n = 1 + random() % 3; n > 0; n--) mutate(made.program.insns, random);
  return made;
}

}  // namespace spile::fuzz
