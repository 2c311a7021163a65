#include "coord/storage/file_system.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {

absl::StatusOr<std::string> ReadExactly(const File& file,
                                        absl::string_view path, uint64_t offset,
                                        size_t size) {
  std::string bytes(size, '\0');
  const absl::StatusOr<size_t> read =
      file.Read(offset, absl::MakeSpan(bytes.data(), bytes.size()));
  if (!read.ok()) return read.status();
  if (*read < size) {
    return DamagedError(path, offset + *read,
                        absl::StrCat("the file ends here; expected ",
                                     offset + size, " bytes or more"));
  }
  return bytes;
}

}  // namespace quorate::storage
