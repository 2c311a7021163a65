#include "tools/quorate/drill/zookeeper_stage.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/drill/ports.h"
#include "tools/quorate/drill/processes.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/zookeeper_client.h"
#include "tools/quorate/drill/zookeeper_status.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr char kJar[] = "/usr/share/java/zookeeper.jar";
// So that the server's log says something; it runs without it, too.
constexpr char kLoggerJar[] = "/usr/share/java/slf4j-simple.jar";
constexpr char kMainClass[] =
    "org.apache.zookeeper.server.quorum.QuorumPeerMain";
constexpr absl::Duration kLookTimeout = absl::Seconds(3);

// Uses of a server's ports.
constexpr size_t kClients = 0;
constexpr size_t kPeers = 1;
constexpr size_t kVotes = 2;
constexpr size_t kPortUses = 3;

// ZooKeeper's clock runs four times as fast as by default; the time-outs
// counted in its ticks allow for a busy machine.
constexpr char kSettings[] =
    "tickTime=500\n"
    "initLimit=40\n"
    "syncLimit=20\n"
    "maxClientCnxns=0\n"
    "4lw.commands.whitelist=srvr\n"
    "admin.enableServer=false\n"
    "preAllocSize=1024\n";
constexpr char kDynamicSettings[] =
    "reconfigEnabled=true\n"
    "skipACL=yes\n"
    "standaloneEnabled=false\n";

absl::StatusOr<std::string> FindJava() {
  const char* path = std::getenv("PATH");
  for (const absl::string_view directory :
       absl::StrSplit(path == nullptr ? "/usr/bin" : path, ':')) {
    const std::string java = absl::StrCat(directory, "/java");
    if (access(java.c_str(), X_OK) != 0) continue;
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(java, error);
    if (!error) return real.string();
  }
  return LocalError("java is not in PATH");
}

// Debian links zookeeper-VERSION.jar to the jar.
std::string FindVersion() {
  std::error_code error;
  for (std::filesystem::directory_iterator i("/usr/share/java", error), end;
       !error && i != end; i.increment(error)) {
    const std::string name = i->path().filename().string();
    absl::string_view version = name;
    if (absl::ConsumePrefix(&version, "zookeeper-") &&
        absl::ConsumeSuffix(&version, ".jar") && !version.empty() &&
        version[0] >= '0' && version[0] <= '9') {
      return std::string(version);
    }
  }
  return "";
}

class ZooKeeperStage final : public Stage {
 public:
  ZooKeeperStage(const std::string& directory, ZooKeeperInstall install,
                 bool dynamic, Ports ports)
      : install_(std::move(install)),
        dynamic_(dynamic),
        ports_(std::move(ports)),
        processes_(directory) {}

  absl::Status Start(uint64_t id, ListOf list) override;
  absl::Status Stop(uint64_t id) override { return processes_.Stop(id); }
  std::optional<std::string> Ended(uint64_t id) override {
    return processes_.Ended(id);
  }
  std::vector<uint64_t> Running() const override { return processes_.Ids(); }
  std::string AddressOf(uint64_t id) const override {
    return absl::StrCat("127.0.0.1:", ports_.Live(id, kClients));
  }

  View Look(uint64_t id) override {
    return AskZooKeeper(id, ports_.Live(id, kClients), kLookTimeout);
  }
  absl::Status Write(uint64_t id, const std::string& path,
                     const std::string& data, absl::Duration timeout) override;
  absl::StatusOr<std::set<std::string>> Find(
      uint64_t id, const std::vector<std::string>& paths,
      absl::Duration timeout) override;

 private:
  std::string ServerLine(ListOf list, uint64_t id) const;

  const ZooKeeperInstall install_;
  const bool dynamic_;
  Ports ports_;
  Processes processes_;
};

std::string ZooKeeperStage::ServerLine(ListOf list, uint64_t id) const {
  const bool dead = list == ListOf::kSevenOldCutOff && !IsNewcomer(id);
  const auto port = [&](size_t use) {
    return dead ? ports_.Dead(id, use) : ports_.Live(id, use);
  };
  std::string line = absl::StrCat("server.", id, "=127.0.0.1:", port(kPeers),
                                  ":", port(kVotes));
  if (dynamic_) {
    absl::StrAppend(&line, ":participant;127.0.0.1:", port(kClients));
  }
  return absl::StrCat(line, "\n");
}

absl::Status ZooKeeperStage::Start(uint64_t id, ListOf list) {
  const absl::StatusOr<std::string> home = processes_.Home(id);
  if (!home.ok()) return home.status();
  const std::string data = absl::StrCat(*home, "/data");
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) {
    return LocalError(
        absl::StrCat("cannot make ", data, ": ", error.message()));
  }
  std::string settings = absl::StrCat(kSettings, "dataDir=", data, "\n");
  if (dynamic_) {
    absl::StrAppend(&settings, kDynamicSettings);
  } else {
    absl::StrAppend(&settings, "clientPortAddress=127.0.0.1\nclientPort=",
                    ports_.Live(id, kClients), "\n");
  }
  const uint64_t last = list == ListOf::kThree ? kOldMembers : kAllMembers;
  for (uint64_t other = 1; other <= last; ++other) {
    absl::StrAppend(&settings, ServerLine(list, other));
  }
  const std::string file = absl::StrCat(*home, "/zoo.cfg");
  absl::Status status = WriteFileAtomically(file, settings);
  if (status.ok()) {
    status = WriteFileAtomically(absl::StrCat(data, "/myid"),
                                 absl::StrCat(id, "\n"));
  }
  if (!status.ok()) return status;
  ports_.Release(id);
  return processes_.Start(
      id, install_.java,
      {"-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-XX:-UsePerfData", "-Dzookeeper.jmx.log4j.disable=true",
       "-Dzookeeper.fastleader.maxNotificationInterval=2000", "-cp",
       install_.class_path, kMainClass, file});
}

absl::Status ZooKeeperStage::Write(uint64_t id, const std::string& path,
                                   const std::string& data,
                                   absl::Duration timeout) {
  const absl::StatusOr<std::unique_ptr<ZooKeeperClient>> client =
      ZooKeeperClient::Connect(AddressOf(id), timeout);
  if (!client.ok()) return client.status();
  return (*client)->Create(path, data);
}

absl::StatusOr<std::set<std::string>> ZooKeeperStage::Find(
    uint64_t id, const std::vector<std::string>& paths,
    absl::Duration timeout) {
  const absl::StatusOr<std::unique_ptr<ZooKeeperClient>> client =
      ZooKeeperClient::Connect(AddressOf(id), timeout);
  if (!client.ok()) return client.status();
  return (*client)->Find(paths);
}

}  // namespace

absl::StatusOr<ZooKeeperInstall> FindZooKeeper() {
  const absl::StatusOr<std::string> java = FindJava();
  if (!java.ok() || !FileExists(kJar)) {
    return LocalError(
        absl::StrCat("--against zookeeper: ZooKeeper is not installed here (",
                     java.ok() ? absl::StrCat("there is no ", kJar)
                               : std::string(java.status().message()),
                     "); with Debian: apt-get install libzookeeper-java "
                     "default-jre-headless"));
  }
  std::string class_path = kJar;
  if (FileExists(kLoggerJar)) absl::StrAppend(&class_path, ":", kLoggerJar);
  return ZooKeeperInstall{*java, std::move(class_path), FindVersion()};
}

absl::StatusOr<std::unique_ptr<Stage>> MakeZooKeeperStage(
    const std::string& directory, const ZooKeeperInstall& install,
    bool dynamic) {
  absl::StatusOr<Ports> ports = Ports::Take(kPortUses);
  if (!ports.ok()) return ports.status();
  return std::make_unique<ZooKeeperStage>(directory, install, dynamic,
                                          *std::move(ports));
}

}  // namespace quorate::tools
