#include "broker/server/format.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/bootstrap.h"
#include "broker/server/directory.h"
#include "broker/server/settings.h"
#include "coord/client/session.h"
#include "coord/server/exit_code.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"

namespace quorate::broker {

using server::ExitCode;

Ended Format(const Settings& settings) {
  client::SessionOptions options;
  options.endpoints = settings.endpoints;
  options.timeout_ms = settings.session_timeout_ms;
  absl::StatusOr<std::unique_ptr<client::Session>> session =
      client::Session::Open(options);
  if (!session.ok()) {
    return {ExitCode::kStopped,
            absl::StrCat("--endpoints: no member of the ensemble answers: ",
                         session.status().message())};
  }
  if (settings.bootstrap) {
    if (absl::Status s = MakeZnodes(**session); !s.ok()) {
      return {ExitCode::kStopped, absl::StrCat("--bootstrap: ", s.message())};
    }
  }
  const std::string ensemble_id = (*session)->pin().ensemble_id;
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  if (absl::Status s =
          FormatDirectory(*files, settings.directory, settings.id, ensemble_id);
      !s.ok()) {
    return {ExitCode::kDirectory, std::string(s.message())};
  }
  std::printf("%s is the directory of broker %d of ensemble %s\n",
              settings.directory.c_str(), settings.id,
              absl::BytesToHexString(ensemble_id).c_str());
  return {};
}

}  // namespace quorate::broker
