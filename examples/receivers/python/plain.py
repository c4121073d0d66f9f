# SPDX-License-Identifier: Apache-2.0
"""A server that never answers: for a destination with ack 'close' or 'none'.

    python3 plain.py 4000
"""
import sys

from twisted.internet import protocol, reactor


class Receive(protocol.Protocol):
    def dataReceived(self, data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


factory = protocol.ServerFactory.forProtocol(Receive)
reactor.listenTCP(int(sys.argv[1]) if len(sys.argv) > 1 else 4000, factory)
reactor.run()
