#include "tests/scenarios/stage.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/event_log.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/member.h"
#include "tests/simulation/trace.h"

namespace quorate::scenarios {
namespace {

using consensus::Envelope;
using simulation::Cluster;
using simulation::MemberSpec;

bool IsCampaign(const consensus::Message& message) {
  return std::holds_alternative<consensus::PreVote>(message) ||
         std::holds_alternative<consensus::Vote>(message);
}

}  // namespace

Stage::Stage()
    : events_([this](int index) { return Name(index); },
              [](uint64_t id) { return ToString(MemberId{id}); },
              [this](int index, uint64_t version) -> std::string {
                const consensus::Core& core = cluster().core(index);
                if (!core.IsLeader()) return "";
                const consensus::Configuration& newest = core.configuration();
                return newest.version() == version ? newest.Describe()
                                                   : absl::StrCat("v", version);
              }) {}

Cluster& Stage::cluster() {
  if (cluster_ == nullptr) {
    cluster_ = std::make_unique<Cluster>(options_);
    cluster_->SetTrace(
        [this](const simulation::TraceLine& line) { events_.Note(line); });
    FilterMessages();
  }
  return *cluster_;
}

void Stage::FilterMessages() {
  cluster().network().SetFilter(
      [this](int from, int to, const Envelope& envelope) {
        return Keeps(from, to, envelope);
      });
}

// --- Members -----------------------------------------------------------------

int Stage::Find(absl::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? -1 : static_cast<int>(found - names_.begin());
}

std::string Stage::AddressOf(const std::string& name) const {
  const auto known = addresses_.find(name);
  return known != addresses_.end() ? known->second
                                   : absl::StrCat("m", name, ":1");
}

absl::StatusOr<int> Stage::Add(const std::string& name, MemberSpec spec) {
  const std::optional<MemberId> id = Arguments::IdOf(name);
  if (!id.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " is no name for a member; use its id, or id and letter: 3, 3b"));
  }
  if (Find(name) >= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is a member ", name, " already"));
  }
  spec.id = *id;
  spec.address = AddressOf(name);
  names_.push_back(name);
  return cluster().Add(std::move(spec));
}

absl::StatusOr<consensus::Manifest> Stage::ManifestOf(
    const std::vector<std::string>& names) const {
  consensus::Manifest manifest;
  manifest.limits = limits_;
  for (const std::string& name : names) {
    const std::optional<MemberId> id = Arguments::IdOf(name);
    if (!id.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is no name for a member"));
    }
    manifest.founders.push_back({*id, AddressOf(name)});
  }
  std::sort(manifest.founders.begin(), manifest.founders.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return manifest;
}

// --- Messages ----------------------------------------------------------------

bool Stage::Keeps(int from, int to, const Envelope& envelope) {
  if (only_candidate_ >= 0 && from != only_candidate_ &&
      IsCampaign(envelope.message)) {
    return true;
  }
  for (const MessageRule& rule : rules_) {
    if (rule.from >= 0 && rule.from != from) continue;
    if (rule.to >= 0 && rule.to != to) continue;
    const std::string text = consensus::Describe(envelope.message);
    const bool matches = rule.kind.empty() || text == rule.kind ||
                         absl::StartsWith(text, absl::StrCat(rule.kind, " "));
    if (!matches) continue;
    if (rule.hold) held_.emplace_back(from, envelope);
    return true;
  }
  return false;
}

size_t Stage::Release() {
  const auto held = std::exchange(held_, {});
  for (const auto& [from, envelope] : held) cluster().Inject(from, envelope);
  return held.size();
}

// --- Words -------------------------------------------------------------------

void Stage::LearnIncarnations() {
  for (int index = 0; index < static_cast<int>(names_.size()); ++index) {
    const Incarnation incarnation =
        cluster().member(index).disk().durable().hard_state.incarnation;
    if (incarnation.IsNone()) continue;
    std::string& name = incarnations_[ToString(incarnation)];
    if (!name.empty()) continue;
    const int number = disks_seen_[index]++;
    name = absl::StrCat("disk-", names_[index]);
    if (number > 0) name.push_back(static_cast<char>('a' + number));
  }
}

std::string Stage::Anonymous(const std::string& text) {
  if (IsSet()) LearnIncarnations();
  std::string result;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() &&
           std::isxdigit(static_cast<unsigned char>(text[end]))) {
      ++end;
    }
    const std::string run = text.substr(at, end - at);
    if (run.size() == 32) {
      std::string& name = ensembles_[run];
      if (name.empty()) name = absl::StrCat("E", ensembles_.size());
      result += name;
    } else if (run.size() == 16 && incarnations_.contains(run)) {
      result += incarnations_[run];
    } else {
      result += run;
    }
    if (end == at) result.push_back(text[end++]);
    at = end;
  }
  return result;
}

}  // namespace quorate::scenarios
