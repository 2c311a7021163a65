// Check: one safety property, watched after every step of a simulated cluster.
//
// The cluster tells every check what a member has just done; the check compares
// it with what it has seen before and reports a violation. Checks are
// incremental: they look only at what changed. They know the cores by their
// public interface alone, and remember on their own whatever must never be
// taken back. One property a file, one class a file.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_CHECK_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_CHECK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"

namespace quorate::simulation {

// One member as the checks see it. A member is identified by its index in the
// cluster for ever; a wiped disk gives the same index another incarnation.
struct MemberView {
  int index = 0;
  int64_t now_us = 0;           // simulated time
  const consensus::Core* core;  // never null in the calls below
};

struct Violation {
  std::string check;  // the name of the check
  std::string text;   // what was expected and what was found
};

class Check {
 public:
  explicit Check(std::string name) : name_(std::move(name)) {}
  virtual ~Check() = default;

  const std::string& name() const { return name_; }

  // A member came up with `recovered` from its disk; `core` is fresh.
  virtual void OnStart(const MemberView& /*member*/,
                       const consensus::DurableState& /*recovered*/) {}
  // `envelope` is about to be given to Core::Step(), and has been. Only checks
  // about single messages and about who was heard when need these two.
  virtual void OnMessage(const MemberView& /*member*/,
                         const consensus::Envelope& /*envelope*/) {}
  virtual void OnMessageDone(const MemberView& /*member*/,
                             const consensus::Envelope& /*envelope*/) {}
  // Core::ChangeMembership(change) has just answered `decision`.
  virtual void OnChange(const MemberView& /*member*/,
                        const consensus::MembershipChange& /*change*/,
                        const consensus::AdmissionDecision& /*decision*/) {}
  // A member stepped and gave `output`, which is not persisted or sent yet.
  virtual void OnOutput(const MemberView& /*member*/,
                        const consensus::Output& /*output*/) {}
  // The member's disk holds this durably now (a sync returned).
  virtual void OnDurable(const MemberView& /*member*/,
                         const consensus::DurableState& /*on_disk*/) {}
  // A linearizable read that began at `began` (highest zxid acknowledged to any
  // client by then) was answered at `answered`.
  virtual void OnRead(const MemberView& /*member*/, consensus::Zxid /*began*/,
                      consensus::Zxid /*answered*/) {}

  const std::vector<Violation>& violations() const { return violations_; }

 protected:
  void Report(std::string text) {
    violations_.push_back({name_, std::move(text)});
  }

 private:
  std::string name_;
  std::vector<Violation> violations_;
};

// Every check there is, fresh.
std::vector<std::unique_ptr<Check>> AllChecks();

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_CHECK_H_
