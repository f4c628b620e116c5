// set<&Settings::retain_available>: the function that puts a checked value into a member.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <type_traits>

#include "broker/config/draft.hpp"

namespace midge::config {

template <class Owner>
[[nodiscard]] Owner& owner(Draft& draft) {
  if constexpr (std::is_same_v<Owner, settings::Settings>) {
    return draft.settings;
  } else if constexpr (std::is_same_v<Owner, settings::Limits>) {
    return draft.settings.limits;
  } else if constexpr (std::is_same_v<Owner, settings::Log>) {
    return draft.settings.log;
  } else if constexpr (std::is_same_v<Owner, Access>) {
    return draft.access();
  } else {
    static_assert(std::is_same_v<Owner, settings::Listener>);
    return draft.listener();
  }
}

inline void assign(bool& target, const Value& value) {
  target = value.flag;
}
inline void assign(std::optional<bool>& target, const Value& value) {
  target = value.flag;
}
inline void assign(std::string_view& target, const Value& value) {
  target = value.text;
}
inline void assign(std::chrono::seconds& target, const Value& value) {
  target = std::chrono::seconds{value.number};
}
inline void assign(std::chrono::milliseconds& target, const Value& value) {
  target = std::chrono::milliseconds{value.number};
}
inline void assign(std::optional<std::chrono::seconds>& target, const Value& value) {
  target = std::chrono::seconds{value.number};
}
// The key's range, which the table's test compares with the member's, keeps the number whole.
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T>
void assign(T& target, const Value& value) {
  target = static_cast<T>(value.number);
}

template <class Owner, class Member>
void assign_member(Owner& object, Member Owner::*member, const Value& value) {
  assign(object.*member, value);
}

template <class Pointer>
struct OwnerOf;
template <class Owner, class Member>
struct OwnerOf<Member Owner::*> {
  using type = Owner;
};

template <auto kMember>
void set(Draft& draft, const Value& value) {
  using Owner = typename OwnerOf<decltype(kMember)>::type;
  assign_member(owner<Owner>(draft), kMember, value);
}

}  // namespace midge::config
