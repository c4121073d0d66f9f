import json, socketserver, ssl, sys

class Relay(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            if not line.endswith(b"\n"):
                return  # cut off: the message comes again
            message = json.loads(line)
            print(message["op"], message["key"], message.get("new"), flush=True)  # your work
            answer = {"ack": message["id"]}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

port, certificate, key = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
server = Server(("", int(port)), Relay)
# The handshake is part of each connection's thread, so that nobody holds up the others by it.
server.socket = context.wrap_socket(
    server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
