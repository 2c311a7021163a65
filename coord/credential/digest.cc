#include "coord/credential/digest.h"

#include <openssl/evp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate {

absl::StatusOr<std::string> DigestId(absl::string_view credential) {
  if (credential.size() > kMaxCredentialBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a digest credential has at most ", kMaxCredentialBytes,
                     " bytes; this one has ", credential.size()));
  }
  const size_t colon = credential.find(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return absl::InvalidArgumentError(
        "a digest credential is \"user:password\" with a user that is not "
        "empty");
  }
  if (credential.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "a digest credential holds no null character");
  }
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(credential.data(), credential.size(), sum, &size, EVP_sha1(),
                 nullptr) != 1) {
    return absl::InternalError("the system's libcrypto refuses SHA-1");
  }
  return absl::StrCat(credential.substr(0, colon), ":",
                      absl::Base64Escape(absl::string_view(
                          reinterpret_cast<const char*>(sum), size)));
}

}  // namespace quorate
