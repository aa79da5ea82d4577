#include "driver/metrics_server.h"

#include <fcntl.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "support/numbers.h"
#include "support/thread.h"

namespace spile::driver {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kPatience = std::chrono::seconds(5);    // with who asks
constexpr auto kRunAnswers = std::chrono::seconds(2);  // a run looks up every 50 ms, if its programs let it
constexpr auto kBetweenTries = std::chrono::milliseconds(100);
constexpr size_t kMostHeader = 8192, kMostBody = 1024;  // of a request

Result<tcp::endpoint> endpoint_of(const std::string &address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, std::min(colon, address.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string::npos ? std::nullopt : whole_number<uint16_t>(address.substr(colon + 1));
  error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (!port || error) return usage_error("--listen takes ADDRESS:PORT, as 127.0.0.1:9435, not `{}`", address);
  return tcp::endpoint(ip, *port);
}

}  // namespace

class MetricsServer::State {
 public:
  explicit State(const tcp::endpoint &endpoint) : acceptor_(context_, endpoint) {
    keep_from_command(acceptor_.native_handle());
  }
  ~State() {
    context_.stop();
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    answered_.notify_all();
    thread_.join();
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  Result<void> start() {
    accept();
    auto started = Thread::start([this] { context_.run(); });
    if (!started) return std::unexpected(started.error());
    thread_ = std::move(*started);
    return {};
  }

  bool wants() { return is_wanted_.load(std::memory_order_relaxed); }
  void take(std::string metrics) {
    {
      const std::lock_guard lock(mutex_);
      is_wanted_ = false;
      metrics_ = std::move(metrics);
    }
    answered_.notify_all();
  }

 private:
  using Request = http::request<http::string_body>;
  using Response = http::response<http::string_body>;
  struct Visit {
    explicit Visit(tcp::socket socket) : stream(std::move(socket)) {
      parser.header_limit(kMostHeader);
      parser.body_limit(kMostBody);
    }
    beast::tcp_stream stream;
    beast::flat_buffer buffer{kMostHeader + kMostBody};
    http::request_parser<http::string_body> parser;
    Response response;
  };

  // The command of -c inherits what is open.
  static void keep_from_command(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return accept_later();
      keep_from_command(socket.native_handle());
      read(std::make_shared<Visit>(std::move(socket)));
      accept();
    });
  }
  // Who waits stays in the queue while no descriptor is free, and accept() would fail at once again.
  void accept_later() {
    later_.expires_after(kBetweenTries);
    later_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }
  void read(const std::shared_ptr<Visit> &visit) {
    visit->stream.expires_after(kPatience);
    http::async_read(visit->stream, visit->buffer, visit->parser, [this, visit](error_code error, size_t) {
      if (error) return;  // no request, or none in time
      visit->response = answer(visit->parser.get());
      visit->stream.expires_after(kPatience);
      http::async_write(visit->stream, visit->response, [visit](error_code, size_t) {
        error_code ignored;
        visit->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
      });
    });
  }

  Response answer(const Request &request) {
    Response response{http::status::ok, request.version()};
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.keep_alive(false);
    if (request.method() != http::verb::get) {
      response.result(http::status::method_not_allowed);
      response.set(http::field::allow, "GET");
    } else if (request.target() != "/metrics") {
      response.result(http::status::not_found);
      response.body() = "the maps are at /metrics\n";
    } else if (auto metrics = ask()) {
      response.set(http::field::content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
      response.body() = std::move(*metrics);
    } else {
      response.result(http::status::service_unavailable);
    }
    response.prepare_payload();
    return response;
  }

  std::optional<std::string> ask() {
    std::unique_lock lock(mutex_);
    metrics_.reset();
    is_wanted_ = true;
    answered_.wait_for(lock, kRunAnswers, [this] { return metrics_ || is_ending_; });
    is_wanted_ = false;
    return std::exchange(metrics_, std::nullopt);
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer later_{context_};
  Thread thread_;
  std::atomic<bool> is_wanted_ = false;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<std::string> metrics_;  // under mutex_
  bool is_ending_ = false;              // likewise
};

MetricsServer::MetricsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricsServer::~MetricsServer() = default;

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(const std::string &address) {
  const auto endpoint = endpoint_of(address);
  if (!endpoint) return std::unexpected(endpoint.error());
  try {
    auto state = std::make_unique<State>(*endpoint);
    if (auto started = state->start(); !started) {
      Error error = std::move(started).error();
      error.message = fmt::format("cannot listen on {}: {}", address, error.message);
      return std::unexpected(std::move(error));
    }
    return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(state)));
  } catch (const boost::system::system_error &error) {
    return os_error(error.code().value(), fmt::format("cannot listen on {}", address));
  }
}

std::string MetricsServer::url() const {
  const tcp::endpoint endpoint = state_->endpoint();
  const std::string host = endpoint.address().to_string();
  return fmt::format("http://{}:{}/metrics", endpoint.address().is_v6() ? "[" + host + "]" : host, endpoint.port());
}

bool MetricsServer::wants() { return state_->wants(); }
void MetricsServer::take(std::string metrics) { state_->take(std::move(metrics)); }

}  // namespace spile::driver
