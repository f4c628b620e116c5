#include "tests/interop/metronome.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "tests/interop/process.hpp"

namespace midge::interop {

namespace {

constexpr auto kBeat = 5ms;

}  // namespace

Metronome::Metronome() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 1) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    close(listener_);
    throw std::runtime_error("no listener for the metronome");
  }
  server_ = std::thread([this] { serve(); });
  client_ = std::make_unique<mqtt::async_client>(
      "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), "metronome", nullptr);
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_keep_alive_interval(0);
  client_->connect(options)->wait();
}

Metronome::~Metronome() {
  stop_ = true;
  server_.join();
  close(listener_);
}

void Metronome::serve() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  std::array<char, 256> connect_packet{};
  bool alive = recv(client, connect_packet.data(), connect_packet.size(), 0) > 0;
  constexpr std::array<unsigned char, 4> kConnack = {0x20, 0x02, 0x00, 0x00};
  alive = alive && send(client, kConnack.data(), kConnack.size(), MSG_NOSIGNAL) > 0;
  while (alive && !stop_) {
    sleep_for(kBeat);
    constexpr std::array<unsigned char, 2> kPingresp = {0xd0, 0x00};
    alive = send(client, kPingresp.data(), kPingresp.size(), MSG_NOSIGNAL) > 0;
  }
  close(client);
}

}  // namespace midge::interop
