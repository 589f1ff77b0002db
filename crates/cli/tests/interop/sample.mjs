// The vendor's reference sample, point by point (docs/protocol.md, section H), on MQTT.js.
// Usage: node sample.mjs CONFIG.json; the authority of a test's server comes in by NODE_EXTRA_CA_CERTS.
import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'

const TEXT = 1

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { connection, topic } = config

const claims = JSON.parse(Buffer.from(connection.token.split('.')[1], 'base64url').toString('utf8'))
const { sub, tenant_id, chat_id, type, device_id, roles } = claims
console.log('claims', JSON.stringify({ sub, tenant_id, chat_id, type, device_id, roles }))

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
  rejectUnauthorized: true,
  username: `?${query}`,
  clientId: connection.client_id ?? connection.clientId,
  reconnectPeriod: 1000,
})

let publishing
client.on('connect', () => {
  console.log('connected')
  client.subscribe(topic.sub, { qos: 0 }, (error) => {
    if (error) console.error('subscribe failed:', error.message)
  })
  let count = 0
  clearInterval(publishing)
  publishing = setInterval(() => {
    const message = {
      user: { custom_name: 'user1' },
      type: TEXT,
      text_message: { text: `[${count++}]` },
      sent_at: new Date().toISOString(),
    }
    client.publish(topic.pub, JSON.stringify(message), { qos: 1 }, (error) => {
      if (error) console.error('publish failed:', error.message)
    })
  }, 1000)
})

client.on('message', (_topic, payload) => {
  const messages = JSON.parse(payload.toString('utf8'))
  for (const message of messages) {
    console.log(`[${message.received_at}] @${message.user.custom_name}: ${message.text_message?.text}`)
  }
})

client.on('error', (error) => console.error('error:', error.message))
client.on('close', () => console.error('closed'))
client.on('reconnect', () => console.error('reconnecting'))
