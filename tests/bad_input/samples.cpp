#include "tests/bad_input/samples.hpp"

namespace midge::test::bad_input {
namespace {

constexpr unsigned k31 = 1;
constexpr unsigned k311 = 2;
constexpr unsigned k5 = 4;
constexpr unsigned kOld = k31 | k311;
constexpr unsigned kAll = kOld | k5;

struct Row {
  std::string_view name;
  unsigned versions;
  Scene scene;
  std::string_view fields;
};

constexpr Row kConnects[] = {
    {"the smallest CONNECT", k31, Scene::Fresh,
     "first:10 length:0f size:0006 protocol:4d5149736470 level:03 flags:02 keep-alive:0000 "
     "size:0001 text:63"},
    {"the smallest CONNECT", k311, Scene::Fresh,
     "first:10 length:0c size:0004 protocol:4d515454 level:04 flags:02 keep-alive:0000 size:0000"},
    {"the smallest CONNECT", k5, Scene::Fresh,
     "first:10 length:0d size:0004 protocol:4d515454 level:05 flags:00 keep-alive:ffff section:00 "
     "size:0000"},
    {"a CONNECT with everything", k31, Scene::Fresh,
     "first:10 length:20 size:0006 protocol:4d5149736470 level:03 flags:ee keep-alive:003c "
     "size:0002 text:6331 size:0001 topic:77 size:0003 data:627965 size:0003 text:616461 "
     "size:0001 data:70"},
    {"a CONNECT with everything", k311, Scene::Fresh,
     "first:10 length:1e size:0004 protocol:4d515454 level:04 flags:f6 keep-alive:003c "
     "size:0002 text:6331 size:0001 topic:77 size:0003 data:627965 size:0003 text:616461 "
     "size:0001 data:70"},
    {"a CONNECT with everything, and so with a method", k5, Scene::Fresh,
     "first:10 length:5f size:0004 protocol:4d515454 level:05 flags:ce keep-alive:003c "
     "section:24 property:11 number:0000000a property:22 number:000a property:15 size:0001 text:6d "
     "property:16 size:0002 data:00ff property:27 positive:00000100 property:21 positive:0014 "
     "property:17 flag:00 property:19 flag:01 property:26 size:0001 text:61 size:0001 text:62 "
     "size:0002 text:6331 "
     "section:1d property:01 flag:01 property:02 number:0000003c property:03 size:0001 text:74 "
     "property:08 size:0001 topic:72 property:09 size:0001 data:fe property:18 number:00000005 "
     "property:26 size:0000 size:0000 "
     "size:0001 topic:77 size:0003 data:00ff80 size:0001 text:75 size:0001 data:70"},
    {"a CONNECT with everything but a method", k5, Scene::Fresh,
     "first:10 length:47 size:0004 protocol:4d515454 level:05 flags:ee keep-alive:003c "
     "section:14 property:11 number:0000000a property:22 number:000a property:27 positive:00000100 "
     "property:21 positive:0014 property:17 flag:00 property:19 flag:01 "
     "size:0002 text:6331 "
     "section:15 property:01 flag:01 property:02 number:0000003c property:08 size:0001 topic:72 "
     "property:18 number:00000005 property:26 size:0000 size:0000 "
     "size:0001 topic:77 size:0003 data:00ff80 size:0001 text:75 size:0001 data:70"},
    {"a CONNECT of a bridge", k31, Scene::Fresh,
     "first:10 length:0f size:0006 protocol:4d5149736470 level:83 flags:02 keep-alive:0000 "
     "size:0001 text:63"},
    {"a CONNECT of a bridge", k311, Scene::Fresh,
     "first:10 length:0d size:0004 protocol:4d515454 level:84 flags:02 keep-alive:0000 "
     "size:0001 text:63"},
    {"a CONNECT with a password alone", k5, Scene::Fresh,
     "first:10 length:10 size:0004 protocol:4d515454 level:05 flags:40 keep-alive:0000 section:00 "
     "size:0000 size:0001 data:70"},
    {"a CONNECT without the user name that it announces", k31, Scene::Fresh,
     "first:10 length:0f size:0006 protocol:4d5149736470 level:03 flags:c2 keep-alive:0000 "
     "size:0001 text:63"},
    {"a CONNECT whose will is the broker's topic", k311, Scene::Fresh,
     "first:10 length:17 size:0004 protocol:4d515454 level:04 flags:06 keep-alive:003c "
     "size:0001 text:63 size:0006 topic:245359532f61 size:0000"},
    {"a CONNECT whose will has too many levels", k5, Scene::Fresh,
     "first:10 length:1c size:0004 protocol:4d515454 level:05 flags:0e keep-alive:003c section:00 "
     "size:0001 text:63 section:00 size:0009 topic:612f622f632f642f65 size:0000"},
    {"a second CONNECT", k31, Scene::Connected,
     "first:10 length:0f unjudged:00064d514973647003020000000163"},
    {"a second CONNECT", k311 | k5, Scene::Connected,
     "first:10 length:0d unjudged:00044d51545404020000000163"},
};

constexpr Row kPublishes[] = {
    {"a PUBLISH", kOld, Scene::Connected, "first:30 length:04 size:0001 topic:61 payload:78"},
    {"a PUBLISH", k5, Scene::Connected,
     "first:30 length:05 size:0001 topic:61 section:00 payload:78"},
    {"a PUBLISH with QoS 1", kOld, Scene::Connected,
     "first:32 length:06 size:0001 topic:61 id:0007 payload:78"},
    {"a retained PUBLISH with QoS 1", k5, Scene::Connected,
     "first:33 length:07 size:0001 topic:61 id:0007 section:00 payload:78"},
    {"a PUBLISH with QoS 2 and DUP", kOld, Scene::Connected,
     "first:3c length:06 size:0001 topic:61 id:0007 payload:78"},
    {"a retained PUBLISH with QoS 2 and DUP", k5, Scene::Connected,
     "first:3d length:07 size:0001 topic:61 id:0007 section:00 payload:78"},
    {"a PUBLISH with everything, and so with Subscription Identifiers", k5, Scene::Connected,
     "first:3d length:2f size:0003 topic:612f62 id:1234 "
     "section:24 property:01 flag:01 property:02 number:0000003c property:03 size:0001 text:74 "
     "property:08 size:0001 topic:72 property:09 size:0002 data:00ff property:0b subscription:07 "
     "property:0b subscription:8001 property:23 alias:0005 property:26 size:0001 text:6e size:0002 "
     "text:7677 payload:686921"},
    {"a PUBLISH with everything that a client may send", k5, Scene::Connected,
     "first:3d length:2a size:0003 topic:612f62 id:1234 "
     "section:1f property:01 flag:01 property:02 number:0000003c property:03 size:0001 text:74 "
     "property:08 size:0001 topic:72 property:09 size:0002 data:00ff property:23 alias:0005 "
     "property:26 size:0001 text:6e size:0002 text:7677 payload:686921"},
    {"a PUBLISH with characters of 2, 3 and 4 bytes", kOld, Scene::Connected,
     "first:32 length:0e size:0009 topic:c3a9e282acf09f9880 id:0007 payload:78"},
    {"a PUBLISH with characters of 2, 3 and 4 bytes", k5, Scene::Connected,
     "first:32 length:0f size:0009 topic:c3a9e282acf09f9880 id:0007 section:00 payload:78"},
    {"a PUBLISH with the edges of UTF-8", kOld, Scene::Connected,
     "first:30 length:14 size:0011 topic:c280dfbfe0a080ed9fbfee8080f48fbfbd payload:78"},
    {"a PUBLISH to the broker's topic", kOld, Scene::Connected,
     "first:32 length:0b size:0006 topic:245359532f61 id:0007 payload:78"},
    {"a PUBLISH to the broker's topic", k5, Scene::Connected,
     "first:32 length:0c size:0006 topic:245359532f61 id:0007 section:00 payload:78"},
    {"a PUBLISH with too many levels", k311, Scene::Connected,
     "first:34 length:0e size:0009 topic:612f622f632f642f65 id:0007 payload:78"},
    {"a PUBLISH with too many levels", k5, Scene::Connected,
     "first:34 length:0f size:0009 topic:612f622f632f642f65 id:0007 section:00 payload:78"},
    {"a PUBLISH whose identifier is open", kOld, Scene::Deliveries,
     "first:34 length:06 size:0001 topic:61 id:0007 payload:78"},
    {"a PUBLISH whose identifier is open", k5, Scene::Deliveries,
     "first:34 length:07 size:0001 topic:61 id:0007 section:00 payload:78"},
};

constexpr Row kAcknowledgements[] = {
    {"a PUBACK", kAll, Scene::Deliveries, "first:40 length:02 id:0001"},
    {"a PUBREC", kAll, Scene::Deliveries, "first:50 length:02 id:0002"},
    {"a PUBREL", kAll, Scene::Deliveries, "first:62 length:02 id:0007"},
    {"a PUBCOMP", kAll, Scene::Deliveries, "first:70 length:02 id:0003"},
    {"a PUBACK with a reason", k5, Scene::Deliveries, "first:40 length:03 id:0001 reason:87"},
    {"a PUBREC with a reason", k5, Scene::Deliveries, "first:50 length:03 id:0002 reason:97"},
    {"a PUBREL with a reason", k5, Scene::Deliveries, "first:62 length:03 id:0007 reason:92"},
    {"a PUBCOMP with a reason", k5, Scene::Deliveries, "first:70 length:03 id:0003 reason:92"},
    {"a PUBACK with everything", k5, Scene::Deliveries,
     "first:40 length:0f id:0001 reason:87 section:0b property:1f size:0001 text:72 property:26 "
     "size:0001 text:6e size:0001 text:76"},
    {"a PUBREC with everything", k5, Scene::Deliveries,
     "first:50 length:0f id:0002 reason:00 section:0b property:1f size:0001 text:72 property:26 "
     "size:0001 text:6e size:0001 text:76"},
    {"a PUBREL with properties", k5, Scene::Deliveries,
     "first:62 length:08 id:0007 reason:00 section:04 property:1f size:0001 text:72"},
    {"a PUBCOMP with properties", k5, Scene::Deliveries,
     "first:70 length:08 id:0003 reason:00 section:04 property:1f size:0001 text:72"},
    {"an unknown PUBACK", kAll, Scene::Connected, "first:40 length:02 id:1234"},
    {"an unknown PUBREC", kAll, Scene::Connected, "first:50 length:02 id:1234"},
    {"an unknown PUBREL", kAll, Scene::Connected, "first:62 length:02 id:1234"},
    {"an unknown PUBCOMP", kAll, Scene::Connected, "first:70 length:02 id:1234"},
};

constexpr Row kSubscribes[] = {
    {"a SUBSCRIBE", kOld, Scene::Connected,
     "first:82 length:0c id:1234 size:0003 filter:612f23 options:02 size:0001 filter:62 "
     "options:00"},
    {"a SUBSCRIBE with everything", k5, Scene::Connected,
     "first:82 length:17 id:1234 section:0a property:0b subscription:8001 property:26 size:0001 "
     "text:6e size:0001 text:76 size:0003 filter:612f23 options:2e size:0001 filter:62 "
     "options:11"},
    {"a SUBSCRIBE with a small Subscription Identifier", k5, Scene::Connected,
     "first:82 length:09 id:1234 section:02 property:0b subscription:07 size:0001 filter:62 "
     "options:00"},
    {"a SUBSCRIBE to a shared group", k311, Scene::Connected,
     "first:82 length:0f id:1234 size:000a filter:2473686172652f672f2b options:01"},
    {"a SUBSCRIBE to a shared group", k5, Scene::Connected,
     "first:82 length:10 id:1234 section:00 size:000a filter:2473686172652f672f2b options:01"},
    {"a SUBSCRIBE with too many levels", kOld, Scene::Connected,
     "first:82 length:0e id:1234 size:0009 filter:612f622f632f642f65 options:01"},
    {"a SUBSCRIBE with too many levels", k5, Scene::Connected,
     "first:82 length:0f id:1234 section:00 size:0009 filter:612f622f632f642f65 options:01"},
    {"an UNSUBSCRIBE", kOld, Scene::Connected,
     "first:a2 length:0a id:1234 size:0003 filter:612f23 size:0001 filter:62"},
    {"an UNSUBSCRIBE with everything", k5, Scene::Connected,
     "first:a2 length:12 id:1234 section:07 property:26 size:0001 text:6e size:0001 text:76 "
     "size:0003 filter:612f23 size:0001 filter:62"},
    {"an UNSUBSCRIBE from what there is", k5, Scene::Deliveries,
     "first:a2 length:09 id:1234 section:00 size:0004 filter:696e2f23"},
};

constexpr Row kOthers[] = {
    {"a PINGREQ", kAll, Scene::Connected, "first:c0 length:00"},
    {"a DISCONNECT", kAll, Scene::Connected, "first:e0 length:00"},
    {"a DISCONNECT with will", k5, Scene::Connected, "first:e0 length:01 reason:04"},
    {"a DISCONNECT with a new expiry", k5, Scene::Lasting,
     "first:e0 length:07 reason:00 section:05 property:11 number:0000000a"},
    {"a DISCONNECT with an expiry that can't be", k5, Scene::Connected,
     "first:e0 length:07 reason:00 section:05 property:11 number:0000000a"},
    {"a DISCONNECT with everything", k5, Scene::Lasting,
     "first:e0 length:16 reason:9d section:14 property:11 number:0000000a property:1c size:0001 "
     "text:73 property:1f size:0001 text:72 property:26 size:0001 text:6e size:0001 text:76"},
    {"an AUTH", k5, Scene::Connected, "first:f0 length:00"},
    {"an AUTH for another exchange", k5, Scene::Connected,
     "first:f0 length:02 reason:19 section:00"},
    {"an AUTH with everything", k5, Scene::Connected,
     "first:f0 length:16 reason:18 section:14 property:15 size:0001 text:6d property:16 size:0002 "
     "data:00ff property:1f size:0001 text:72 property:26 size:0001 text:6e size:0001 text:76"},
    {"a CONNACK", kOld, Scene::Connected, "first:20 length:02 unjudged:0100"},
    {"a CONNACK", k5, Scene::Connected,
     "first:20 length:12 unjudged:01000f22000a27001e84802100141f000172"},
    {"a SUBACK", kOld, Scene::Connected, "first:90 length:06 unjudged:123402800001"},
    {"a SUBACK", k5, Scene::Connected,
     "first:90 length:13 unjudged:12340b1f0001722600016e00017602008701a2"},
    {"an UNSUBACK", kOld, Scene::Connected, "first:b0 length:02 unjudged:1234"},
    {"an UNSUBACK", k5, Scene::Connected, "first:b0 length:05 unjudged:1234001100"},
    {"a PINGRESP", kAll, Scene::Connected, "first:d0 length:00"},
};

}  // namespace

std::vector<Sample> samples(Version version) {
  const unsigned bit = version == Version::V31 ? k31 : version == Version::V311 ? k311 : k5;
  std::vector<Sample> all;
  const auto add = [&](const auto& rows) {
    for (const Row& row : rows) {
      if ((row.versions & bit) != 0) all.push_back({row.name, version, row.scene, row.fields});
    }
  };
  add(kConnects);
  add(kPublishes);
  add(kAcknowledgements);
  add(kSubscribes);
  add(kOthers);
  return all;
}

}  // namespace midge::test::bad_input
