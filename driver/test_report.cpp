#include "driver/test_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/html.h"

namespace spile::driver {

namespace {

// Lines that both have at the beginning and the end stand once; what lies between, as `-` and `+`.
std::string diff(const std::vector<std::string> &expected, const std::vector<std::string> &seen) {
  size_t begin = 0, end = 0;
  const size_t shortest = std::min(expected.size(), seen.size());
  while (begin < shortest && expected[begin] == seen[begin]) begin++;
  while (end < shortest - begin && expected[expected.size() - 1 - end] == seen[seen.size() - 1 - end]) end++;
  std::string out;
  for (size_t i = 0; i < begin; i++) out += fmt::format("    {}\n", expected[i]);
  for (size_t i = begin; i < expected.size() - end; i++) out += fmt::format("  - {}\n", expected[i]);
  for (size_t i = begin; i < seen.size() - end; i++) out += fmt::format("  + {}\n", seen[i]);
  for (size_t i = seen.size() - end; i < seen.size(); i++) out += fmt::format("    {}\n", seen[i]);
  return out;
}

std::string findings_text(const TestOutcome &outcome) {
  std::string out;
  for (const session::Finding &finding : outcome.result.findings) {
    const bool is_unexpected = finding.expected.empty() && finding.message.empty();
    out += fmt::format("{}:{}: {}\n", outcome.file, finding.line,
                       !finding.message.empty() ? finding.message
                       : is_unexpected          ? "printed, and not expected"
                                                : "not as expected");
    out += diff(finding.expected, finding.seen);
    if (finding.event_line != 0 && finding.event_line != finding.line)
      out += fmt::format("  after line {}: {}\n", finding.event_line, finding.event);
  }
  return out;
}

}  // namespace

std::string TestOutcome::title() const {
  return name.empty() ? fmt::format("{}:{}", file, line) : fmt::format("{}:{}: {}", file, line, name);
}

std::string report_text(const TestOutcome &outcome) {
  std::string out = fmt::format("{} {}\n", outcome.passed() ? "ok  " : "FAIL", outcome.title());
  if (!outcome.trouble.empty()) out += outcome.trouble;
  out += findings_text(outcome);
  for (const std::string &field : outcome.result.unset)
    out += fmt::format("{}:{} is read, and the event does not set it: it is 0\n", outcome.file, field);
  return out;
}

std::string report_junit(const std::vector<TestOutcome> &outcomes) {
  const auto failed = std::ranges::count_if(outcomes, [](const TestOutcome &o) { return !o.passed(); });
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"spile\" tests=\"{}\" "
      "failures=\"{}\">\n",
      outcomes.size(), failed);
  for (const TestOutcome &outcome : outcomes) {
    const std::string name = outcome.name.empty() ? fmt::format("line {}", outcome.line) : outcome.name;
    out += fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\"", escaped(outcome.file), escaped(name),
                       outcome.seconds);
    if (outcome.passed())
      out += "/>\n";
    else
      out += fmt::format(">\n<failure>{}</failure>\n</testcase>\n", escaped(outcome.trouble + findings_text(outcome)));
  }
  return out + "</testsuite>\n</testsuites>\n";
}

}  // namespace spile::driver
