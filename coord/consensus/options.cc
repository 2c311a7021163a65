#include "coord/consensus/options.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"

namespace quorate::consensus {
namespace {

// FNV-1a. It tells manifests apart that differ by mistake; that is enough, as
// founders trust each other.
class Fnv1a {
 public:
  void Add(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      AddByte(static_cast<uint8_t>(number >> shift));
    }
  }
  void Add(absl::string_view text) {
    Add(uint64_t{text.size()});
    for (char c : text) AddByte(static_cast<uint8_t>(c));
  }
  uint64_t hash() const { return hash_; }

 private:
  void AddByte(uint8_t byte) {
    hash_ ^= byte;
    hash_ *= 0x100000001b3;
  }

  uint64_t hash_ = 0xcbf29ce484222325;
};

void AddLimits(const Limits& limits, Fnv1a& hash) {
  // Named one by one: a new limit does not compile until it is added here.
  const auto& [stabilisation_ms, promotion_distance_ms, contact_ms, dead_ms,
               max_lag_records, max_lag_bytes, max_fsync_ms, max_learners,
               max_snapshot_transfers, min_voters, auto_promote,
               auto_remove_dead] = limits;
  for (int64_t ms : {stabilisation_ms, promotion_distance_ms, contact_ms,
                     dead_ms, max_fsync_ms}) {
    hash.Add(static_cast<uint64_t>(ms));
  }
  for (uint64_t bound :
       {max_lag_records, max_lag_bytes, uint64_t{max_learners},
        uint64_t{max_snapshot_transfers}, uint64_t{min_voters}}) {
    hash.Add(bound);
  }
  // Only if they are set, so that older manifests keep their hash.
  if (auto_promote || auto_remove_dead) {
    hash.Add(uint64_t{auto_promote} | uint64_t{auto_remove_dead} << 1);
  }
}

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

}  // namespace

uint64_t Manifest::Hash() const {
  Fnv1a hash;
  hash.Add(uint64_t{founders.size()});
  for (const Founder& founder : founders) {
    hash.Add(founder.id.value);
    hash.Add(founder.address);
  }
  AddLimits(limits, hash);
  return hash.hash() == 0 ? 1 : hash.hash();
}

std::string DescribeFounders(const Manifest& manifest) {
  std::string text;
  for (const Manifest::Founder& founder : manifest.founders) {
    absl::StrAppend(&text, text.empty() ? "" : ",", ToString(founder.id), "=",
                    founder.address);
  }
  return text;
}

absl::Status ValidateManifest(const Manifest& manifest) {
  const size_t count = manifest.founders.size();
  if (count < 1 || count > kMaxVoters) {
    return Bad(absl::StrCat("a manifest must name 1 to ", kMaxVoters,
                            " founders; found ", count));
  }
  std::set<absl::string_view> addresses;
  MemberId previous;
  for (const Manifest::Founder& founder : manifest.founders) {
    if (founder.id <= previous) {
      return Bad(
          absl::StrCat("founders must ascend by id, each id at least 1; found ",
                       ToString(founder.id), " behind ", ToString(previous)));
    }
    previous = founder.id;
    if (founder.address.empty() || founder.address.size() > kMaxAddressBytes) {
      return Bad(absl::StrCat("the address of founder ", ToString(founder.id),
                              " must have 1 to ", kMaxAddressBytes,
                              " bytes; found ", founder.address.size()));
    }
    if (!addresses.insert(founder.address).second) {
      return Bad(absl::StrCat("two founders at the address ", founder.address));
    }
  }
  return ValidateLimits(manifest.limits);
}

}  // namespace quorate::consensus
