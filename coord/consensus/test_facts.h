// Builders for tests about admission: what a leader knows of an ensemble in
// good health, from which a test takes away what it is about.

#ifndef QUORATE_COORD_CONSENSUS_TEST_FACTS_H_
#define QUORATE_COORD_CONSENSUS_TEST_FACTS_H_

#include <cstdint>
#include <memory>

#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"

namespace quorate::consensus {

inline constexpr int64_t kTestNowMs = 1'000'000;

// At kTestNowMs of a reign since 0: everybody is in contact and always was,
// every voter is seasoned and every learner proven, all is committed.
inline AdmissionFacts Healthy(const Configuration& configuration) {
  AdmissionFacts facts;
  facts.configuration = std::make_shared<const Configuration>(configuration);
  facts.configuration_committed = true;
  facts.own_epoch_committed = true;
  facts.now_ms = kTestNowMs;
  for (const Member& member : configuration.members()) {
    MemberFacts known;
    known.key = member.Key();
    known.last_heard_ms = kTestNowMs;
    if (member.IsLearner()) {
      known.proven_since_ms = 0;
    } else {
      known.voter_since_ms = 0;
    }
    facts.members.push_back(known);
  }
  return facts;
}

inline MemberFacts& FactsOf(AdmissionFacts& facts, uint64_t id) {
  for (MemberFacts& member : facts.members) {
    if (member.key.id.value == id) return member;
  }
  QUORATE_CHECK(false);
}

// The member fell silent `ago_ms` ago.
inline void Silence(AdmissionFacts& facts, uint64_t id, int64_t ago_ms) {
  FactsOf(facts, id).last_heard_ms = facts.now_ms - ago_ms;
}

// The voter has voted, and been heard, only for `for_ms`.
inline void VoterFor(AdmissionFacts& facts, uint64_t id, int64_t for_ms) {
  FactsOf(facts, id).voter_since_ms = facts.now_ms - for_ms;
  FactsOf(facts, id).heard_since_ms = facts.now_ms - for_ms;
}

// `ms` later, if who is in contact stays so and who is silent stays so.
inline AdmissionFacts Later(AdmissionFacts facts, int64_t ms) {
  for (MemberFacts& member : facts.members) {
    if (IsInContact(member, facts.configuration->limits(), facts.now_ms)) {
      *member.last_heard_ms += ms;
    }
  }
  facts.now_ms += ms;
  return facts;
}

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_TEST_FACTS_H_
