from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import sys

class Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        print(body.decode(), flush=True)  # your work; answer when it is done for good
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass

ThreadingHTTPServer(("", int(sys.argv[1])), Hook).serve_forever()
