// ProvisionReport: tells a user what Provision() does.
//
// On a terminal one live line tells what is waited for, and for how long yet;
// a line on standard error stays for each change that was made. With --json
// each of these is an object on standard output.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_REPORT_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_REPORT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/console.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {

class ProvisionReport : public ProvisionListener {
 public:
  // `console` must outlive it.
  explicit ProvisionReport(const Console& console);

  void OnChange(const std::string& what,
                std::optional<int64_t> left_ms) override;
  void OnDone(const std::string& what,
              const coord::v1::MembersResponse& members) override;
  void OnWait(const Standstill& standstill) override;

  // The ensemble is as declared. Prints the last line.
  void Finish(const coord::v1::MembersResponse& members);
  // Nothing is waited for any more; to be called before anything else is
  // printed.
  void Quiet() { progress_.reset(); }

 private:
  void Show(std::string text, std::optional<int64_t> left_ms);

  const Console& console_;
  const absl::Time started_;
  int changes_ = 0;
  std::optional<int64_t> left_ms_;  // as last estimated
  std::unique_ptr<Progress> progress_;
};

// The steps as a table, or as one object with --json.
void PrintForecast(const Console& console, const Forecast& forecast);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_REPORT_H_
