#include "verifier/verifier.h"

#include "verifier/attach_rules.h"
#include "verifier/env.h"
#include "verifier/explain.h"
#include "verifier/explore.h"
#include "verifier/unprivileged.h"

namespace spile::verifier {

Verdict verify(const object::Program &program, const tables::ProgramType &type, const Options &options) {
  Verdict verdict;
  const Structure structure = examine(program, type, options.kernel_btf);
  static const object::Btf kNoBtf;
  const Types types(program.object != nullptr ? program.object->btf : kNoBtf, options.kernel_btf, options.relocated);
  const Env env{program, type, options, structure, types};
  if (const auto failure = check_attachment(env)) verdict.rejections.push_back(explain(env, *failure, {}, {}));
  for (const Failure &failure : structure.failures) verdict.rejections.push_back(explain(env, failure, {}, {}));
  if (structure.failures.empty())
    if (const auto failure = check_maps(env)) verdict.rejections.push_back(explain(env, *failure, {}, {}));
  if (structure.failures.empty() && options.unprivileged)
    if (const auto failure = check_unprivileged_program(env))
      verdict.rejections.push_back(explain(env, *failure, {}, {}));
  if (structure.failures.empty()) {
    explore(env, verdict);
  } else {
    verdict.regions.assign(program.insns.size(), Region::Unknown);
    verdict.reached.assign(program.insns.size(), false);
    if (options.keep_states) verdict.states.resize(program.insns.size());
  }
  verdict.wants_kernel_types = types.was_missed() || structure.wants_kernel;
  if (verdict.rejections.empty()) return verdict;
  verdict.kind = Verdict::CannotJudge;
  for (const Rejection &r : verdict.rejections)
    if (r.diagnostic.info->name != "NotModelled") verdict.kind = Verdict::Reject;
  return verdict;
}

}  // namespace spile::verifier
