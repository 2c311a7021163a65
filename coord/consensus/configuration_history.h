// ConfigurationHistory: the configurations of a log by zxid.
//
// The newest one counts, committed or not (rule 10); truncating the log takes
// back what it brought; a snapshot brings its own.

#ifndef QUORATE_COORD_CONSENSUS_CONFIGURATION_HISTORY_H_
#define QUORATE_COORD_CONSENSUS_CONFIGURATION_HISTORY_H_

#include <vector>

#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

class ConfigurationHistory {
 public:
  struct Entry {
    Zxid zxid;
    ConfigurationPtr configuration;
  };

  // From now on `configuration` is the only one, at 0:0, and the calls below
  // change nothing: unsafe static membership, see static_membership.h.
  void Fix(ConfigurationPtr configuration);

  // Forgets everything and starts from a snapshot's configuration.
  void Reset(Zxid zxid, ConfigurationPtr configuration);

  // REQUIRES: `zxid` is above the newest one's.
  void Append(Zxid zxid, ConfigurationPtr configuration);

  // Takes back configurations above `zxid`.
  void TruncateAfter(Zxid zxid);

  // Forgets configurations that were replaced at or before `zxid`; the one in
  // force at `zxid` stays.
  void CompactTo(Zxid zxid);

  // The newest one; an empty configuration at 0:0 if there is none.
  const Entry& Newest() const;

  // The one in force at `zxid`; empty at 0:0 if none is known.
  const Entry& At(Zxid zxid) const;

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;  // ascending by zxid
  bool fixed_ = false;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_CONFIGURATION_HISTORY_H_
