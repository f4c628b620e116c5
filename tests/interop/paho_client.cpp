#include "tests/interop/paho_client.hpp"

#include <stdexcept>

#include "tests/interop/metronome.hpp"

namespace midge::interop {

namespace {

constexpr int kFirstError = 0x80;

// Waits for the answer and returns its reason code. Throws for errors.
int wait(const mqtt::token_ptr& token, const char* what) {
  try {
    if (!token->wait_for(std::chrono::duration_cast<std::chrono::milliseconds>(kPatience)))
      throw std::runtime_error(std::string("no answer to ") + what);
    return token->get_reason_code();
  } catch (const mqtt::exception& refused) {
    // Paho C++ 1.2 throws for every code above 2, also for "no matching subscribers" (0x10).
    if (refused.get_return_code() != 0 || refused.get_reason_code() >= kFirstError) throw;
    return refused.get_reason_code();
  }
}

mqtt::create_options roomy_options(Level level) {
  return mqtt::create_options_builder()
      .mqtt_version(level)
      .max_buffered_messages(10'000)
      .finalize();
}

template <typename Response>
std::vector<int> as_numbers(const Response& response) {
  std::vector<int> numbers;
  for (const mqtt::ReasonCode code : response.get_reason_codes()) numbers.push_back(code);
  return numbers;
}

mqtt::connect_options options_of(Level level) {
  mqtt::connect_options options;
  options.set_mqtt_version(level);
  options.set_keep_alive_interval(60);
  options.set_connect_timeout(std::chrono::duration_cast<std::chrono::seconds>(kPatience));
  options.set_max_inflight(200);
  return options;
}

}  // namespace

std::string name_of(Level level) {
  if (level == MQTTVERSION_3_1) return "3.1";
  return level == MQTTVERSION_5 ? "5.0" : "3.1.1";
}

mqtt::connect_options clean_options(Level level) {
  auto options = options_of(level);
  // Setting clean_session as well would turn the connection back to 3.1.1 (paho.mqtt.cpp#408).
  if (level == MQTTVERSION_5) {
    options.set_clean_start(true);
  } else {
    options.set_clean_session(true);
  }
  return options;
}

mqtt::connect_options kept_options(Level level, int expiry_seconds) {
  auto options = options_of(level);
  if (level != MQTTVERSION_5) {
    options.set_clean_session(false);
    return options;
  }
  options.set_clean_start(false);
  return with(options, {{Property::SESSION_EXPIRY_INTERVAL, expiry_seconds}});
}

mqtt::connect_options with(mqtt::connect_options options, std::vector<Property> properties) {
  mqtt::properties all = options.get_properties();
  for (const Property& property : properties) all.add(property);
  options.set_properties(all);
  return options;
}

mqtt::message_ptr message(const std::string& topic, const std::string& payload, int qos,
                          bool retained, const mqtt::properties& properties) {
  return mqtt::message::create(topic, payload, qos, retained, properties);
}

PahoClient::PahoClient(const std::string& uri, Level level, const std::string& client_id)
    : level_(level), client_(uri, client_id, roomy_options(level), nullptr) {
  static Metronome metronome;
  client_.set_message_callback([this](mqtt::const_message_ptr arrived) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(arrived));
    changed_.notify_all();
  });
  client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
    const std::lock_guard lock(mutex_);
    disconnect_reason_ = static_cast<int>(reason);
    changed_.notify_all();
  });
}

PahoClient::~PahoClient() {
  try {
    if (client_.is_connected()) disconnect();
  } catch (const std::exception&) {
    // The broker may be gone already; the test has judged that.
  }
  client_.disable_callbacks();
}

mqtt::connect_response PahoClient::connect(mqtt::connect_options options) {
  // Copied or moved connect_options of Paho C++ 1.2 still point at the properties of the original.
  if (!options.get_properties().empty())
    options.set_properties(mqtt::properties(options.get_properties()));
  if (!options.get_will_topic().empty())
    options.set_will(mqtt::will_options(options.get_will_options()));
  const auto token = client_.connect(options);
  wait(token, "CONNECT");
  return token->get_connect_response();
}

void PahoClient::disconnect() {
  wait(client_.disconnect(1s), "DISCONNECT");
}

std::vector<int> PahoClient::subscribe(const std::string& filter, int qos,
                                       const mqtt::subscribe_options& options,
                                       const mqtt::properties& properties) {
  const auto token = client_.subscribe(filter, qos, options, properties);
  wait(token, "SUBSCRIBE");
  return as_numbers(token->get_subscribe_response());
}

int PahoClient::unsubscribe(const std::string& filter) {
  return wait(client_.unsubscribe(filter), "UNSUBSCRIBE");
}

int PahoClient::publish(const std::string& topic, const std::string& payload, int qos,
                        bool retained, const mqtt::properties& properties) {
  return publish(message(topic, payload, qos, retained, properties));
}

int PahoClient::publish(const mqtt::message_ptr& message) {
  return wait(client_.publish(message), "PUBLISH");
}

mqtt::const_message_ptr PahoClient::next(Clock::duration limit) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, limit, [&] { return !messages_.empty(); })) return nullptr;
  auto first = messages_.front();
  messages_.pop_front();
  return first;
}

std::vector<std::string> PahoClient::next_payloads(std::size_t count) {
  std::vector<std::string> payloads;
  while (payloads.size() < count) {
    const auto arrived = next();
    if (!arrived) break;
    payloads.push_back(arrived->to_string());
  }
  return payloads;
}

bool PahoClient::silent() {
  return next(300ms) == nullptr;
}

std::size_t PahoClient::received_count() {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

std::optional<int> PahoClient::disconnect_reason(Clock::duration limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return disconnect_reason_.has_value(); });
  return disconnect_reason_;
}

bool PahoClient::lost(Clock::duration limit) {
  return eventually([&] { return !client_.is_connected(); }, limit);
}

}  // namespace midge::interop
