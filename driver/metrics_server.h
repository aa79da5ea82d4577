// MetricsServer: the maps of a run as OpenMetrics, over HTTP: `spile run --listen 127.0.0.1:9435`, GET /metrics.
//
// It has a thread of its own, which asks the run for the maps and waits for what it says: maps are read between two
// events, by the thread that runs programs. One reader at a time; a slow one is left after some seconds.
#pragma once

#include <memory>
#include <string>

#include "runtime/session/session.h"
#include "support/result.h"

namespace spile::driver {

class MetricsServer final : public session::MetricsReader {
 public:
  // [address]: "127.0.0.1:9435", "[::1]:0"; port 0 is any that is free. Usage error when it is none, environment error
  // when it cannot be listened on.
  static Result<std::unique_ptr<MetricsServer>> open(const std::string &address);
  ~MetricsServer() override;
  MetricsServer(const MetricsServer &) = delete;
  MetricsServer &operator=(const MetricsServer &) = delete;

  // With the port that it has.
  std::string url() const;

  bool wants() override;
  void take(std::string metrics) override;

 private:
  class State;
  explicit MetricsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spile::driver
