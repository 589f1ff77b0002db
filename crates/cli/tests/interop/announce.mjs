// Publishes one payload by MQTT.js, as a chat service of the vendor's may do it.
// Usage: node announce.mjs URL TOPIC PAYLOAD
import mqtt from 'mqtt'

const [url, topic, payload] = process.argv.slice(2)
const client = await mqtt.connectAsync(url, { protocolVersion: 5 })
await client.publishAsync(topic, payload, { qos: 1 })
await client.endAsync()
