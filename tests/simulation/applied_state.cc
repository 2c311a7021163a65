#include "tests/simulation/applied_state.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

// zxid, count, hash, salt, size.
constexpr size_t kHeaderBytes = 5 * sizeof(uint64_t);

uint64_t Mix(uint64_t hash, uint64_t number) {
  hash = (hash ^ number) * 0xff51'afd7'ed55'8ccdu;
  return hash ^ (hash >> 32);
}

uint64_t MixBytes(uint64_t hash, absl::string_view bytes) {
  uint64_t word = 0;
  size_t at = 0;
  for (; at + sizeof(word) <= bytes.size(); at += sizeof(word)) {
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    hash = Mix(hash, word);
  }
  word = bytes.size();
  for (; at < bytes.size(); ++at) {
    word = word << 8 | static_cast<unsigned char>(bytes[at]);
  }
  return Mix(hash, word);
}

std::string Fill(const uint64_t (&header)[5]) {
  std::string content(header[4], '\0');
  std::memcpy(content.data(), header, kHeaderBytes);
  uint64_t word = Mix(header[2], header[3]);
  for (size_t at = kHeaderBytes; at < content.size(); ++at) {
    if (at % sizeof(word) == 0) word = Mix(word, at);
    content[at] = static_cast<char>(word >> (at % sizeof(word) * 8));
  }
  return content;
}

}  // namespace

void AppliedState::Apply(const consensus::Record& record) {
  zxid = record.zxid;
  ++count;
  hash = Mix(hash, record.zxid.value());
  hash = Mix(hash, static_cast<uint64_t>(record.kind));
  if (record.payload != nullptr) hash = MixBytes(hash, *record.payload);
  if (record.configuration != nullptr) {
    hash = Mix(hash, record.configuration->version());
    for (const consensus::Member& member : record.configuration->members()) {
      hash = Mix(hash, member.id.value);
      hash = Mix(hash, member.incarnation.value);
      hash = Mix(hash, member.voter * 2 + member.outgoing_voter);
    }
  }
}

Bytes EncodeSnapshot(const AppliedState& state, uint64_t salt, size_t padding) {
  // The sizes differ too, so that a piece of one never fits another.
  const size_t size = kHeaderBytes + padding + salt % 61;
  return MakeBytes(Fill(
      {state.zxid.value(), state.count, state.hash, salt, uint64_t{size}}));
}

std::optional<AppliedState> DecodeSnapshot(const std::string& content) {
  if (content.size() < kHeaderBytes) return std::nullopt;
  uint64_t header[5];
  std::memcpy(header, content.data(), kHeaderBytes);
  if (header[4] != content.size() || Fill(header) != content) {
    return std::nullopt;
  }
  return AppliedState{Zxid::FromValue(header[0]), header[1], header[2]};
}

std::string Ledger::Reach(const EnsembleId& ensemble,
                          const AppliedState& state) {
  std::vector<AppliedState>& states = histories_[ensemble].states;
  if (state.count == 0) return "applied nothing";
  if (state.count > states.size()) states.resize(state.count);
  AppliedState& known = states[state.count - 1];
  if (known.count == 0) known = state;
  if (known == state) return "";
  return absl::StrCat("record ", state.count, " of the applied history is ",
                      ToString(state.zxid), " with hash ",
                      absl::Hex(state.hash), "; elsewhere it is ",
                      ToString(known.zxid), " with hash ",
                      absl::Hex(known.hash));
}

uint64_t Ledger::Length(const EnsembleId& ensemble) const {
  const auto found = histories_.find(ensemble);
  return found == histories_.end() ? 0 : found->second.states.size();
}

uint64_t Ledger::TotalLength() const {
  uint64_t total = 0;
  for (const auto& [ensemble, history] : histories_) {
    total += history.states.size();
  }
  return total;
}

void Ledger::ApplyConfiguration(const EnsembleId& ensemble, Zxid zxid) {
  Zxid& newest = histories_[ensemble].configuration;
  if (newest < zxid) newest = zxid;
}

Zxid Ledger::CommittedConfiguration(const EnsembleId& ensemble) const {
  const auto found = histories_.find(ensemble);
  return found == histories_.end() ? Zxid() : found->second.configuration;
}

void Ledger::Acknowledge(const EnsembleId& ensemble, Zxid zxid) {
  Zxid& acknowledged = histories_[ensemble].acknowledged;
  if (acknowledged < zxid) acknowledged = zxid;
}

Zxid Ledger::Acknowledged(const EnsembleId& ensemble) const {
  const auto found = histories_.find(ensemble);
  return found == histories_.end() ? Zxid() : found->second.acknowledged;
}

}  // namespace quorate::simulation
