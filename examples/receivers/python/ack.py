# SPDX-License-Identifier: Apache-2.0
"""A receiver that acknowledges: for a destination as it is by default.

    python3 ack.py 4000
"""
import json
import sys

from twisted.internet import protocol, reactor
from twisted.protocols.basic import LineReceiver


class Receive(LineReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 64 * 1024 * 1024

    def lineReceived(self, line):
        message = json.loads(line)
        print(line.decode(), flush=True)  # the work; answer when it is done for good
        self.sendLine(json.dumps({"ack": message["id"]}).encode())


factory = protocol.ServerFactory.forProtocol(Receive)
reactor.listenTCP(int(sys.argv[1]) if len(sys.argv) > 1 else 4000, factory)
reactor.run()
