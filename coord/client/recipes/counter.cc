#include "coord/client/recipes/counter.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "coord/client/error.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// So often somebody else may be faster. Each time one of them succeeds.
constexpr int kAttempts = 1'000;

}  // namespace

absl::StatusOr<Counter::Value> Counter::Load() {
  for (;;) {
    const absl::StatusOr<Data> data = session_.GetData(path_);
    if (data.ok()) {
      Value value;
      value.version = data->stat.version;
      if (!absl::SimpleAtoi(data->data, &value.number)) {
        return absl::DataLossError(
            absl::StrCat(path_, " should hold a decimal number; found '",
                         data->data.substr(0, 100), "'"));
      }
      return value;
    }
    if (!IsError(data.status(), "NoNode")) return data.status();
    const size_t slash = path_.rfind('/');
    if (slash != std::string::npos && slash > 0) {
      const absl::Status made = EnsurePath(session_, path_.substr(0, slash));
      if (!made.ok()) return made;
    }
    const absl::Status created =
        session_.Write(Create{.path = path_, .data = "0"}).status();
    if (!created.ok() && !IsError(created, "NodeExists")) return created;
  }
}

absl::StatusOr<bool> Counter::Store(int64_t number, int32_t version) {
  const absl::Status status =
      session_.Write(SetData{path_, absl::StrCat(number), version}).status();
  if (IsError(status, "BadVersion") || IsError(status, "NoNode")) return false;
  if (!status.ok()) return status;
  return true;
}

absl::StatusOr<int64_t> Counter::Get() {
  const absl::StatusOr<Value> value = Load();
  if (!value.ok()) return value.status();
  return value->number;
}

absl::StatusOr<int64_t> Counter::Add(int64_t delta) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::StatusOr<Value> value = Load();
    if (!value.ok()) return value.status();
    int64_t sum = 0;
    if (__builtin_add_overflow(value->number, delta, &sum)) {
      return absl::OutOfRangeError(absl::StrCat(value->number, " and ", delta,
                                                " do not fit into 64 bits"));
    }
    const absl::StatusOr<bool> stored = Store(sum, value->version);
    if (!stored.ok()) return stored.status();
    if (*stored) return sum;
  }
  return absl::AbortedError(absl::StrCat(path_, " was changed by others ",
                                         kAttempts,
                                         " times in a row; nothing was added"));
}

absl::StatusOr<bool> Counter::CompareAndSet(int64_t expected, int64_t desired) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::StatusOr<Value> value = Load();
    if (!value.ok()) return value.status();
    if (value->number != expected) return false;
    const absl::StatusOr<bool> stored = Store(desired, value->version);
    if (!stored.ok()) return stored.status();
    if (*stored) return true;
  }
  return absl::AbortedError(absl::StrCat(path_, " was changed by others ",
                                         kAttempts, " times in a row"));
}

}  // namespace quorate::client
