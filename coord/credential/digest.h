// Digest: ZooKeeper's form of a user and a password, as ACLs hold it.

#ifndef QUORATE_COORD_CREDENTIAL_DIGEST_H_
#define QUORATE_COORD_CREDENTIAL_DIGEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate {

// Longest "user:password", in bytes; its digest fits into one ACL entry.
inline constexpr size_t kMaxCredentialBytes = 512;

// "user:BASE64(SHA1(user:password))" for "user:password"; the password may hold
// further colons, and may be empty. InvalidArgument: no colon, no user, a null
// character, or too long. The message does not repeat the password.
absl::StatusOr<std::string> DigestId(absl::string_view credential);

}  // namespace quorate

#endif  // QUORATE_COORD_CREDENTIAL_DIGEST_H_
