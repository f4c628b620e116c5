#include "platform/linux/address_text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "broker/base/text.hpp"

namespace midge::platform {

AddressText::AddressText(const sockaddr* address) {
  TextWriter out(text_.data(), text_.size());
  char host[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    out.add(std::string_view(host)).add(":").add(ntohs(v4.sin_port));
  } else if (address->sa_family == AF_INET6) {
    const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    out.add("[").add(std::string_view(host)).add("]:").add(ntohs(v6.sin6_port));
  } else {
    out.add("unix");
  }
  size_ = out.view().size();
}

}  // namespace midge::platform
