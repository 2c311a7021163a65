// Owner: to whom the files in a directory belong.

#ifndef QUORATE_COORD_STORAGE_OWNER_H_
#define QUORATE_COORD_STORAGE_OWNER_H_

#include <string>

#include "coord/base/ids.h"

namespace quorate::storage {

// The ensemble is none until the member belongs to one; then it stays, unless
// the member is rescued.
struct Owner {
  EnsembleId ensemble;
  MemberKey member;
  // Of a directory: the member was rescued, once or more, so that its older
  // files name ensembles that came before. Never so in a file.
  bool rescued = false;

  bool operator==(const Owner&) const = default;

  // True if a file of `earlier` may stand in a directory of this owner.
  bool MayHave(const Owner& earlier) const {
    return earlier.member == member &&
           (earlier.ensemble.IsNone() || earlier.ensemble == ensemble ||
            rescued);
  }
};

inline std::string ToString(const Owner& owner) {
  return "ensemble " + ToString(owner.ensemble) + ", member " +
         ToString(owner.member);
}

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_OWNER_H_
