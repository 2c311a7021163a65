// EventLog: what happened on stage during a command, in plain words.
//
// It listens to the trace of the cluster and keeps what a reader of a scenario
// wants to know: who campaigns, leads, stops, refuses, appends configurations.
// The same words twice within one command are kept once.

#ifndef QUORATE_TESTS_SCENARIOS_EVENT_LOG_H_
#define QUORATE_TESTS_SCENARIOS_EVENT_LOG_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/trace.h"

namespace quorate::scenarios {

class EventLog {
 public:
  // How the scenario calls a member, by index and by id.
  using Name = std::function<std::string(int index)>;
  using NameOfId = std::function<std::string(uint64_t id)>;
  // What configuration a leader goes by, if it is this version; else empty.
  using Configuration = std::function<std::string(int index, uint64_t version)>;

  EventLog(Name name, NameOfId name_of_id, Configuration configuration)
      : name_(std::move(name)),
        name_of_id_(std::move(name_of_id)),
        configuration_(std::move(configuration)) {}

  void Note(const simulation::TraceLine& line);

  // Leaves out who refuses whom: with many joiners that is all one sees.
  void HideRefusals() { show_refusals_ = false; }
  // Shows DIFF, TRUNC and SNAP from now on, or the delivery of messages whose
  // description begins with one of these words.
  void ShowSyncs() { show_syncs_ = true; }
  void ShowMessages(const std::vector<std::string>& kinds) {
    shown_messages_.insert(kinds.begin(), kinds.end());
  }

  // The lines since the last call.
  std::vector<std::string> Take();

 private:
  struct Parsed;
  void NoteEvent(int member, const std::string& text);
  std::string InWords(int member, const Parsed& event);
  std::string SyncInWords(const std::string& who, const Parsed& event) const;

  Name name_;
  NameOfId name_of_id_;
  Configuration configuration_;
  bool show_refusals_ = true;
  bool show_syncs_ = false;
  std::set<std::string> shown_messages_;
  std::set<int> leading_;
  std::vector<std::string> lines_;
};

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_EVENT_LOG_H_
