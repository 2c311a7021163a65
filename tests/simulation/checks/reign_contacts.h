// ReignContacts: when a leader heard from whom, as counted from outside by the
// messages that were delivered to it in its present reign.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_REIGN_CONTACTS_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_REIGN_CONTACTS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

class ReignContacts {
 public:
  // One other member. Times are on the leader's clock.
  struct Contact {
    std::optional<int64_t> last_heard_ms;
    int64_t heard_since_ms = 0;  // no longer gap than contact_ms since
    int64_t member_since_ms = 0;
    std::optional<int64_t> voter_since_ms;
    int64_t fsync_ms = 0;
    int64_t fsync_sent_ms = 0;  // of the heartbeat whose answer told it
    int64_t slow_fsync_ms = 0;  // when it last reported one above its bound
    consensus::Zxid match;      // highest one it has acknowledged
  };

  // `core` has stepped: a reign may have begun or ended, a configuration come.
  void Note(const consensus::Core& core);
  // `envelope` is being delivered to `core`.
  void Deliver(const consensus::Core& core,
               const consensus::Envelope& envelope);

  bool leads() const { return epoch_ != 0; }
  int64_t since_ms() const { return since_ms_; }
  // Nothing: it was no voter so far.
  std::optional<int64_t> own_voter_since_ms() const {
    return own_voter_since_ms_;
  }
  const Contact* Find(const MemberKey& key) const;

 private:
  consensus::Epoch epoch_ = 0;  // 0: no reign
  int64_t since_ms_ = 0;
  std::optional<int64_t> own_voter_since_ms_;
  uint64_t version_ = 0;  // of the configuration that contacts_ is made from
  std::map<MemberKey, Contact> contacts_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_REIGN_CONTACTS_H_
