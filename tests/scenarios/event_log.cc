#include "tests/scenarios/event_log.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "coord/consensus/rule.h"
#include "tests/simulation/trace.h"

namespace quorate::scenarios {

using simulation::TraceKind;

// "became-leader number=3 zxid=2:7", taken apart.
struct EventLog::Parsed {
  explicit Parsed(const std::string& text) {
    const std::vector<std::string> words = absl::StrSplit(text, ' ');
    kind = words.front();
    for (size_t i = 1; i < words.size(); ++i) {
      fields.insert(absl::StrSplit(words[i], absl::MaxSplits('=', 1)));
    }
  }
  std::string Field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
  uint64_t Number(const std::string& name) const {
    uint64_t number = 0;
    return absl::SimpleAtoi(Field(name), &number) ? number : 0;
  }
  bool Has(const std::string& name) const { return fields.contains(name); }
  std::string Rule() const {
    const auto rule = static_cast<consensus::Rule>(Number("rule"));
    return absl::StrCat("rule ", Number("rule"), " (",
                        std::string(consensus::RuleName(rule)), ")");
  }

  std::string kind;
  std::map<std::string, std::string> fields;
};

void EventLog::Note(const simulation::TraceLine& line) {
  if (line.kind == TraceKind::kEvent) {
    NoteEvent(line.member, line.text);
  } else if (line.kind == TraceKind::kFault &&
             (line.text == "crash" || line.text == "orderly stop")) {
    leading_.erase(line.member);
  } else if (line.kind == TraceKind::kDeliver && !shown_messages_.empty()) {
    const std::vector<std::string> words = absl::StrSplit(line.text, ' ');
    if (words.size() > 1 && shown_messages_.contains(words[1])) {
      lines_.push_back("message " + line.text);
    }
  }
}

void EventLog::NoteEvent(int member, const std::string& text) {
  const std::string line = InWords(member, Parsed(text));
  if (line.empty()) return;
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) {
    lines_.push_back(line);
  }
}

std::vector<std::string> EventLog::Take() { return std::exchange(lines_, {}); }

std::string EventLog::InWords(int member, const Parsed& event) {
  const std::string who = name_(member);
  const std::string peer =
      event.Has("peer") ? name_of_id_(event.Number("peer")) : "";
  const std::string number = event.Field("number");
  if (event.kind == "campaign") {
    return absl::StrCat(who, " campaigns in epoch ", number);
  }
  if (event.kind == "became-leader") {
    leading_.insert(member);
    return absl::StrCat(who, " leads epoch ", number);
  }
  if (event.kind == "became-follower") {
    const bool led = leading_.erase(member) > 0;
    if (!peer.empty()) return absl::StrCat(who, " follows ", peer);
    return led ? absl::StrCat(who, " leads no more") : "";
  }
  if (event.kind == "configuration") {
    const std::string what = configuration_(member, event.Number("number"));
    return what.empty() ? "" : absl::StrCat(who, " appends ", what);
  }
  if (event.kind == "configuration-taken-back") {
    return absl::StrCat(who, " takes its configuration back to v", number);
  }
  if (event.kind == "refused") {
    return peer.empty() || !show_refusals_
               ? ""
               : absl::StrCat(who, " refuses ", peer, " by ", event.Rule());
  }
  if (event.kind == "auto-promote") {
    return absl::StrCat(who, " promotes ", peer, " by itself");
  }
  if (event.kind == "auto-remove") {
    return absl::StrCat(who, " removes ", peer, " by itself");
  }
  if (event.kind == "founded") {
    return peer.empty()
               ? absl::StrCat(who, " founds the ensemble")
               : absl::StrCat(who, " belongs to the ensemble of ", peer);
  }
  if (event.kind == "admitted") {
    return absl::StrCat(who, " is admitted by ", peer);
  }
  if (event.kind == "transfer") {
    return absl::StrCat(who, " hands over to ", peer);
  }
  if (event.kind == "fresh-epoch") {
    return absl::StrCat(who, " wants an epoch above ", number);
  }
  if (event.kind == "stopped") {
    leading_.erase(member);
    return absl::StrCat(who, " stops by ", event.Rule());
  }
  return show_syncs_ ? SyncInWords(who, event) : "";
}

std::string EventLog::SyncInWords(const std::string& who,
                                  const Parsed& event) const {
  const std::string peer = name_of_id_(event.Number("peer"));
  const std::string zxid = event.Has("zxid") ? event.Field("zxid") : "0:0";
  if (event.kind == "sync-DIFF") {
    return absl::StrCat(who, " syncs ", peer, " by a DIFF after ", zxid);
  }
  if (event.kind == "sync-TRUNC") {
    return absl::StrCat(who, " syncs ", peer, " by a TRUNC to ", zxid);
  }
  if (event.kind == "sync-SNAP") {
    return absl::StrCat(who, " syncs ", peer, " by a SNAP at ", zxid);
  }
  return "";
}

}  // namespace quorate::scenarios
