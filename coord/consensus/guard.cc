#include "coord/consensus/guard.h"

// A program has either fixed guards or ones that can be switched off. Both
// twins of this library define this symbol and are always linked, so that a
// program with some of each does not link.
extern const char quorate_has_one_kind_of_guards;
const char quorate_has_one_kind_of_guards = 0;
