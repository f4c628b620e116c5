// MQTT.js against a broker: MIDGE_PORT says where, MIDGE_MQTT_VERSION is 4 (3.1.1) or 5,
// MIDGE_LACKS_ROOM is 1 when it has none for bursts and large payloads, and MIDGE_NODE_MODULES holds
// the package. Ends with 0 when every test passed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import net from 'node:net';
import { test as nodeTest } from 'node:test';

const { MqttClient } = createRequire(`${process.env.MIDGE_NODE_MODULES}/`)('mqtt');
const port = Number(process.env.MIDGE_PORT);
const protocolVersion = Number(process.env.MIDGE_MQTT_VERSION);
const lacksRoom = process.env.MIDGE_LACKS_ROOM === '1';
const isV5 = protocolVersion === 5;
const patience = 20_000;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(condition, what) {
  const end = Date.now() + patience;
  while (!condition()) {
    assert.ok(Date.now() < end, what);
    await wait(5);
  }
}

// What a test leaves open is closed, so that a failed one cannot keep the process from ending.
const open = new Set();

function test(title, body, { since = 4, needsRoom = false } = {}) {
  nodeTest(title, { skip: protocolVersion < since || (needsRoom && lacksRoom) }, async () => {
    try {
      await body();
    } finally {
      for (const client of open) client.end(true);
      open.clear();
    }
  });
}

// A connected client. `inbox` holds what it received, from the very first message on.
async function connect(clientId, options = {}) {
  const client = new MqttClient(() => net.connect(port, '127.0.0.1'),
    { clientId, protocolVersion, clean: true, reconnectPeriod: 0, ...options });
  open.add(client);
  client.inbox = [];
  client.on('message', (topic, payload, packet) =>
    client.inbox.push({ topic, payload, text: payload.toString(), packet }));
  client.on('error', () => {});  // told by what does not happen then
  client.on('connect', (connack) => { client.connack = connack; });
  await until(() => client.connack, 'CONNECT was not accepted');
  return client;
}

async function next(client) {
  await until(() => client.inbox.length > 0, 'no message came');
  return client.inbox.shift();
}

async function silent(client) {
  await wait(300);
  assert.equal(client.inbox.length, 0);
}

async function close(...clients) {
  for (const client of clients) await client.endAsync();
}

const kept = isV5 ? { clean: false, properties: { sessionExpiryInterval: 600 } } : { clean: false };

test('every QoS arrives with the lower of its own and the subscribed QoS', async () => {
  const client = await connect('qos');
  for (const granted of [0, 1, 2]) {
    const [grant] = await client.subscribeAsync('v1/user/+', { qos: granted });
    assert.equal(grant.qos, granted);
    for (const sent of [0, 1, 2]) {
      await client.publishAsync('v1/user/signedup', `q${sent}`, { qos: sent });
      const { topic, text, packet } = await next(client);
      assert.deepEqual([topic, text, packet.qos, packet.retain],
        ['v1/user/signedup', `q${sent}`, Math.min(sent, granted), false]);
    }
  }
  await close(client);
});

test('a stream of 300 messages arrives in order at every QoS', async () => {
  const client = await connect('stream');
  await client.subscribeAsync('stream', { qos: 2 });
  for (const qos of [0, 1, 2]) {
    const sent = Array.from({ length: 300 }, (_, i) => String(i));
    await Promise.all(sent.map((text) => client.publishAsync('stream', text, { qos })));
    const arrived = [];
    while (arrived.length < sent.length) arrived.push((await next(client)).text);
    assert.deepEqual(arrived, sent);
  }
  await silent(client);
  await close(client);
}, { needsRoom: true });

test('a retained message is kept, replayed and removed', async () => {
  const client = await connect('retained');
  await client.publishAsync('state/door', 'open', { qos: 1, retain: true });
  await client.subscribeAsync('state/#', { qos: 1 });
  const { text, packet } = await next(client);
  assert.deepEqual([text, packet.retain], ['open', true]);
  await client.unsubscribeAsync('state/#');
  await client.publishAsync('state/door', '', { qos: 1, retain: true });
  await client.subscribeAsync('state/#', { qos: 1 });
  await silent(client);
  await close(client);
});

test('a will is published when the connection breaks and not after DISCONNECT', async () => {
  const watcher = await connect('watcher');
  await watcher.subscribeAsync('gone', { qos: 1 });
  const will = { topic: 'gone', payload: Buffer.from('lost'), qos: 1, retain: false };
  await close(await connect('service', { will }));
  await silent(watcher);
  const service = await connect('service', { will });
  service.stream.destroy();
  assert.equal((await next(watcher)).text, 'lost');
  await close(watcher);
});

test('a session with clean false queues while its client is away', async () => {
  const first = await connect('reader', kept);
  assert.equal(first.connack.sessionPresent, false);
  await first.subscribeAsync('queue', { qos: 1 });
  await close(first);
  const publisher = await connect('publisher');
  const sent = Array.from({ length: 12 }, (_, i) => String(i));
  for (const text of sent) await publisher.publishAsync('queue', text, { qos: 1 });
  const again = await connect('reader', kept);
  assert.equal(again.connack.sessionPresent, true);
  const arrived = [];
  while (arrived.length < sent.length) arrived.push((await next(again)).text);
  assert.deepEqual(arrived, sent);
  await silent(again);
  await close(again, publisher);
  const clean = await connect('reader');
  assert.equal(clean.connack.sessionPresent, false);
  await close(clean);
});

test('1 MiB arrives whole at every QoS', async () => {
  const client = await connect('large');
  const payload = Buffer.alloc(1024 * 1024, 0).map((_, i) => (i * 31) & 0xff);
  await client.subscribeAsync('large', { qos: 2 });
  for (const qos of [0, 1, 2]) {
    await client.publishAsync('large', payload, { qos });
    assert.ok((await next(client)).payload.equals(payload));
  }
  await close(client);
}, { needsRoom: true });

test('a shared subscription divides the messages', async () => {
  const members = [await connect('m0'), await connect('m1'), await connect('m2')];
  for (const member of members) await member.subscribeAsync('$share/workers/work/+', { qos: 1 });
  const publisher = await connect('publisher');
  for (let i = 0; i < 30; ++i) await publisher.publishAsync('work/item', String(i), { qos: 1 });
  const all = () => members.flatMap((member) => member.inbox.map(({ text }) => text));
  await until(() => all().length >= 30, 'some messages did not come');
  await wait(100);
  assert.deepEqual(all().map(Number).sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i));
  for (const member of members) assert.ok(member.inbox.length > 0);
  await close(...members, publisher);
});

test('properties arrive as they were sent', async () => {
  const client = await connect('properties');
  await client.subscribeAsync('event', { qos: 1, properties: { subscriptionIdentifier: 42 } });
  await client.publishAsync('event', '{}', {
    qos: 1,
    properties: {
      payloadFormatIndicator: true,
      messageExpiryInterval: 100,
      contentType: 'application/json',
      responseTopic: 'reply/here',
      correlationData: Buffer.from([0, 1, 255]),
      userProperties: { key: ['b', 'a'], other: 'c' },
    },
  });
  const { properties } = (await next(client)).packet;
  assert.equal(properties.payloadFormatIndicator, true);
  assert.ok(properties.messageExpiryInterval <= 100 && properties.messageExpiryInterval >= 90);
  assert.equal(properties.contentType, 'application/json');
  assert.equal(properties.responseTopic, 'reply/here');
  assert.deepEqual([...properties.correlationData], [0, 1, 255]);
  assert.deepEqual(properties.userProperties.key, ['b', 'a']);
  assert.equal(properties.userProperties.other, 'c');
  assert.equal(properties.subscriptionIdentifier, 42);
  await close(client);
}, { since: 5 });

test('a request finds its way back', async () => {
  const service = await connect('service');
  const asking = await connect('asking');
  await service.subscribeAsync('price/ask', { qos: 1 });
  await asking.subscribeAsync('price/answer', { qos: 1 });
  service.on('message', (_, payload, { properties }) =>
    service.publish(properties.responseTopic, `${payload}: three`,
      { qos: 1, properties: { correlationData: properties.correlationData } }));
  await asking.publishAsync('price/ask', 'apples', {
    qos: 1,
    properties: { responseTopic: 'price/answer', correlationData: Buffer.from('c-1') },
  });
  const { text, packet } = await next(asking);
  assert.deepEqual([text, packet.properties.correlationData.toString()], ['apples: three', 'c-1']);
  await close(service, asking);
}, { since: 5 });

test('topic aliases work in both directions', async () => {
  const client = await connect('aliases',
    { properties: { topicAliasMaximum: 5 }, autoAssignTopicAlias: true, autoUseTopicAlias: true });
  assert.ok(client.connack.properties.topicAliasMaximum > 0);
  await client.subscribeAsync('a/long/+/name', { qos: 1 });
  for (let i = 0; i < 40; ++i) {
    const topic = `a/long/topic${i % 15}/name`;
    await client.publishAsync(topic, String(i), { qos: i % 2 });
    const arrived = await next(client);
    assert.deepEqual([arrived.topic, arrived.text], [topic, String(i)]);
  }
  await close(client);
}, { since: 5 });

test('No Local and Retain As Published hold', async () => {
  const client = await connect('local');
  const other = await connect('other');
  await client.subscribeAsync('chat', { qos: 1, nl: true, rap: true });
  await client.publishAsync('chat', 'mine', { qos: 1 });
  await other.publishAsync('chat', 'theirs', { qos: 1, retain: true });
  const { text, packet } = await next(client);
  assert.deepEqual([text, packet.retain], ['theirs', true]);
  await silent(client);
  await other.publishAsync('chat', '', { qos: 1, retain: true });
  await close(client, other);
}, { since: 5 });

test('a client that is taken over is told 0x8E', async () => {
  const first = await connect('same');
  let reasonCode;
  first.on('disconnect', (packet) => { reasonCode = packet.reasonCode; });
  const second = await connect('same');
  await until(() => reasonCode === 0x8e, 'no DISCONNECT with 0x8E');
  await close(second);
}, { since: 5 });
