// The peer in `cargo xtask bench`: MQTT.js as the vendor's sample uses it.
// Usage: node bench.mjs receive|send CONFIG.json COUNT; says "ready" once it is subscribed, ends after COUNT messages.
import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'

const [role, file, count] = [process.argv[2], process.argv[3], Number(process.argv[4])]
const { connection, topic } = JSON.parse(readFileSync(file, 'utf8'))
const query = [
  ['x-amz-customauthorizer-name', connection.authorizer],
  ['x-amz-customauthorizer-signature', connection.signature],
  ['x-token', connection.token],
]
  .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  .join('&')
const [host, port = '443'] = connection.endpoint.split(':')
const client = mqtt.connect({
  protocol: 'wss',
  host,
  port: Number(port),
  protocolVersion: 5,
  username: `?${query}`,
  clientId: connection.client_id,
})

// MQTT.js itself does not keep to the server's Receive Maximum of 100.
const WINDOW = 90
let heard = 0
let said = 0
const say = () => {
  if (said >= count) return
  const message = {
    user: { custom_name: 'bench' },
    type: 1,
    text_message: { text: `a line as people write it in a chat, ${said++}` },
    sent_at: new Date().toISOString(),
  }
  client.publish(topic.pub, JSON.stringify(message), { qos: 1 }, say)
}
client.on('connect', () => {
  client.subscribe(topic.sub, { qos: 0 }, () => {
    console.error('ready')
    for (let free = 0; role === 'send' && free < WINDOW; free++) say()
  })
})
client.on('message', (_topic, payload) => {
  for (const message of JSON.parse(payload.toString('utf8'))) {
    if (message.type !== 'INTERACTION_TYPE_TEXT') continue
    process.stdout.write(`[${message.received_at}] @${message.user.custom_name}: ${message.text_message.text}\n`)
    heard += 1
  }
  if (heard >= count) client.end(false, () => process.exit(0))
})
client.on('error', (error) => {
  console.error('error:', error.message)
  process.exit(1)
})
