"""The vendor's reference sample, point by point (docs/protocol.md, section H), on paho-mqtt.

Usage: python3 sample.py CONFIG.json CA.pem
"""

import base64
import json
import sys
import threading
from datetime import datetime, timezone
from urllib.parse import quote

import paho.mqtt.client as mqtt

TEXT = 1


def say(*words, to=sys.stdout):
    print(*words, file=to, flush=True)


def decoded(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def publish_for_ever(client, topic):
    for count in range(10**9):
        if stopped.wait(1.0):
            return
        message = {
            "user": {"custom_name": "user1"},
            "type": TEXT,
            "text_message": {"text": f"[{count}]"},
            "sent_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        client.publish(topic, json.dumps(message), qos=1)


def on_connect(client, _userdata, _flags, reason, _properties):
    if reason.is_failure:
        say("error:", reason, to=sys.stderr)
        return
    say("connected")
    client.subscribe(config["topic"]["sub"], qos=0)
    if not publishing.is_alive():
        publishing.start()


def on_publish(_client, _userdata, _mid, reason, _properties):
    if reason.is_failure:
        say("publish failed:", reason, to=sys.stderr)
    else:
        say("acknowledged")


def on_message(_client, _userdata, packet):
    for message in json.loads(packet.payload):
        text = message.get("text_message", {}).get("text")
        say(f"[{message['received_at']}] @{message['user']['custom_name']}: {text}")


def on_disconnect(_client, _userdata, _flags, reason, _properties):
    say("closed:", reason, to=sys.stderr)


with open(sys.argv[1], encoding="utf-8") as file:
    config = json.load(file)
connection = config["connection"]
say("claims", json.dumps(decoded(connection["token"])))

query = "&".join(
    f"{key}={quote(value, safe='')}"
    for key, value in (
        ("x-amz-customauthorizer-name", connection["authorizer"]),
        ("x-amz-customauthorizer-signature", connection["signature"]),
        ("x-token", connection["token"]),
    )
)
host, _, port = connection["endpoint"].partition(":")

client = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2,
    client_id=connection["client_id"],
    transport="websockets",
    protocol=mqtt.MQTTv5,
)
client.username_pw_set("?" + query)
client.tls_set(ca_certs=sys.argv[2])
client.on_connect = on_connect
client.on_publish = on_publish
client.on_message = on_message
client.on_disconnect = on_disconnect
client.reconnect_delay_set(1, 1)
stopped = threading.Event()
publishing = threading.Thread(target=publish_for_ever, args=(client, config["topic"]["pub"]), daemon=True)
client.connect(host, int(port or 443))
client.loop_forever()
