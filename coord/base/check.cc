#include "coord/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace quorate {
namespace {

CheckFailureHandler failure_handler = nullptr;

}  // namespace

void SetCheckFailureHandler(CheckFailureHandler handler) {
  failure_handler = handler;
}

void CheckFailed(const char* condition, const char* file, int line) {
  if (failure_handler != nullptr) failure_handler(condition, file, line);
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace quorate
