#include "tests/interop/listening.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace midge::interop {

namespace {

std::set<std::string> socket_inodes(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code error;
  const std::filesystem::path folder = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    constexpr std::string_view kPrefix = "socket:[";
    if (target.starts_with(kPrefix))
      inodes.insert(target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1));
  }
  return inodes;
}

// "0100007F:075B": 32-bit words in host order, then the port in hexadecimal.
std::string readable(const std::string& hexadecimal, int family) {
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = family == AF_INET6 ? 4 : 1;
  for (std::size_t i = 0; i < count; ++i)
    words[i] = static_cast<std::uint32_t>(std::stoul(hexadecimal.substr(8 * i, 8), nullptr, 16));
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, words.data(), text.data(), text.size());
  const std::string port =
      std::to_string(std::stoul(hexadecimal.substr(hexadecimal.find(':') + 1), nullptr, 16));
  const std::string address = text.data();
  return (family == AF_INET6 ? "[" + address + "]" : address) + ":" + port;
}

bool can_bind(int family, std::uint16_t port) {
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return true;  // no such family on this machine, so nobody holds it
  int result = 0;
  if (family == AF_INET6) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    result = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    result = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  close(descriptor);
  return result == 0;
}

}  // namespace

std::set<std::string> listening_addresses(pid_t pid) {
  constexpr const char* kListen = "0A";  // TCP_LISTEN
  const auto ours = socket_inodes(pid);
  std::set<std::string> found;
  for (const int family : {AF_INET, AF_INET6}) {
    std::ifstream table(family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6");
    std::string line;
    std::getline(table, line);  // the heading
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      if (state == kListen && ours.contains(inode)) found.insert(readable(local, family));
    }
  }
  return found;
}

std::uint16_t free_port() {
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> ports{15000, 32000};
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto port = static_cast<std::uint16_t>(ports(random));
    if (can_bind(AF_INET, port) && can_bind(AF_INET6, port)) return port;
  }
  throw std::runtime_error("no free port");
}

}  // namespace midge::interop
