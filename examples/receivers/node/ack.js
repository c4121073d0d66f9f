// SPDX-License-Identifier: Apache-2.0
// A receiver that acknowledges: for a destination as it is by default.
//   node ack.js 4000
const net = require('net');

const server = net.createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      console.log(line); // the work; answer when it is done for good
      socket.write(JSON.stringify({ ack: message.id }) + '\n');
    }
  });
  socket.on('error', (error) => console.error(error.message));
});
server.listen(Number(process.argv[2] || 4000));
