#include "coord/consensus/configuration_history.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "coord/base/check.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

const ConfigurationHistory::Entry& NoConfiguration() {
  static const auto& none = *new ConfigurationHistory::Entry{
      Zxid(), std::make_shared<const Configuration>()};
  return none;
}

bool IsAbove(Zxid zxid, const ConfigurationHistory::Entry& entry) {
  return zxid < entry.zxid;
}

}  // namespace

void ConfigurationHistory::Fix(ConfigurationPtr configuration) {
  Reset(Zxid(), std::move(configuration));
  fixed_ = true;
}

void ConfigurationHistory::Reset(Zxid zxid, ConfigurationPtr configuration) {
  if (fixed_) return;
  entries_.clear();
  Append(zxid, std::move(configuration));
}

void ConfigurationHistory::Append(Zxid zxid, ConfigurationPtr configuration) {
  if (fixed_) return;
  QUORATE_CHECK(configuration != nullptr);
  QUORATE_CHECK(entries_.empty() || entries_.back().zxid < zxid);
  entries_.push_back({zxid, std::move(configuration)});
}

void ConfigurationHistory::TruncateAfter(Zxid zxid) {
  if (fixed_) return;
  entries_.erase(
      std::upper_bound(entries_.begin(), entries_.end(), zxid, IsAbove),
      entries_.end());
}

void ConfigurationHistory::CompactTo(Zxid zxid) {
  if (fixed_) return;
  const auto above =
      std::upper_bound(entries_.begin(), entries_.end(), zxid, IsAbove);
  if (above == entries_.begin()) return;
  entries_.erase(entries_.begin(), std::prev(above));
}

const ConfigurationHistory::Entry& ConfigurationHistory::Newest() const {
  return entries_.empty() ? NoConfiguration() : entries_.back();
}

const ConfigurationHistory::Entry& ConfigurationHistory::At(Zxid zxid) const {
  const auto above =
      std::upper_bound(entries_.begin(), entries_.end(), zxid, IsAbove);
  return above == entries_.begin() ? NoConfiguration() : *std::prev(above);
}

}  // namespace quorate::consensus
