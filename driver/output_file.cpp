#include "driver/output_file.h"

#include <cerrno>
#include <filesystem>

#include "support/numbers.h"

namespace spile::driver {

namespace {

constexpr unsigned kMostKept = 999;

// "64K"; none of what is no size, or 0.
std::optional<uint64_t> size_of(std::string_view text) {
  static constexpr std::string_view kUnits = "KMG";
  const size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
  const unsigned shift = unit == std::string_view::npos ? 0 : 10 * static_cast<unsigned>(unit + 1);
  if (shift != 0) text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number || *number == 0 || text.starts_with('-') || *number > UINT64_MAX >> shift) return std::nullopt;
  return *number << shift;
}

}  // namespace

Result<void> OutputFile::set_rotation(std::string_view text) {
  const size_t comma = text.find(',');
  const auto size = size_of(text.substr(0, comma));
  if (!size) return usage_error("--rotate takes a size such as 10M, and how many files, 10M,3; not `{}`", text);
  limit_ = *size;
  if (comma == std::string_view::npos) return {};
  const auto kept = parse_number(text.substr(comma + 1));
  if (!kept || *kept == 0 || *kept > kMostKept)
    return usage_error("--rotate keeps from 1 to {} files, not `{}`", kMostKept, text.substr(comma + 1));
  kept_ = static_cast<unsigned>(*kept);
  return {};
}

Result<void> check_not_read(std::string_view option, const std::string &path, std::span<const std::string> read) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return {};
  for (const std::string &other : read)
    if (std::filesystem::equivalent(path, other, unknown))
      return usage_error("{} would overwrite `{}`, which this run reads", option, other);
  return {};
}

Result<void> OutputFile::choose(const std::string &path, std::span<const std::string> read) {
  if (auto kept = check_not_read("-o", path, read); !kept) return kept;
  path_ = path;
  return {};
}

Result<void> OutputFile::open() {
  if (path_.empty()) return {};
  file_.reset(std::fopen(path_.c_str(), "we"));
  if (!file_) return os_error(errno, path_);
  return {};
}

bool OutputFile::rotate() {
  if (std::fclose(file_.release()) != 0) error_ = errno;
  for (unsigned n = kept_; n > 1 && error_ == 0; n--) {
    const std::string from = fmt::format("{}.{}", path_, n - 1);
    if (std::rename(from.c_str(), fmt::format("{}.{}", path_, n).c_str()) != 0 && errno != ENOENT) error_ = errno;
  }
  if (error_ == 0 && std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) error_ = errno;
  written_ = 0;
  if (error_ == 0) {
    file_.reset(std::fopen(path_.c_str(), "we"));
    if (!file_) error_ = errno;
  }
  return error_ == 0;
}

bool OutputFile::write(std::string_view text) {
  if (error_ != 0) return false;
  if (limit_ != 0 && written_ != 0 && written_ + text.size() > limit_ && !rotate()) return false;
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) error_ = errno;
  written_ += text.size();
  return error_ == 0;
}

Result<void> OutputFile::close() {
  if (file_ && std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno;
  if (error_ != 0) return os_error(error_, path_);
  return {};
}

}  // namespace spile::driver
