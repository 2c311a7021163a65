// The identity of ensembles that run with --unsafe-static-membership.
//
// Such an ensemble shows how membership by list alone splits; it holds nothing
// worth keeping. All of them share one ensemble id, so that rule 1 keeps them
// apart from every safe ensemble and from the clients of one. It is text, to be
// recognised in a dump, and is never minted.

#ifndef QUORATE_COORD_BASE_UNSAFE_ENSEMBLE_H_
#define QUORATE_COORD_BASE_UNSAFE_ENSEMBLE_H_

#include "coord/base/ids.h"

namespace quorate {

// "UNSAFE-ENSEMBLE!"
inline constexpr EnsembleId kUnsafeEnsemble = {0x554e'5341'4645'2d45,
                                               0x4e53'454d'424c'4521};

// "-STATIC-". The incarnation of every member of one: a list cannot tell those
// of the others.
inline constexpr Incarnation kUnsafeIncarnation = {0x2d53'5441'5449'432d};

}  // namespace quorate

#endif  // QUORATE_COORD_BASE_UNSAFE_ENSEMBLE_H_
