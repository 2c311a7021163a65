// Workplace: the directory below which the directories of runs are made, and
// which goes away in the end, unless it is to be kept.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_WORKPLACE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_WORKPLACE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quorate::tools {

class Workplace {
 public:
  Workplace() = default;
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  // Removes what it has made.
  ~Workplace();

  // `wanted` may be empty: any. Local: it is not empty, or cannot be made.
  absl::Status Make(const std::string& wanted, bool keep);
  // A directory for one run. Local: it cannot be made.
  absl::StatusOr<std::string> Room(const std::string& name);
  // Nothing is removed in the end.
  void Keep() { keep_ = true; }

  const std::string& path() const { return path_; }

 private:
  absl::Status MakeTemporary();

  bool keep_ = false;
  std::string path_;
  std::vector<std::string> made_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_WORKPLACE_H_
